"""The tabs of a case page; each is a page of its own floor, reached by name."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from cases.models import Case


def case_tabs(case: Case, active: str) -> list[dict[str, Any]]:
    """Report | Accounts | Orders | Statements | Fund flow | Series | Return of money | Timeline for the component `tabs`."""
    tabs = [
        ("report", _("Report"), "cases:report", None),
        ("accounts", _("Accounts"), "accounts:case_accounts", case.accounts_total),
        ("orders", _("Orders"), "accounts:case_orders", case.open_orders or None),
        ("statements", _("Statements"), "accounts:case_statements", None),
        ("flow", _("Fund flow"), "accounts:flow", None),
        ("series", _("Series"), "accounts:case_series", None),
        ("refunds", _("Return of money"), "accounts:case_refunds", None),
        ("timeline", _("Timeline"), "cases:timeline", None),
    ]
    return [
        {"label": label, "url": reverse(name, args=[case.id]), "active": key == active, "count": count}
        for key, label, name, count in tabs
    ]


def case_context(case: Case, active: str) -> dict[str, Any]:
    """What the head of every case page shows; templates extend `cases/case_base.html`."""
    return {
        "case": case,
        "tabs": case_tabs(case, active),
        "crumbs": [(_("Cases"), reverse("cases:list")), (case.number, "")],
    }
