"""Who may do what with involved accounts, orders, answers, holds, alerts and clocks."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import (
    Alert,
    AlertNotice,
    Answer,
    ClockPause,
    Escalation,
    Hold,
    InvolvedAccount,
    Involvement,
    Order,
    SyncFinding,
    SyncRun,
    Transfer,
)  # fmt: skip
from antifraud.policy import anywhere, by_kind, granted, own, register
from banks.models import User
from banks.policy import BANK, POLICE, rows
from cases.models import Case
from cases.policy import LEADERS, POLICE_KINDS, WRITERS

R = User.Role


class Action(StrEnum):
    """The actions of floor 3."""

    ACCOUNT_VIEW = "account.view"
    ACCOUNT_LOOKUP = "account.lookup"
    ACCOUNT_ADD = "account.add"
    ACCOUNT_REVEAL = "account.reveal"
    ACCOUNT_CORRECT = "account.correct"
    ACCOUNT_MERGE = "account.merge"
    ACCOUNT_UNMERGE = "account.unmerge"
    INVOLVEMENT_VIEW = "involvement.view"
    INVOLVEMENT_CONFIRM = "involvement.confirm"
    INVOLVEMENT_DISMISS = "involvement.dismiss"
    TRANSFER_VIEW = "transfer.view"
    TRANSFER_RECORD = "transfer.record"
    ORDER_VIEW = "order.view"
    ORDER_DRAFT = "order.draft"
    ORDER_UPDATE = "order.update"
    ORDER_SUBMIT = "order.submit"
    ORDER_RECALL = "order.recall"
    ORDER_CONFIRM = "order.confirm"
    ORDER_APPROVE = "order.approve"
    ORDER_REJECT = "order.reject"
    ORDER_RATIFY = "order.ratify"
    ORDER_OVERRULE = "order.overrule"
    ORDER_CANCEL = "order.cancel"
    ORDER_CORRECT = "order.correct"
    ORDER_RETRACT = "order.retract"
    ORDER_SUPERSEDE = "order.supersede"
    ORDER_ROUTE = "order.route"
    ORDER_ACKNOWLEDGE = "order.acknowledge"
    ORDER_ANSWER = "order.answer"
    ORDER_RECORD = "order.record"
    ORDER_PRINT = "order.print"
    ORDER_REVEAL = "order.reveal"
    ANSWER_VIEW = "answer.view"
    ANSWER_REVEAL = "answer.reveal"
    HOLD_VIEW = "hold.view"
    HOLD_ACTIVATE = "hold.activate"
    HOLD_EXTEND = "hold.extend"
    HOLD_CONVERT = "hold.convert"
    HOLD_RELEASE = "hold.release"
    HOLD_EXPIRE = "hold.expire"
    HOLD_LIFT = "hold.lift"
    SYNC_VIEW = "sync.view"
    SYNC_DIGEST = "sync.digest"
    SYNC_COMPARE = "sync.compare"
    SYNC_REPAIR = "sync.repair"
    FINDING_VIEW = "finding.view"
    ESCALATION_VIEW = "escalation.view"
    CLOCK_VIEW = "clock.view"
    CLOCK_REQUEST = "clock.request"
    CLOCK_DECIDE = "clock.decide"
    CLOCK_END = "clock.end"
    ALERT_VIEW = "alert.view"
    ALERT_DRAFT = "alert.draft"
    ALERT_UPDATE = "alert.update"
    ALERT_SUBMIT = "alert.submit"
    ALERT_RECALL = "alert.recall"
    ALERT_APPROVE = "alert.approve"
    ALERT_REJECT = "alert.reject"
    ALERT_CANCEL = "alert.cancel"
    ALERT_CLOSE = "alert.close"
    ALERT_REVEAL = "alert.reveal"
    ALERT_EXPORT = "alert.export"
    NOTICE_VIEW = "notice.view"
    NOTICE_OPEN = "notice.open"
    NOTICE_ACKNOWLEDGE = "notice.acknowledge"
    NOTICE_REPORT_BACK = "notice.report_back"
    NOTICE_CLOSE = "notice.close"
    NOTICE_REVEAL = "notice.reveal"


def addressed(user: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Orders granted to the reader's institution that are addressed or routed to it."""
    mine = Q(institution=user.institution_id) | Q(routed_to=user.institution_id)
    return granted()(user, queryset).filter(mine)


