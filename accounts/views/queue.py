"""The institution's queue, its live rows and the bulk acknowledgement; one order is in `answer`, sheets in `bulk`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.forms.queue import GROUPS, QueueFilterForm
from accounts.models import Order
from accounts.selectors import queue as selectors
from accounts.services.answers import order_acknowledge
from accounts.views.bank_side import institution_page
from antifraud.api.pagination import keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.middleware import UserRequest
from banks.selectors.platform import page_now

PAGE = 100
AT_ONCE = 200
FILTERS = ("q", "kind", "group")
TONES = {"overdue": "bad", "near": "warn", "soon": "warn"}


@institution_page
@require_GET
def queue(request: UserRequest) -> HttpResponse:
    """Open orders by time left, with the strip of groups; the rows renew themselves."""
    context = _rows(request, request.GET) | {"cancelled": list(selectors.cancellations_unseen(user=request.user)[:20])}
    return render(request, "accounts/queue.html", context)


@institution_page
@require_GET
def queue_rows(request: UserRequest) -> HttpResponse:
    """The rows alone, with strip and title beside them: fetched on a hint and every 20 seconds."""
    return render(request, "accounts/queue_rows.html", _rows(request, request.GET) | {"live": True})


@institution_page
@require_GET
def queue_answered(request: UserRequest) -> HttpResponse:
    """What the institution has answered, newest first."""
    form = QueueFilterForm(request.GET or None, institution=request.user.institution, grouped=False)
    rows = selectors.as_lines(selectors.bank_answered(user=request.user, **form.filters()))
    page = keyset_page(rows, selectors.ANSWERED_KEYSET, request.GET.get("cursor"), PAGE)
    preload_rows([order.account for order in page.items])
    context = {"form": form, "page": page, "tabs": queue_tabs("answered")} | page_urls(request, page)
    return render(request, "accounts/queue_answered.html", context)


def queue_tabs(active: str) -> list[dict[str, Any]]:
    """Open orders | Answered | Bulk answers | Returns of money."""
    tabs = [
        ("open", _("Open orders"), "accounts:queue"),
        ("answered", _("Answered"), "accounts:queue_answered"),
        ("bulk", _("Bulk answers"), "accounts:bulk_answers"),
        ("payouts", _("Returns of money"), "accounts:payouts"),
    ]
    return [{"label": label, "url": reverse(name), "active": key == active, "count": None} for key, label, name in tabs]


def _rows(request: UserRequest, query: QueryDict) -> dict[str, Any]:
    form = QueueFilterForm(query or None, institution=request.user.institution)
    filters = form.filters()
    rows = selectors.as_lines(selectors.bank_queue(user=request.user, **filters))
    page = keyset_page(rows, selectors.KEYSET, query.get("cursor"), PAGE)
    preload_rows([order.account for order in page.items])
    kept = QueryDict(mutable=True)
    kept.update({name: str(query[name]) for name in (*FILTERS, "cursor") if query.get(name)})
    address = kept.urlencode()
    now = page_now()
    counts = selectors.queue_counts(user=request.user, now=now)
    return {
        "server_now": now,  # the frame's countdowns and the groups by one clock, asked once
        "form": form,
        "page": page,
        "counts": counts,
        "strip": _strip(counts, filters.get("group", "")),
        "tabs": queue_tabs("open"),
        "kept": kept,
        "rows_url": reverse("accounts:queue_rows") + (f"?{address}" if address else ""),
        "filtered": bool(filters),
        "previous_url": _page_url(kept, page.previous_cursor),
        "next_url": _page_url(kept, page.next_cursor),
    }


def _page_url(kept: QueryDict, cursor: str | None) -> str:
    """A neighbouring page of the queue itself, also where only the rows were asked for; "" for none."""
    if cursor is None:
        return ""
    query = kept.copy()
    query["cursor"] = cursor
    return f"{reverse('accounts:queue')}?{query.urlencode()}"


def _strip(counts: dict[str, int], active: str) -> list[dict[str, Any]]:
    here = reverse("accounts:queue")
    return [
        {
            "label": label,
            "value": counts["total" if name == "" else name],
            "url": f"{here}?group={name}" if name else here,
            "tone": TONES.get(name, "") if counts["total" if name == "" else name] else "",
            "active": name == active,
        }
        for name, label in GROUPS.items()
    ]


@dataclass
class Acknowledged:
    """What became of each ticked order, by order number."""

    done: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    gone: int = 0

    def sentences(self) -> list[tuple[str, str]]:
        """(tone, text) for toasts."""
        found = []
        if self.done:
            text = ngettext("{count} order acknowledged.", "{count} orders acknowledged.", len(self.done))
            found.append(("success", text.format(count=len(self.done))))
        if self.others:
            text = ngettext(
                "{count} was changed by somebody else: {orders}", "{count} were changed by somebody else: {orders}", len(self.others)
            )  # fmt: skip
            found.append(("warning", text.format(count=len(self.others), orders="; ".join(self.others))))
        if self.gone:
            found.append(("warning", _("Some of them are no longer there.")))
        return found or [("warning", _("Tick the orders first."))]


@institution_page
@require_POST
def queue_acknowledge(request: UserRequest) -> HttpResponse:
    """Acknowledge the ticked rows, or the one whose button was pressed; each in a unit of work of its own."""
    result = _acknowledge(request, _wanted(request.POST))
    if "HX-Request" in request.headers:
        context = _rows(request, request.POST) | {"live": True, "toasts": result.sentences()}
        return render(request, "accounts/queue_rows.html", context)
    for tone, text in result.sentences():
        messages.add_message(request, messages.SUCCESS if tone == "success" else messages.WARNING, text)
    kept = QueryDict(mutable=True)
    kept.update({name: str(request.POST[name]) for name in FILTERS if request.POST.get(name)})
    return HttpResponseRedirect(f"{reverse('accounts:queue')}?{kept.urlencode()}", status=303)


def _wanted(posted: QueryDict) -> list[UUID]:
    texts = [str(posted["one"])] if posted.get("one") else posted.getlist("ids")[:AT_ONCE]
    found = []
    for text in texts:
        try:
            found.append(UUID(str(text)))
        except ValueError:
            continue
    return list(dict.fromkeys(found))


def _acknowledge(request: UserRequest, wanted: list[UUID]) -> Acknowledged:
    result = Acknowledged()
    refused: list[UUID] = []
    for order_id in wanted:
        try:
            with unit_of_work(request.user):
                order = order_acknowledge(by=request.user, order_id=order_id)
        except AppError:
            refused.append(order_id)
            continue
        if order.acknowledged_by_id == request.user.id:
            result.done.append(order.number)
        else:
            result.others.append(
                _("{order} (seen by {person})").format(order=order.number, person=order.acknowledged_by)
            )
    known = selectors.queue_orders(user=request.user, order_ids=refused) if refused else {}
    for order_id in refused:
        changed = known.get(order_id)
        if changed is None:
            result.gone += 1
        else:
            state = Order.Status(changed.status).label
            result.others.append(_("{order} ({state})").format(order=changed.number, state=state))
    return result
