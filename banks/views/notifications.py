"""What the reader was told, and the bell in the top bar."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from antifraud.api.pagination import capped_count
from antifraud.db import unit_of_work
from banks.middleware import UserRequest
from banks.models import Notification
from banks.selectors.users import notifications_list
from banks.services.notifications import TEXTS, notification_open, notifications_read
from banks.views.pages import list_context

MOST_COUNTED = 99


@login_required
@require_GET
def notification_list(request: UserRequest) -> HttpResponse:
    """Newest first."""
    context = list_context(request, notifications_list(user=request.user), ("-created_at", "-id"))
    context["lines"] = [_line(row) for row in context["page"].items]
    return render(request, "banks/notification_list.html", context)


def _line(row: Notification) -> dict[str, Any]:
    text = TEXTS.get(row.code)
    said = _(text).format_map(row.params) if text else row.code
    return {"id": row.pk, "text": said, "at": row.created_at, "is_new": row.read_at is None}


@login_required
@require_GET
def notification_bell(request: UserRequest) -> HttpResponse:
    """Fragment: the bell with the number of new ones, fetched by every page and after each hint."""
    rows = notifications_list(user=request.user).filter(read_at__isnull=True)
    count, more = capped_count(rows, MOST_COUNTED)
    return render(request, "banks/notification_bell.html", {"count": count, "more": more})


@login_required
@require_POST
def notification_open_view(request: UserRequest, notification_id: UUID) -> HttpResponse:
    """Mark one as read and go where it leads; the address was written by the platform, never by a person."""
    with unit_of_work(request.user):
        row = notification_open(by=request.user, notification_id=notification_id)
    return redirect(row.url or "banks:notifications")


@login_required
@require_POST
def notifications_read_view(request: UserRequest) -> HttpResponse:
    """Mark all as read."""
    with unit_of_work(request.user):
        notifications_read(by=request.user)
    return redirect("banks:notifications")
