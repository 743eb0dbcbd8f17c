"""How full the lanes are: for police and oversight all of them, for an institution its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from antifraud import policy
from banks.middleware import UserRequest
from banks.policy import Action
from banks.selectors.lanes import lanes_list
from banks.templatetags.ui_values import duration

LATE = timedelta(minutes=5)


@login_required
@require_GET
def lanes(request: UserRequest) -> HttpResponse:
    """The page."""
    policy.require(request.user, Action.LANE_VIEW)
    return render(request, "banks/lanes.html", _context(request))


@login_required
@require_GET
def lanes_rows(request: UserRequest) -> HttpResponse:
    """Fragment: figures and table, fetched again every quarter of a minute and after hints."""
    policy.require(request.user, Action.LANE_VIEW)
    return render(request, "banks/lanes_rows.html", _context(request))


def _context(request: UserRequest) -> dict[str, Any]:
    rows: list[Any] = list(lanes_list(user=request.user))
    ages = [lane.oldest_age for lane in rows if lane.oldest_age is not None]
    oldest = max(ages, default=None)
    figures = [
        {"label": _("Queued"), "value": sum(lane.queued for lane in rows), "hint": _("committed, not yet in a lane")},
        {"label": _("Ready"), "value": sum(lane.ready for lane in rows), "hint": _("available to the institution")},
        {"label": _("Being fetched"), "value": sum(lane.leased for lane in rows), "hint": _("leased by its system")},
        {
            "label": _("Oldest"),
            "value": duration(oldest),
            "tone": "warn" if oldest and oldest > LATE else "",
            "hint": _("warning above 5 minutes"),
        },
    ]
    return {"lanes": rows, "figures": figures, "late": LATE}
