"""topic → handler: the one post office; it carries facts down, into lanes and onto screens, and decides nothing.

Two tables: `TOPICS` for facts of the outbox, `DELIVERIES` for what travels in an institution's lane. A handler runs
inside the unit of work that also finishes its message, so its effects happen once although messages come at least
once; it returns hints for open pages, which are sent after the commit (R5) and may be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from accounts.models import Hold, Order
from accounts.rules.deadlines import release_due_at
from accounts.rules.paths import answer_path, order_path
from accounts.selectors.carrying import case_to_carry, hold_to_carry, order_to_carry
from accounts.services.jurisdiction import jurisdiction_follow
from accounts.services.orders.follow import release_drafts_for_case
from antifraud import db, hints
from antifraud.alert_facts import ALERT_TOPICS
from antifraud.errands import ERRANDS
from antifraud.flow_facts import FLOW_TOPICS
from antifraud.lanes import DELIVERIES, FAILURES, LeaseLostError, Stop, lane_push, never
from antifraud.logs import get_logger
from antifraud.outbox import post
from antifraud.refund_facts import REFUND_TOPICS
from antifraud.series_facts import SERIES_TOPICS
from antifraud.statement_facts import STATEMENT_TOPICS, answer_statement
from banks.models import User
from banks.selectors.institutions import system_user
from banks.selectors.profiles import profile_of
from banks.selectors.users import approvers, people_of, risk_people
from banks.services.notifications import notify

BATCH = 100
log = get_logger(__name__)

Hint = tuple[UUID, str]  # institution, kind


@dataclass(frozen=True)
class Fact:
    """What happened to what; `by` is the platform's own user."""

    topic: str
    subject_id: UUID
    by: User


Handler = Callable[[Fact], Iterable[Hint]]


# -- handlers --------------------------------------------------------------------------------------


def _order_hints(order: Order, *kinds: str) -> list[Hint]:
    return [(order.unit_id, kind) for kind in kinds]


def order_submitted(fact: Fact) -> Iterable[Hint]:
    """An emergency stop waits for its second officer, everything else for an approver."""
    order = order_to_carry(user=fact.by, order_id=fact.subject_id)
    if order.status == Order.Status.AWAITING_APPROVAL:
        params, url = {"number": order.number}, order_path(order.pk)
        if order.emergency:
            notify(users=[order.second_officer], code="order.to_confirm", params=params, url=url)
        else:
            deciding = approvers(order.unit).exclude(pk__in=[order.operator_id, order.second_officer_id])
            notify(users=deciding, code="order.submitted", params=params, url=url)
    return _order_hints(order, "approval", "order")


def order_issued(fact: Fact) -> Iterable[Hint]:
    """The way to the institution is the delivery's; here only an emergency's missing approval is asked for."""
    order = order_to_carry(user=fact.by, order_id=fact.subject_id)
    if order.emergency and order.approved_at is None:
        deciding = approvers(order.unit).exclude(pk__in=[order.operator_id, order.second_officer_id])
        notify(users=deciding, code="order.approval_due", params={"number": order.number}, url=order_path(order.pk))
    return _order_hints(order, "approval", "order", "case")


def order_told(fact: Fact) -> Iterable[Hint]:
    """The operator hears what became of the order."""
    order = order_to_carry(user=fact.by, order_id=fact.subject_id)
    notify(users=[order.operator], code=fact.topic, params={"number": order.number}, url=order_path(order.pk))
    return [*_order_hints(order, "order", "case", "approval"), (order.institution_id, "queue")]


def order_answered(fact: Fact) -> Iterable[Hint]:
    """As told; a statement that came with the answer is received for the case."""
    answer_statement(fact)
    return order_told(fact)


def order_moved(fact: Fact) -> Iterable[Hint]:
    """Both sides' pages look again."""
    order = order_to_carry(user=fact.by, order_id=fact.subject_id)
    routed = [(order.routed_to_id, "queue")] if order.routed_to_id else []
    return [*_order_hints(order, "order", "case", "approval"), (order.institution_id, "queue"), *routed]


def hold_moved(fact: Fact) -> Iterable[Hint]:
    """Both sides' pages look again."""
    return _hold_hints(hold_to_carry(user=fact.by, hold_id=fact.subject_id))


def hold_expired(fact: Fact) -> Iterable[Hint]:
    """The unit hears that nothing is held any more, the institution that it must confirm the lift."""
    hold = hold_to_carry(user=fact.by, hold_id=fact.subject_id)
    params = {"number": hold.order.number}
    notify(users=people_of([hold.order.operator_id]), code=fact.topic, params=params, url=order_path(hold.order_id))
    notify(users=risk_people([hold.institution_id]), code=fact.topic, params=params, url=answer_path(hold.order_id))
    return _hold_hints(hold)


