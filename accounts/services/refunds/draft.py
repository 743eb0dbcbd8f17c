"""Draft a return from a hold, compute it anew in a further round, give it up; announcing and deciding are elsewhere."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import Hold, Refund, RefundRound, RefundShare
from accounts.policy import Action, RefundAction
from accounts.rules.refunds import RefundError, build, digest
from accounts.selectors.holds_beside import is_held_for_others, same_money
from accounts.services.orders.approve import required_reason
from accounts.services.refunds.checks import claim_rows, require_holdable, require_unit
from accounts.services.refunds.facts import facts_of
from accounts.services.refunds.inputs import RefundInput
from accounts.services.refunds.losses import losses_count
from accounts.states import refund_flow
from antifraud import db, policy
from antifraud.approvals import requests
from antifraud.crypto.fields import preload_rows
from antifraud.errors import Conflict, Invalid
from banks.models import Institution, User
from banks.rules.issue_powers import LEGAL_BASIS_LABELS

HOLDS = Hold.objects.select_related("case__unit", "unit", "institution", "account__merged_into", "legal_profile")
ROWS = Refund.objects.select_related(
    "hold__account__merged_into", "hold__institution", "case__unit", "unit", "institution", "legal_profile"
).defer("payload", "case__narrative")


def refund_draft(*, by: User, hold_id: UUID, data: RefundInput) -> Refund:
    """Compute the return of a hold in force and keep it as a draft of the officer's unit.

    Raises Invalid by field and line, Conflict `refund_open` where a return of this hold is under way, `hold_ended`
    where it is not in force any more, NotFound out of reach.
    """
    hold = policy.get(by, Action.HOLD_VIEW, HOLDS, hold_id, lock=True)
    policy.require(by, RefundAction.REFUND_DRAFT, hold.case)
    require_unit(by, hold.case.unit_id, hold.unit_id)
    require_holdable(hold)
    if Refund.objects.filter(hold__in=same_money(hold)).exclude(status__in=["paid", "closed"]).exists():
        raise Conflict(_("A return of this hold is under way already. Continue that one."), code="refund_open")
    now = db.require_unit_of_work().now
    unit = by.institution
    refund = Refund(
        case=hold.case, hold=hold, institution=hold.institution, unit=unit,
        currency=hold.currency, legal_basis=data.legal_basis, legal_profile=unit.legal_profile, drafted_by=by, created_at=now,
    )  # fmt: skip
    shares, worksheet = _computed(by, refund, data, round_number=1)
    refund_flow.begin(
        refund, by=by, verb="draft", legal_basis=data.legal_basis, topic="refund.drafted",
        detail={"branch": worksheet["branch"], "sha256": digest(worksheet).hex(), "claims": len(shares)},
    )  # fmt: skip
    _open_round(by, refund, shares, worksheet, data, number=1, cause=RefundRound.Cause.DRAFTED, reason="")
    return refund


def refund_renew(
    *, by: User, refund_id: UUID, data: RefundInput, cause: str, reason: str, expected_version: int | None = None
) -> Refund:
    """A further round: computed anew from the facts of now; a notice that ran is void, and the rule asks for a new one.

    For a newly found victim, an upheld objection or changed facts, as long as nothing is decided. Raises like
    `refund_draft`, WrongState once it is decided, Superseded.
    """
    refund = policy.get(by, RefundAction.REFUND_RENEW, ROWS, refund_id, lock=True)
    require_unit(by, refund.unit_id, refund.case.unit_id)
    refund_flow.step("renew", refund.status)
    if cause not in RefundRound.Cause.values or cause == RefundRound.Cause.DRAFTED:
        raise Invalid(fields={"cause": [_("Say why the return is computed anew.")]})
    reason = required_reason(reason)
    require_holdable(refund.hold)
    number = refund.round_number + 1
    refund.legal_basis = data.legal_basis
    shares, worksheet = _computed(by, refund, _with_kept_payees(refund, data), round_number=number)
    changes = {
        "round_number": number, "legal_basis": data.legal_basis, "operator": None, "second_officer": None,
        "submitted_at": None, "refused_reason": "",
    }  # fmt: skip
    refund_flow.apply(
        refund, "renew", by=by, changes=changes, expected_version=expected_version, legal_basis=data.legal_basis,
        detail={"round": number, "cause": cause, "branch": worksheet["branch"], "sha256": digest(worksheet).hex()},
    )  # fmt: skip
    requests.lapse(refund.id)
    _open_round(by, refund, shares, worksheet, data, number=number, cause=cause, reason=reason)
    return refund


def refund_withdraw(*, by: User, refund_id: UUID, reason: str) -> Refund:
    """Give up a return that is not decided; the money stays held. Raises WrongState."""
    refund = policy.get(by, RefundAction.REFUND_WITHDRAW, ROWS, refund_id, lock=True)
    require_unit(by, refund.unit_id, refund.case.unit_id)
    refund_flow.step("withdraw", refund.status)
    now = db.require_unit_of_work().now
    changes = {"closed_reason": required_reason(reason), "closed_at": now, "submitted_at": None}
    refund_flow.apply(refund, "withdraw", by=by, changes=changes)
    losses_count(refund.case_id, refund.currency)
    requests.lapse(refund.id)
    return refund


def _computed(
    by: User, refund: Refund, data: RefundInput, *, round_number: int
) -> tuple[list[RefundShare], dict[str, Any]]:
    """Unsaved shares in the worksheet's order, and the worksheet."""
    found: dict[str, list[Any]] = defaultdict(list)
    if data.legal_basis not in LEGAL_BASIS_LABELS.values():
        found["legal_basis"].append(_("Choose the legal basis from the list."))
    if data.is_stated_single and is_held_for_others(refund.hold):
        text = _(
            "Another case's measure is on this account or waits for it, so nobody can state one source. Untick it."
        )
        found["is_stated_single"].append(text)
    shares = claim_rows(by, refund, data.claims, found)
    if found:
        raise Invalid(fields=found)
    preload_rows([refund.hold.account])
    try:
        facts = facts_of(refund, shares, round_number=round_number, is_stated_single=data.is_stated_single)
        worksheet = build(facts)
    except RefundError as refused:
        places = {str(claim.victim_id): claim.place for claim in data.claims}
        place = places.get(refused.victim, "")
        raise Invalid(fields={f"{place}.victim" if place else "claims": [_(str(refused))]}) from refused
    if not worksheet["totals"]["shared_minor"]:
        raise Invalid(fields={"claims": [_nothing_shared(worksheet)]})
    if not refund.number:  # a refused draft takes none
        refund.number = _next_number(refund.unit)
        worksheet = build(replace(facts, about={**facts.about, "number": refund.number}))
    return shares, worksheet


