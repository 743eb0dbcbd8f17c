"""The columns of each figure's rows: numbers of orders and cases, times, amounts; never a name, an account or a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.models import Hold, Order
from accounts.rules.paths import answer_path, order_path
from banks.models import User
from cases.rules.fraud_types import FRAUD_TYPE_LABELS
from oversight.rules.measures.figures import seconds
from oversight.selectors.rows import Row
from oversight.views.cells import seconds_text
from oversight.views.words import END_CAUSES


@dataclass(frozen=True)
class Column:
    """One column; `kind` says how the template shows the value (text, when, money, pill, number)."""

    label: Any
    kind: str
    value: Callable[[Row], Any]


def _order(row: Row) -> Order:
    return row.obj.order if isinstance(row.obj, Hold) else row.obj


def _leg(start: str, end: str) -> Callable[[Row], Any]:
    """The time between two moments of the fact, a dash where the leg was not begun."""

    def value(row: Row) -> Any:
        path = getattr(row.says, "path", row.says)
        begun = getattr(path, start)
        return "—" if begun is None else seconds_text(seconds(begun, getattr(path, end)))

    return value


def _said(name: str) -> Callable[[Row], Any]:
    return lambda row: getattr(row.says, name)


def _of(name: str) -> Callable[[Row], Any]:
    return lambda row: getattr(row.obj, name)


def _amount(name: str) -> Callable[[Row], Any]:
    return lambda row: (getattr(row.says, name), row.says.currency)


BANK = Column(_("Bank or operator"), "text", lambda row: row.obj.institution.title)
UNIT = Column(_("Unit"), "text", lambda row: row.obj.unit.title)
KIND = Column(_("Kind"), "kind", lambda row: _order(row).kind)
OUTCOME = Column(_("Outcome"), "answer", _of("outcome"))
CASE = Column(_("Case"), "text", lambda row: row.obj.case.number)
FRAUD = Column(
    _("Fraud type"), "text", lambda row: translate(FRAUD_TYPE_LABELS.get(row.obj.fraud_type, row.obj.fraud_type))
)
LEGS_TO_STOP = [
    Column(_("Logged"), "when", _said("logged_at")),
    Column(_("Police"), "duration", _leg("logged_at", "issued_at")),
    Column(_("Platform"), "duration", _leg("issued_at", "available_at")),
    Column(_("Bank"), "duration", _leg("available_at", "effective_at")),
    Column(_("Whole way"), "duration", _leg("logged_at", "effective_at")),
]
COLUMNS: dict[str, list[Column]] = {
    "a": [UNIT, FRAUD, *LEGS_TO_STOP],
    "a_institution": [CASE, UNIT, BANK, *LEGS_TO_STOP],
    "b": [
        KIND, UNIT, BANK,
        Column(_("Reached the institution"), "when", _of("available_at")),
        Column(_("Answer due"), "when", _of("answer_due_at")),
        Column(_("Answered"), "when", _of("answered_at")),
        # The term is what the parties agreed on, consented pauses included; the time that passed is shown beside it.
        Column(_("Elapsed"), "duration", _leg("available_at", "answered_at")),
        Column(_("Clock stopped"), "duration", lambda row: seconds_text(row.obj.stopped.total_seconds())),
        OUTCOME,
    ],
    "e": [
        KIND, UNIT, BANK,
        Column(_("Reached the institution"), "when", _said("available_at")),
        Column(_("Asked"), "money", _amount("asked_minor")),
        Column(_("Balance"), "money", _amount("balance_minor")),
        Column(_("Held"), "money", _amount("held_minor")),
        OUTCOME,
    ],
    "f": [
        UNIT, BANK,
        Column(_("In effect"), "when", _of("effective_from")),
        Column(_("Legal end"), "when", _said("expires_at")),
        Column(_("Ended"), "when", _of("ended_at")),
        Column(_("How it ended"), "text", lambda row: END_CAUSES.get(row.obj.end_cause, row.obj.end_cause) or "—"),
    ],
    "h": [
        UNIT, BANK,
        Column(_("Reason to release"), "text", lambda row: END_CAUSES.get(row.obj.end_cause, row.obj.end_cause) or "—"),
        Column(_("Since"), "when", _said("triggered_at")),
        Column(_("Police"), "duration", lambda row: "—" if row.says.by_expiry else _leg("triggered_at", "available_at")(row)),
        Column(
            _("Bank"), "duration", lambda row: _leg("triggered_at" if row.says.by_expiry else "available_at", "confirmed_at")(row)
        ),
        Column(_("Whole way"), "duration", _leg("triggered_at", "confirmed_at")),
    ],
    "orders": [
        KIND, UNIT, BANK,
        Column(_("Issued"), "when", _of("issued_at")),
        Column(_("To the institution"), "duration", _leg("issued_at", "available_at")),
        Column(_("To acknowledgement"), "duration", _leg("available_at", "acknowledged_at")),
        Column(_("To answer"), "duration", _leg("acknowledged_at", "answered_at")),
        OUTCOME,
    ],
    "overdue": [KIND, UNIT, BANK, Column(_("State"), "order", _of("status")), Column(_("Answer due"), "due", _of("answer_due_at"))],
    "lifts": [
        UNIT, BANK,
        Column(_("Amount"), "money", lambda row: (row.obj.amount_minor, row.obj.currency)),
        Column(_("Ended"), "when", _of("ended_at")),
        Column(_("How it ended"), "text", lambda row: END_CAUSES.get(row.obj.end_cause, row.obj.end_cause) or "—"),
        Column(_("Lift due"), "due", _of("lift_due_at")),
    ],
    "loss": [
        UNIT, FRAUD,
        Column(_("Logged"), "when", _of("logged_at")),
        Column(_("Loss"), "money", lambda row: (row.obj.loss_minor, row.obj.currency)),
    ],
}  # fmt: skip


def columns_of(key: str, by: str) -> list[Column]:
    """The columns of a figure; A's rows are cases for units and orders for institutions."""
    return COLUMNS["a_institution" if (key, by) == ("a", "institution") else key]


def name_of(row: Row) -> str:
    """What the row is called: the number of its order or case."""
    number: str = _order(row).number
    return number


def link_of(row: Row, user: User) -> str:
    """Where the reader finds the thing itself; "" for who sees figures only (oversight)."""
    kind = user.institution
    if kind.is_executing:
        return answer_path(_order(row).pk)
    if not kind.is_police:
        return ""
    if isinstance(row.obj, Order | Hold):
        return order_path(_order(row).pk)
    return reverse("cases:report", args=[row.obj.pk])