def at_own_bank(user: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Accounts of the reader's own institution that a live grant names."""
    return granted()(user, queryset).filter(institution=user.institution_id)


def notified(user: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Notices granted to the reader's institution that are addressed to it."""
    return granted()(user, queryset).filter(institution=user.institution_id)


register(
    Action.ACCOUNT_VIEW,
    model=InvolvedAccount,
    rows=rows((POLICE, granted()), (BANK, at_own_bank), (R.SYSTEM, anywhere)),
)
register(Action.ACCOUNT_LOOKUP, rows=rows((POLICE, anywhere)), kinds=POLICE_KINDS)
register(Action.ACCOUNT_ADD, model=Case, rows=rows((WRITERS, granted())), known_by="case.view")
register(
    Action.ACCOUNT_REVEAL,
    model=InvolvedAccount,
    rows=rows((POLICE, granted()), (BANK[:2], at_own_bank)),
    known_by=Action.ACCOUNT_VIEW,
)
for _action in (Action.ACCOUNT_CORRECT, Action.ACCOUNT_MERGE, Action.ACCOUNT_UNMERGE):
    register(_action, model=InvolvedAccount, rows=rows((WRITERS, granted())), known_by=Action.ACCOUNT_VIEW)
register(Action.INVOLVEMENT_VIEW, model=Involvement, rows=rows((POLICE, granted("case"))))
for _action in (Action.INVOLVEMENT_CONFIRM, Action.INVOLVEMENT_DISMISS):
    register(_action, model=Involvement, rows=rows((WRITERS, granted("case"))), known_by=Action.INVOLVEMENT_VIEW)
register(Action.TRANSFER_VIEW, model=Transfer, rows=rows((POLICE, granted("case")), (R.SYSTEM, anywhere)))
register(Action.TRANSFER_RECORD, model=Case, rows=rows((WRITERS, granted())), known_by="case.view")

register(Action.ORDER_VIEW, model=Order, rows=rows((POLICE, granted()), (BANK, granted()), (R.SYSTEM, anywhere)))
register(Action.ORDER_DRAFT, model=Case, rows=rows((WRITERS, granted()), (R.SYSTEM, anywhere)), known_by="case.view")
for _action in (
    Action.ORDER_UPDATE,
    Action.ORDER_SUBMIT,
    Action.ORDER_CORRECT,
    Action.ORDER_RETRACT,
    Action.ORDER_PRINT,
):
    register(_action, model=Order, rows=rows((WRITERS, granted()), (R.APPROVER, granted())), known_by=Action.ORDER_VIEW)
register(
    Action.ORDER_RECALL,  # the platform: an approval that nobody gave in time
    model=Order,
    rows=rows((WRITERS, granted()), (R.APPROVER, granted()), (R.SYSTEM, anywhere)),
    known_by=Action.ORDER_VIEW,
)
register(Action.ORDER_CONFIRM, model=Order, rows=rows((POLICE, granted())), known_by=Action.ORDER_VIEW)
register(Action.ORDER_CANCEL, model=Order, rows=rows((POLICE, granted())), known_by=Action.ORDER_VIEW)
for _action in (Action.ORDER_APPROVE, Action.ORDER_REJECT, Action.ORDER_RATIFY, Action.ORDER_OVERRULE):
    register(_action, model=Order, rows=rows((LEADERS, granted())), known_by=Action.ORDER_VIEW)
register(
    Action.ORDER_SUPERSEDE,
    model=Order,
    rows=rows((POLICE, granted()), (R.SYSTEM, anywhere)),
    known_by=Action.ORDER_VIEW,
)
register(Action.ORDER_RECORD, model=Order, rows=rows((POLICE, granted())), known_by=Action.ORDER_VIEW)
register(Action.ORDER_ROUTE, model=Order, rows=rows((BANK, addressed)), known_by=Action.ORDER_VIEW)
register(
    Action.ORDER_ACKNOWLEDGE, model=Order, rows=rows((BANK, addressed), (POLICE, granted())), known_by=Action.ORDER_VIEW
)
register(
    Action.ORDER_ANSWER, model=Order, rows=rows((BANK, addressed), (POLICE, granted())), known_by=Action.ORDER_VIEW
)
register(
    Action.ORDER_REVEAL, model=Order, rows=rows((POLICE, granted()), (BANK[:2], addressed)), known_by=Action.ORDER_VIEW
)
register(Action.ANSWER_VIEW, model=Answer, rows=rows((POLICE, granted("order")), (BANK, granted("order"))))
register(Action.ANSWER_REVEAL, model=Answer, rows=rows((POLICE, granted("order"))), known_by=Action.ANSWER_VIEW)

register(
    Action.HOLD_VIEW, model=Hold, rows=rows((POLICE, granted("order")), (BANK, granted("order")), (R.SYSTEM, anywhere))
)
_everyone_on_it = rows((BANK, granted("order")), (POLICE, granted("order")), (R.SYSTEM, anywhere))
for _action in (Action.HOLD_ACTIVATE, Action.HOLD_EXTEND, Action.HOLD_CONVERT, Action.HOLD_RELEASE, Action.HOLD_LIFT):
    register(_action, model=Hold, rows=_everyone_on_it, known_by=Action.HOLD_VIEW)
register(Action.HOLD_EXPIRE, model=Hold, rows=rows((R.SYSTEM, anywhere)), known_by=Action.HOLD_VIEW)

register(Action.ALERT_VIEW, model=Alert, rows=rows((POLICE, granted()), (R.SYSTEM, anywhere)))
register(Action.ALERT_DRAFT, rows=rows((WRITERS, anywhere)))
for _action in (Action.ALERT_UPDATE, Action.ALERT_SUBMIT):
    register(_action, model=Alert, rows=rows((WRITERS, granted())), known_by=Action.ALERT_VIEW)
for _action in (Action.ALERT_RECALL, Action.ALERT_CLOSE):  # the platform: a lapsed approval, an alert past its end
    register(_action, model=Alert, rows=rows((POLICE, granted()), (R.SYSTEM, anywhere)), known_by=Action.ALERT_VIEW)
for _action in (Action.ALERT_APPROVE, Action.ALERT_REJECT):
    register(_action, model=Alert, rows=rows((LEADERS, granted())), known_by=Action.ALERT_VIEW)
for _action in (Action.ALERT_CANCEL, Action.ALERT_REVEAL, Action.ALERT_EXPORT):
    register(_action, model=Alert, rows=rows((POLICE, granted())), known_by=Action.ALERT_VIEW)

register(
    Action.NOTICE_VIEW,
    model=AlertNotice,
    rows=rows((POLICE, granted("alert")), (BANK, notified), (R.SYSTEM, anywhere)),
)
for _action in (Action.NOTICE_OPEN, Action.NOTICE_ACKNOWLEDGE, Action.NOTICE_REPORT_BACK):
    register(_action, model=AlertNotice, rows=rows((BANK, notified)), known_by=Action.NOTICE_VIEW)
register(
    Action.NOTICE_CLOSE,
    model=AlertNotice,
    rows=rows((POLICE, granted("alert")), (R.SYSTEM, anywhere)),
    known_by=Action.NOTICE_VIEW,
)
register(
    Action.NOTICE_REVEAL,
    model=AlertNotice,
    rows=rows((POLICE, granted("alert")), (BANK[:2], notified)),
    known_by=Action.NOTICE_VIEW,
)

_over_banks = by_kind(centre=anywhere, police=anywhere, oversight=anywhere)
register(
    Action.SYNC_VIEW,
    model=SyncRun,
    rows=rows(
        ((R.SUPERVISOR, R.DUTY_OFFICER, R.AUDITOR), _over_banks),
        (BANK, own("institution")),
        (R.ADMINISTRATOR, anywhere),
    ),
)
# A finding names orders: the centre reads all of them, a police unit those that it sees anyway.
register(
    Action.FINDING_VIEW,
    model=SyncFinding,
    rows=rows(
        ((R.SUPERVISOR, R.DUTY_OFFICER), by_kind(centre=anywhere, police=granted("order"))),
        (BANK, own("run__institution")),
    ),
)
for _action in (Action.SYNC_DIGEST, Action.SYNC_COMPARE):
    register(_action, model=Order, rows=rows((BANK, addressed)))
register(Action.SYNC_REPAIR, model=Order, rows=rows((BANK, addressed), ((R.SUPERVISOR, R.DUTY_OFFICER), granted())))

register(
    Action.ESCALATION_VIEW,
    model=Escalation,
    rows=rows((POLICE, granted("order")), (BANK, granted("order")), (R.SYSTEM, anywhere)),
)
register(Action.CLOCK_VIEW, model=ClockPause, rows=rows((POLICE, granted("order")), (BANK, granted("order"))))
register(Action.CLOCK_REQUEST, model=Order, rows=rows((BANK, addressed)), known_by=Action.ORDER_VIEW)
register(Action.CLOCK_DECIDE, model=Order, rows=rows((R.SUPERVISOR, granted())), known_by=Action.ORDER_VIEW)
register(
    Action.CLOCK_END, model=Order, rows=rows((BANK, addressed), (R.SUPERVISOR, granted())), known_by=Action.ORDER_VIEW
)