def _nothing_shared(worksheet: dict[str, Any]) -> Any:
    """Why nothing would go back: such a return could never be decided, and would keep the hold from another one."""
    if not worksheet["totals"]["open_minor"]:
        return _("None of these victims misses anything any more: nothing would be returned. Correct the claims.")
    return _(
        "The traces leave money here only for victims who miss nothing any more: nothing would be returned. Leave those "
        "victims out."
    )


def _with_kept_payees(refund: Refund, data: RefundInput) -> RefundInput:
    """A line without any word about its payee keeps that of the round before: the page does not show it in clear."""
    before = {share.victim_id: share for share in round_shares_of(refund)}
    preload_rows(before.values())
    claims = []
    for claim in data.claims:
        kept = before.get(claim.victim_id)
        if kept is not None and not (claim.payee_name.strip() or claim.payee_account.strip()):
            claim = replace(
                claim, payee_name=kept.payee_name.open(), payee_account=kept.payee_account.open(),
                payee_bank=claim.payee_bank.strip() or kept.payee_bank,
            )  # fmt: skip
        claims.append(claim)
    return replace(data, claims=tuple(claims))


def round_shares_of(refund: Refund) -> list[RefundShare]:
    """The shares of the round that counts, in order."""
    rows = RefundShare.objects.filter(refund=refund, round__number=refund.round_number)
    return list(rows.order_by("position"))


def _open_round(
    by: User, refund: Refund, shares: list[RefundShare], worksheet: dict[str, Any], data: RefundInput, *,
    number: int, cause: str, reason: str,
) -> RefundRound:  # fmt: skip
    totals = worksheet["totals"]
    opened = RefundRound(
        case=refund.case, refund=refund, number=number, cause=cause, reason=reason, branch=worksheet["branch"],
        held_minor=totals["held_minor"], shared_minor=totals["shared_minor"], surplus_minor=totals["surplus_minor"],
        is_stated_single=data.is_stated_single, worksheet=worksheet, sha256=digest(worksheet), opened_by=by,
        opened_at=db.require_unit_of_work().now,
    )  # fmt: skip
    opened.save(force_insert=True)
    by_victim = {str(share.victim_id): share for share in shares}
    ordered = []
    for position, row in enumerate(worksheet["rows"], start=1):
        share = by_victim[row["victim"]]
        share.round, share.position, share.refund = opened, position, refund
        share.returned_minor, share.traced_minor = row["returned_minor"], row["traced_minor"]
        share.share_minor = row["share_minor"]
        ordered.append(share)
    RefundShare.objects.bulk_create(ordered)
    losses_count(refund.case_id, refund.currency)
    return opened


def _next_number(unit: Institution) -> str:
    """`R<year>-<7 digits>`; the year is that of the unit's own calendar."""
    year = db.require_unit_of_work().now.astimezone(ZoneInfo(unit.time_zone)).year
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('refund_number_seq')")
        return f"R{year}-{cursor.fetchone()[0]:07d}"
