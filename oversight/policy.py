"""Who may read the assessment: both sides see their own (police with the units below), centre and oversight the city's."""

from __future__ import annotations

from enum import StrEnum

from accounts.models import Hold, Order
from antifraud.policy import anywhere, by_kind, own, register
from banks.models import User
from banks.policy import own_tree, rows
from cases.models import Case

R = User.Role


class Action(StrEnum):
    """The actions of floor 4."""

    ASSESSMENT_VIEW = "assessment.view"
    ASSESSMENT_CASES = "assessment.cases"
    ASSESSMENT_ORDERS = "assessment.orders"
    ASSESSMENT_HOLDS = "assessment.holds"


_readers = (R.SUPERVISOR, R.DUTY_OFFICER, R.RISK_SUPERVISOR, R.AUDITOR)
_bank = own("institution")
_units = own_tree("unit")  # a bureau answers for the units below it
_rows = by_kind(centre=anywhere, oversight=anywhere, police=_units, bank=_bank, payment=_bank, telecom=_bank)
register(Action.ASSESSMENT_VIEW, rows=rows((_readers, anywhere)))
register(
    Action.ASSESSMENT_CASES,
    model=Case,
    rows=rows(((R.SUPERVISOR, R.DUTY_OFFICER, R.AUDITOR), by_kind(centre=anywhere, oversight=anywhere, police=_units))),
)
register(Action.ASSESSMENT_ORDERS, model=Order, rows=rows((_readers, _rows)))
register(Action.ASSESSMENT_HOLDS, model=Hold, rows=rows((_readers, _rows)))
