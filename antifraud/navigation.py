"""The shell around every page: what the menu shows to whom, the live ticket, the way home; no page of a floor is here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy

from antifraud import policy
from antifraud.crypto.receipts import issue_ticket
from banks.selectors.platform import page_now, platform_shown

LIVE_COOKIE = "live"
LIVE_SECONDS = 900


@dataclass(frozen=True)
class Item:
    """One line of the menu: shown when the policy gives the role the action; `also` are other roots of its pages."""

    label: Any
    url_name: str
    action: str
    key: str
    icon: str
    kinds: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


POLICE = ("centre", "police")
BANK = ("bank", "payment", "telecom")
# What a case's tabs lead to: files and their rows, traces, what an account did, people and clues.
OF_A_CASE = ("/statements/", "/matches/", "/flow/", "/ledger/", "/victims/", "/leads/")
MENU: list[tuple[Any, list[Item]]] = [
    (
        gettext_lazy("Work"),
        [
            Item(gettext_lazy("Cases"), "cases:list", "case.view", "c", "folder", POLICE, OF_A_CASE),
            Item(gettext_lazy("File a case"), "accounts:case_file", "case.file", "n", "plus", POLICE),
            Item(gettext_lazy("Approvals"), "accounts:approvals", "order.view", "a", "check", POLICE),
            Item(gettext_lazy("Orders"), "accounts:orders", "order.view", "o", "send", POLICE, ("/answers/",)),
            Item(gettext_lazy("Queue"), "accounts:queue", "order.acknowledge", "q", "inbox", BANK),
            Item(gettext_lazy("Holds"), "accounts:holds", "hold.view", "h", "lock", (*POLICE, *BANK)),
            Item(gettext_lazy("Alerts"), "accounts:alerts", "alert.view", "e", "alert", POLICE),
            Item(gettext_lazy("Alerts"), "accounts:notices", "notice.open", "e", "alert", BANK),
            Item(gettext_lazy("Returns of money"), "accounts:refunds", "refund.follow", "m", "scale", POLICE),
            Item(gettext_lazy("Returns of money"), "accounts:payouts", "refund.open", "m", "scale", BANK),
            Item(gettext_lazy("Involved accounts"), "accounts:accounts", "account.view", "i", "card", (*POLICE, *BANK)),
            Item(gettext_lazy("Series"), "accounts:series_list", "series.view", "z", "link", POLICE),
        ],
    ),
    (
        gettext_lazy("Oversight"),
        [
            Item(gettext_lazy("Assessment"), "oversight:assessment", "assessment.view", "s", "chart"),
            Item(
                gettext_lazy("Lanes"),
                "banks:lanes",
                "lane.view",
                "l",
                "activity",
                (),
                ("/endpoints/", "/dead-letters/"),
            ),
            Item(gettext_lazy("Reconciliation"), "accounts:reconciliation", "sync.view", "r", "renew"),
            Item(gettext_lazy("Who may issue what"), "banks:powers", "institution.view", "w", "scale"),
        ],
    ),
    (
        gettext_lazy("Administration"),
        [
            Item(gettext_lazy("Institutions"), "banks:institutions", "institution.create", "t", "building"),
            Item(gettext_lazy("Users"), "banks:users", "user.create", "u", "users"),
            Item(gettext_lazy("Machine clients"), "banks:clients", "client.create", "m", "key"),
            Item(gettext_lazy("Signing keys"), "banks:keys", "key.view", "y", "key"),
        ],
    ),
]
HOMES = {
    "risk_officer": "accounts:queue",
    "risk_supervisor": "accounts:queue",
    "administrator": "banks:institutions",
    "auditor": "oversight:assessment",
}


def _menu(request: HttpRequest) -> list[dict[str, Any]]:
    user: Any = request.user
    groups = []
    places: list[tuple[int, dict[str, Any]]] = []
    for label, items in MENU:
        shown = [(item, _line(item)) for item in items if _is_shown(user, item)]
        if shown:
            groups.append({"label": label, "items": [line for _item, line in shown]})
        for item, line in shown:
            roots = (root for root in (line["url"], *item.also) if request.path.startswith(root))
            places += [(len(root), line) for root in roots]
    if places:  # /cases/new/ lies under /cases/: only the nearer one is the place
        max(places, key=lambda place: place[0])[1]["active"] = True
    return groups


def _is_shown(user: Any, item: Item) -> bool:
    return (not item.kinds or user.institution.kind in item.kinds) and policy.can(user, item.action)


def _line(item: Item) -> dict[str, Any]:
    return {
        "label": item.label,
        "url": reverse(item.url_name),
        "key": item.key,
        "icon": item.icon,
        "active": False,
        "badge": "",
    }


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of `base.html`; lazy, so that fragments and error pages cost nothing."""
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo": settings.DEMO}
    return {
        "nav": SimpleLazyObject(lambda: _menu(request)),
        "live_url": f"{settings.LIVE_ORIGIN}/live/" if settings.LIVE_ORIGIN else "",
        "search_url": reverse("accounts:search"),
        "server_now": SimpleLazyObject(page_now),
        "demo": settings.DEMO,
        "platform": SimpleLazyObject(platform_shown),
        "reminders_url": reverse("accounts:reminders") if user.institution.is_executing else "",
    }


def home(request: HttpRequest) -> HttpResponseRedirect:
    """Lead each role to where its work is."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect(settings.LOGIN_URL)
    if user.institution.kind == "oversight":
        return redirect("oversight:assessment")
    return redirect(HOMES.get(user.role, "cases:list"))


class LiveTicketMiddleware:
    """Gives each page of a logged-in person a short signed ticket for the event stream, which knows no sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the cookie on full pages only; log-out deletes it."""
        response = self.get_response(request)
        user: Any = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            if LIVE_COOKIE in request.COOKIES:
                response.delete_cookie(LIVE_COOKIE, path="/live/", samesite="Strict")
            return response
        if response.get("Content-Type", "").startswith("text/html") and "HX-Request" not in request.headers:
            ticket = issue_ticket({"u": str(user.id), "g": str(user.institution_id)}, max_age=LIVE_SECONDS)
            response.set_cookie(
                LIVE_COOKIE, ticket, max_age=LIVE_SECONDS, path="/live/", httponly=True,
                secure=settings.SESSION_COOKIE_SECURE, samesite="Strict",
            )  # fmt: skip
        return response
