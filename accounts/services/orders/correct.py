"""Mistakes: an order issued in error is taken back, a mismatched or wrong one is corrected and sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import InvolvedAccount, Order
from accounts.policy import Action
from accounts.selectors.identity import root_id
from accounts.services.accounts import name_learn
from accounts.services.identity import correct_apply
from accounts.services.orders.approve import required_reason
from accounts.services.orders.cancel import STOPPABLE, cancel_apply
from accounts.services.orders.draft import TERMS, draft_lines, kind_row, line_of, require_unit
from accounts.services.orders.follow import live_holds, release_draft
from accounts.services.orders.inputs import OrderLine, OrderTerms
from accounts.services.payload import ROWS
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Invalid, WrongState
from banks.models import Institution, User
from banks.selectors.profiles import profile_of

S = Order.Status
ERROR_FIELDS = {
    "account": _("Account"),
    "institution": _("Institution"),
    "amount": _("Amount"),
    "name": _("Account name"),
    "time": _("Transaction time"),
    "other": _("Other"),
}
UNDONE = frozenset({"mismatch", "refused"})
FACTS = frozenset({"amount_minor", "transfer_id", "involvement_id", "institution", "holder_name"})
ACCOUNTS = InvolvedAccount.objects.select_related("institution", "merged_into")


def order_retract(*, by: User, order_id: UUID, error_field: str, reason: str) -> Order:
    """The order was issued in error (wrong account, institution, amount …) and enters the register of wrongful holds.

    Unanswered, it is cancelled and the cancellation delivered; executed, the release of its holds is drafted, due in
    the profile's term (1 h). An execution that comes later meets the mark and drafts its release too. Raises
    WrongState before issue and for a second time, Invalid (error_field, reason).
    """
    order = policy.get(by, Action.ORDER_RETRACT, ROWS, order_id, lock=True)
    require_unit(by, order)
    if order.status not in {*STOPPABLE, S.ANSWERED} or order.error_found_at is not None:
        raise WrongState(extra={"state": order.status, "verb": "retract"})
    if error_field not in ERROR_FIELDS:
        raise Invalid(fields={"error_field": [_("Say what was wrong: choose one of the list.")]})
    reason = required_reason(reason)
    now = db.require_unit_of_work().now
    diary.record(
        "order.retract", by=by, obj=order, case_id=order.case_id, legal_basis=order.legal_basis,
        detail={"error_field": error_field, "state": order.status, "outcome": order.outcome},
    )  # fmt: skip
    if order.status in STOPPABLE:
        return cancel_apply(order, by=by, reason=reason, error_found_at=now, error_field=error_field)
    order.error_found_at, order.error_field, order.ended_reason = now, error_field, reason
    order.version += 1
    order.save(update_fields=["error_found_at", "error_field", "ended_reason", "version"])
    due_at = now + timedelta(hours=profile_of(order.legal_profile).clocks.issued_in_error_hours)
    for hold in live_holds(order):
        release_draft(by=by, hold=hold, trigger="error", due_at=due_at)
    return order


def order_correct(*, by: User, order_id: UUID, changes: Mapping[str, Any]) -> Order:
    """A new draft, filled from an order that failed and linked to it; it replaces the old one when it is issued.

    For orders answered `mismatch` or `refused`, retracted, cancelled or rejected. `changes`: any name of OrderTerms,
    `amount_minor`, `transfer_id`, `involvement_id` (another account of the case), `holder_name` and `institution`,
    which correct the account itself. Where the answer said `not_ours`, the suggested institution is taken unless
    `changes` names one. Raises like `orders_draft` and `account_correct`, WrongState for any other order.
    """
    old = policy.get(by, Action.ORDER_CORRECT, ROWS, order_id, lock=True)
    require_unit(by, old)
    if not _correctable(old):
        raise WrongState(extra={"state": old.status, "verb": "correct"})
    unknown = set(changes) - TERMS - FACTS
    if unknown:
        raise ValueError(f"not editable: {sorted(unknown)}")
    if "involvement_id" not in changes and old.original_id is None:
        _correct_account(by, old, changes)
    defaults = replace(OrderTerms.of(old), emergency=False)
    terms = replace(defaults, **{name: value for name, value in changes.items() if name in TERMS})
    line = _line(old, terms, changes)
    made = draft_lines(by=by, case_id=old.case_id, kind=old.kind, lines=[line], terms=terms, corrects=old)[0]
    diary.record(
        "order.correct", by=by, obj=old, case_id=old.case_id, legal_basis=old.legal_basis,
        detail={"by_order": made.number, "fields": sorted(changes)},
    )  # fmt: skip
    return made


def _correctable(order: Order) -> bool:
    failed = order.status == S.ANSWERED and (order.outcome in UNDONE or order.error_found_at is not None)
    return failed or order.status in {S.CANCELLED, S.REJECTED}


def _correct_account(by: User, old: Order, changes: Mapping[str, Any]) -> None:
    """The account's institution and name, as the officer or the answering institution corrected them."""
    named: Institution | None = changes.get("institution")
    suggested = None if named else _suggested(old)
    name = str(changes.get("holder_name") or "").strip()
    if named is None and suggested is None and not name:
        return
    account = policy.get(by, Action.ACCOUNT_CORRECT, ACCOUNTS, root_id(old.account), lock=True)
    # A suggestion is about the institution that refused; meanwhile somebody may have corrected the account.
    wanted = suggested if account.institution_id == old.institution_id else None
    wanted = named or wanted
    if wanted is not None and account.institution_id != wanted.id:
        reason = f"{old.number}: {_('the answer or the officer named another institution')}"
        account = correct_apply(by=by, account=account, institution=wanted, reason=reason)
    if name:
        name_learn(account=account, name=name, source="correction")
    old.account.refresh_from_db(fields=["merged_into"])


def _suggested(old: Order) -> Institution | None:
    """The institution that a `not_ours` answer named."""
    answer = old.answers.select_related("suggested_institution").order_by("-seq").first()
    if answer is None or answer.reason_code != "not_ours":
        return None
    return answer.suggested_institution


def _line(old: Order, terms: OrderTerms, changes: Mapping[str, Any]) -> OrderLine:
    line, _involvement = line_of(old)
    amount = changes.get("amount_minor", line.amount_minor)
    if not kind_row(old.kind).needs_amount(terms.mode):
        amount = changes.get("amount_minor")
    if "involvement_id" in changes:
        return OrderLine(
            involvement_id=changes["involvement_id"], amount_minor=amount, transfer_id=changes.get("transfer_id")
        )
    return replace(line, amount_minor=amount, transfer_id=changes.get("transfer_id", line.transfer_id))
