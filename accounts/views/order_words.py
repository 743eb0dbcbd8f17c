"""One order in words for its page: the bar of steps, what may be done with it now, its history; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Answer, Hold, Order
from accounts.models.hold import IN_FORCE, LIVE
from accounts.policy import Action
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.rules.reasons import REASON_LABELS
from accounts.selectors.timeline import Act
from antifraud import policy
from antifraud.money import format_minor
from banks.models import Institution, User
from banks.selectors.institutions import superiors
from cases.views.words import TONES, VERB_LABELS

S = Order.Status
OUT = {S.ISSUED, S.ACKNOWLEDGED}
FAILED = {"refused", "mismatch"}
RANK = {S.DRAFT: 0, S.AWAITING_APPROVAL: 1, S.ISSUED: 2, S.ACKNOWLEDGED: 4, S.ANSWERED: 5}


def order_crumbs(order: Order, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Cases / the case's orders / …"""
    return [
        (_("Cases"), reverse("cases:list")),
        (order.case.number, reverse("accounts:case_orders", args=[order.case_id])),
        *more,
    ]


def order_steps(order: Order) -> list[dict[str, Any]]:
    """Draft → awaiting → issued → available → acknowledged → answered for the component `steps`."""
    arrival = _("At the institution") if order.institution.connected else _("Carried on paper")
    marks = [
        (_("Draft"), order.created_at),
        (_("Awaiting approval"), order.submitted_at),
        (_("Issued"), order.issued_at),
        (arrival, order.available_at),
        (_("Acknowledged"), order.acknowledged_at),
        (_("Answered"), order.answered_at),
    ]
    at = _position(order)
    ended = order.status in {S.REJECTED, S.CANCELLED, S.SUPERSEDED} and order.answered_at is None
    items = []
    for position, (label, moment) in enumerate(marks):
        state = "done" if position < at else "todo"
        if position == at:
            state = "problem" if ended else "done" if order.status == S.ANSWERED else "current"
            label = str(order.get_status_display()) if ended else label
            moment = order.cancelled_at or moment if ended else moment
        hint = timezone.localtime(moment).strftime("%m-%d %H:%M:%S") if moment and state != "todo" else ""
        items.append({"label": label, "state": state, "hint": hint})
    return items


def _position(order: Order) -> int:
    """The step at which the order stands (of an ended one: where it ended)."""
    rank = RANK.get(S(order.status))
    if rank is None:
        moments = (order.submitted_at, order.issued_at, order.available_at, order.acknowledged_at, order.answered_at)
        return sum(1 for moment in moments if moment is not None)
    return 3 if rank == 2 and order.available_at is not None else rank


@dataclass
class Actions:
    """What the reader may do with the order now; texts and forms are the template's."""

    edit: bool = False
    submit: bool = False
    recall: bool = False
    cancel: bool = False
    retract: bool = False
    correct: bool = False
    review: bool = False
    print: bool = False
    record: bool = False
    confirm_record: Answer | None = None
    follow: list[tuple[str, str]] = field(default_factory=list)


def order_actions(user: User, order: Order, answers: list[Answer], holds: list[Hold]) -> Actions:
    """Whoever sees an order reaches it: role, unit and state decide what is offered. The services ask all again."""
    found = Actions()
    own = order.unit_id == user.institution_id
    status = S(order.status)

    def may(action: Action) -> bool:
        return policy.can(user, action)

    if own:
        _own_actions(found, user, order, status)
    if status in {S.DRAFT, S.AWAITING_APPROVAL, *OUT} and may(Action.ORDER_CANCEL):
        found.cancel = own or _above(user, order)
    third = user.id not in {order.operator_id, order.second_officer_id}
    if status == S.AWAITING_APPROVAL and order.emergency:
        found.review = user.id == order.second_officer_id
    elif status == S.AWAITING_APPROVAL or _awaits_ratification(order):
        found.review = third and may(Action.ORDER_APPROVE) and (own or _above(user, order))
    found.print = order.issued_at is not None and may(Action.ORDER_PRINT)
    _paper(found, user, order, answers, status)
    if may(Action.ORDER_DRAFT):
        found.follow = _follow(order, holds)
    return found


def _own_actions(found: Actions, user: User, order: Order, status: Order.Status) -> None:
    def may(action: Action) -> bool:
        return policy.can(user, action)

    found.edit = status == S.DRAFT and may(Action.ORDER_UPDATE)
    found.submit = status == S.DRAFT and may(Action.ORDER_SUBMIT) and user.id != order.second_officer_id
    found.recall = status == S.AWAITING_APPROVAL and may(Action.ORDER_RECALL)
    error_known = order.error_found_at is not None
    found.retract = status in {*OUT, S.ANSWERED} and not error_known and may(Action.ORDER_RETRACT)
    failed = status == S.ANSWERED and (order.outcome in FAILED or error_known)
    found.correct = (failed or status in {S.CANCELLED, S.REJECTED}) and may(Action.ORDER_CORRECT)


def _above(user: User, order: Order) -> bool:
    return user.institution.kind == Institution.Kind.CENTRE or user.institution_id in superiors(order.unit)


def _awaits_ratification(order: Order) -> bool:
    waits = order.emergency and order.second_confirmed_at is not None and order.approved_at is None
    return waits and order.status in {*OUT, S.ANSWERED} and not order.ended_reason


def _paper(found: Actions, user: User, order: Order, answers: list[Answer], status: Order.Status) -> None:
    """An institution that is not connected answers on paper, which two persons enter."""
    if order.institution.connected or not policy.can(user, Action.ORDER_RECORD):
        return
    waiting = next((a for a in answers if a.source == Answer.Source.RECORDED and a.confirmed_by_id is None), None)
    found.confirm_record = waiting
    found.record = waiting is None and status in OUT


def _follow(order: Order, holds: list[Hold]) -> list[tuple[str, str]]:
    """(label, address) of drafts that extend or release what this order brought about."""
    url = reverse("accounts:order_draft", args=[order.case_id])
    links = []
    for hold in holds:
        if hold.status not in LIVE:
            continue
        for name, row in ORDER_KINDS.items():
            if order.kind in row.originals and (row.verb == "release" or hold.status in IN_FORCE):
                links.append((str(Order.Kind(name).label), f"{url}?kind={name}&hold={hold.id}"))
    return links


def timeline_of(acts: list[Act]) -> list[dict[str, Any]]:
    """Audited acts for the component `timeline`; an unknown verb is shown as it is, so that nothing is hidden."""
    return [
        {
            "at": act.at,
            "title": _(VERB_LABELS[act.verb]) if act.verb in VERB_LABELS else act.verb,
            "text": _reason(act.detail.get("reason", "")) or _return(act.detail),
            "actor": act.actor,
            "tone": TONES.get(act.verb.split(".")[-1], ""),
        }
        for act in acts
    ]


def _return(detail: dict[str, Any]) -> str:
    """What went out of a hold, and by which return."""
    if "refund" not in detail:
        return ""
    amount = format_minor(detail["amount_minor"], detail["currency"], get_language() or "en")
    return _("{amount} by return {number}").format(amount=amount, number=detail["refund"])


def _reason(text: str) -> str:
    """A code of the vocabulary in words; what a person wrote as it is."""
    if not text:
        return ""
    return _("Reason: {reason}").format(reason=_(REASON_LABELS[text]) if text in REASON_LABELS else text)