def hold_lifted(fact: Fact) -> Iterable[Hint]:
    """The operator hears that the account is free."""
    hold = hold_to_carry(user=fact.by, hold_id=fact.subject_id)
    people = people_of([hold.order.operator_id])
    notify(users=people, code=fact.topic, params={"number": hold.order.number}, url=order_path(hold.order_id))
    return _hold_hints(hold)


def _hold_hints(hold: Hold) -> list[Hint]:
    return [(hold.unit_id, "hold"), (hold.unit_id, "case"), (hold.institution_id, "hold")]


def case_moved(fact: Fact) -> Iterable[Hint]:
    """The unit's pages look again."""
    case = case_to_carry(user=fact.by, case_id=fact.subject_id)
    return [(case.unit_id, "case")]


def case_transferred(fact: Fact) -> Iterable[Hint]:
    """Orders, holds and accounts go to the receiving unit with the case (domain.md §2)."""
    case = case_to_carry(user=fact.by, case_id=fact.subject_id)
    jurisdiction_follow(by=fact.by, case=case)
    return [(case.unit_id, "case"), (case.unit_id, "order")]


RELEASE_TRIGGERS = {"case.refused": "not_filed", "case.withdrawn": "withdrawn", "case.cleared": "not_fraud"}


def case_ended(fact: Fact) -> Iterable[Hint]:
    """No case, no holds: drafts of their releases, due by the profile's clock (domain.md §2)."""
    case = case_to_carry(user=fact.by, case_id=fact.subject_id)
    due_at = release_due_at(db.app_now(), profile_of(case.legal_profile))
    drafts = release_drafts_for_case(by=fact.by, case=case, trigger=RELEASE_TRIGGERS[fact.topic], due_at=due_at)
    for order in drafts:
        params, url = {"number": order.number}, order_path(order.pk)
        notify(users=people_of([order.operator_id]), code="order.release_drafted", params=params, url=url)
    return [(case.unit_id, "case"), (case.unit_id, "order")]


TOPICS: Mapping[str, Handler] = {
    "order.submitted": order_submitted,
    "order.issued": order_issued,
    "order.rejected": order_told,
    "order.acknowledged": order_told,
    "order.answered": order_answered,
    "order.cancelled": order_moved,
    "hold.opened": hold_moved,
    "hold.activated": hold_moved,
    "hold.extended": hold_moved,
    "hold.converted": hold_moved,
    "hold.released": hold_moved,
    "hold.expired": hold_expired,
    "hold.lifted": hold_lifted,
    "case.accepted": case_moved,
    "case.docketed": case_moved,
    "case.solved": case_moved,
    "case.transferred": case_transferred,
    "case.closed": case_moved,
    "case.refused": case_ended,
    "case.withdrawn": case_ended,
    "case.cleared": case_ended,
    **ALERT_TOPICS,
    **FLOW_TOPICS,
    **REFUND_TOPICS,
    **SERIES_TOPICS,
    **STATEMENT_TOPICS,
}


def outbox_handle(*, stop: Stop = never) -> int:
    """Carry due facts of the outbox; returns how many were done. Any number of processes may do it at once.

    What speaks to the network is left to `errands`.
    """
    by = system_user()
    with db.unit_of_work(by):
        claimed = post.claim(BATCH, but=ERRANDS)
    return sum(_carry(message, by) for message in claimed if not stop())


def _carry(message: post.Claimed, by: User) -> int:
    try:
        with db.unit_of_work(by):
            found = list(TOPICS[message.topic](Fact(message.topic, message.subject_id, by)))
            if not post.finish([message.id], message.token):
                raise LeaseLostError
    except LeaseLostError:
        log.warning("stale lease discarded", message=message.id, topic=message.topic)
        return 0
    except FAILURES as error:
        log.error("fact not carried", exc_info=error, message=message.id, topic=message.topic)
        with db.unit_of_work(by):
            post.postpone(message.id, message.token, attempt=message.attempt, error=type(error).__name__)
        return 0
    _publish(found)
    return 1


def _publish(found: Iterable[Hint]) -> None:
    for institution_id, kind in dict.fromkeys(found):
        hints.publish(f"inst:{institution_id}", kind)


__all__ = ["BATCH", "DELIVERIES", "FAILURES", "TOPICS", "Fact", "Handler", "Hint", "lane_push", "outbox_handle"]
