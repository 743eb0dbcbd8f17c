"""An officer decides about an account that a bank's answer proposed for a case; entering accounts is in `accounts`."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Involvement, Order
from accounts.models.order import OPEN
from accounts.policy import Action
from antifraud import policy
from antifraud.audit import diary
from antifraud.errors import Conflict, WrongState
from banks.models import User
from cases.services.cases import case_count, first_account_seen
from cases.services.clues import case_clued

State = Involvement.State


def involvement_confirm(*, by: User, involvement_id: UUID) -> Involvement:
    """Take a proposed (or once dismissed) account into the case. Raises WrongState where it is confirmed already."""
    involvement = policy.get(by, Action.INVOLVEMENT_CONFIRM, Involvement.objects.all(), involvement_id, lock=True)
    if involvement.state == State.CONFIRMED:
        raise WrongState(extra={"state": involvement.state})
    if involvement.state == State.DISMISSED:
        case_count(involvement.case_id, accounts_total=1)
    if involvement.level == 1:
        first_account_seen(involvement.case_id)
    return _decide(involvement, State.CONFIRMED, "involvement.confirm", by)


def involvement_dismiss(*, by: User, involvement_id: UUID) -> Involvement:
    """Leave an account out of the case; its history stays. Raises Conflict `account_in_use` while orders are open."""
    involvement = policy.get(by, Action.INVOLVEMENT_DISMISS, Involvement.objects.all(), involvement_id, lock=True)
    if involvement.state == State.DISMISSED:
        raise WrongState(extra={"state": involvement.state})
    orders = Order.objects.filter(case=involvement.case_id, status__in=OPEN)
    if (
        orders.filter(account=involvement.account_id) | orders.filter(account__merged_into=involvement.account_id)
    ).exists():
        raise Conflict(
            _("Orders on this account are open. Cancel them or wait for their answers first."), code="account_in_use"
        )
    case_count(involvement.case_id, accounts_total=-1)
    return _decide(involvement, State.DISMISSED, "involvement.dismiss", by)


def _decide(involvement: Involvement, state: str, verb: str, by: User) -> Involvement:
    before, involvement.state = involvement.state, state
    involvement.save(update_fields=["state"])
    case_clued(involvement.case_id)
    diary.record(
        verb, by=by, obj=involvement, case_id=involvement.case_id,
        detail={"from": before, "to": state, "account": involvement.account_id},
    )  # fmt: skip
    return involvement
