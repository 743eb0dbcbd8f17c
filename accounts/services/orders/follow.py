"""Orders that follow a hold: an officer extends or releases it, or an event drafts its release with a clock."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.utils.translation import gettext_lazy as _

from accounts.models import Hold, Order
from accounts.models.hold import LIVE
from accounts.models.order import OPEN
from accounts.policy import Action
from accounts.rules.deadlines import release_due_at
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.services.accounts import case_groups
from accounts.services.orders.draft import answer_terms, order_numbers, order_open, orders_draft
from accounts.services.orders.inputs import OrderLine, OrderTerms
from antifraud import db, policy
from antifraud.errors import Invalid
from banks.models import Institution, User
from banks.policy import POLICE
from banks.selectors.institutions import issue_powers
from banks.selectors.profiles import profile_of
from cases.models import Case

ROWS = Hold.objects.select_related(
    "case", "account", "institution", "order__operator", "order__second_officer", "unit__legal_profile"
)
MOST_HOLDS = 1000


def order_follow(*, by: User, hold_id: UUID, verb: str, terms: OrderTerms) -> Order:
    """Draft the order that extends or releases a hold; `verb` is "extend" or "release". Checked like every draft."""
    hold = policy.get(by, Action.HOLD_VIEW, ROWS, hold_id)
    line = OrderLine(hold_id=hold.id)
    return orders_draft(by=by, case=hold.case, kind=following_kind(hold, verb), lines=[line], terms=terms)[0]


def following_kind(hold: Hold, verb: str) -> str:
    """The order kind that does `verb` to this hold; raises Invalid where there is none (a number is not extended)."""
    for name, row in ORDER_KINDS.items():
        if row.verb == verb and hold.order.kind in row.originals:
            return name
    raise Invalid(fields={"kind": [_("No order does this to such a hold. Choose another one.")]})


def release_draft(*, by: User, hold: Hold, trigger: str, due_at: datetime, reason: str = "") -> Order:
    """Draft the release of a hold because of an event (error, crossed, overruled, not_filed, withdrawn, not_fraud …).

    The unit that asked for the hold (after a transfer of the case: the case's unit) completes and submits it;
    `due_at` is when it must be out. A release of this hold that is open already keeps its earlier date and is
    returned; another hold of the same account has a release of its own.
    `by` is who caused it: an officer, a bank's person or the platform. The caller has authorised.
    """
    now = db.require_unit_of_work().now
    hold = ROWS.get(pk=hold.pk)
    kind = following_kind(hold, "release")
    unit = _unit(hold)
    waiting = Order.objects.filter(original=hold.order_id, unit=unit, kind=kind, status__in=OPEN)
    found = db.lock(waiting).first()
    if found is not None:
        return _hasten(found, trigger, now, due_at)
    asked = hold.order
    power = issue_powers(unit).filter(order_kind=kind).first()
    profile = unit.legal_profile
    version, minutes = answer_terms(hold.institution, profile, kind, asked.urgency)
    operator, second = _officers(by, unit, asked)
    order = Order(
        number=order_numbers(unit, 1)[0], kind=kind, case=hold.case, account=hold.account, institution=hold.institution, unit=unit,
        operator=operator, second_officer=second, original=asked, transfer_id=asked.transfer_id, batch_id=uuid4(),
        urgency=Order.Urgency.URGENT, legal_basis=power.legal_basis if power else asked.legal_basis, currency=hold.currency,
        legal_profile=profile, agreement_version=version, answer_minutes=minutes, trigger=trigger, triggered_at=now, due_at=due_at,
    )  # fmt: skip
    order.reason = reason or None
    return order_open(order, by=by, groups=case_groups(hold.case_id))


def release_drafts_for_case(*, by: User, case: Case, trigger: str, due_at: datetime | None = None) -> list[Order]:
    """Draft the release of every live hold of a case (refused, withdrawn, no fraud), due in the profile's term of
    three days unless another date is given. The caller has authorised."""
    now = db.require_unit_of_work().now
    due_at = due_at or release_due_at(now, profile_of(case.legal_profile))
    holds = Hold.objects.filter(case=case, status__in=LIVE).order_by("created_at", "pk")[:MOST_HOLDS]
    return [release_draft(by=by, hold=hold, trigger=trigger, due_at=due_at) for hold in holds]


def live_holds(order: Order) -> list[Hold]:
    """The holds that an order brought about and that are not ended yet."""
    return list(Hold.objects.filter(order=order, status__in=LIVE).order_by("created_at", "pk"))


def _unit(hold: Hold) -> Institution:
    """A centre keeps its own orders; a police unit's go with the case."""
    if hold.unit.kind == Institution.Kind.CENTRE or hold.unit_id == hold.case.unit_id:
        return hold.unit
    return hold.case.unit


def _officers(by: User, unit: Institution, asked: Order) -> tuple[User, User]:
    """Operator and second officer of the draft; whoever submits it becomes the operator."""
    operator = by if by.role in POLICE and by.institution_id == unit.id else asked.operator
    second = asked.second_officer if asked.second_officer_id != operator.id else asked.operator
    return operator, second


def _hasten(order: Order, trigger: str, now: datetime, due_at: datetime) -> Order:
    if order.due_at is None or due_at < order.due_at:
        order.due_at = due_at
        order.trigger = order.trigger or trigger
        order.triggered_at = order.triggered_at or now
        order.save(update_fields=["due_at", "trigger", "triggered_at"])
    return order
