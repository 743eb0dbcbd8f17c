"""A match that is none: the entry is taken apart again, for good, with the reason and the officer's name."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import LedgerEntry, LedgerMatch
from accounts.policy import FlowAction
from accounts.services.act_reasons import act_reason, kept_reason
from accounts.services.ledger.chains import chains_rebuild
from accounts.services.ledger.changes import ledger_change, ledger_hold_now
from accounts.services.ledger.entries import Triple
from accounts.services.ledger.matching import matches_of_group
from accounts.services.ledger.remaking import Remaking, Rule, Why
from accounts.services.ledger.told import told_match, told_nodes
from antifraud import bulk, db, policy
from antifraud.audit import diary
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Invalid, WrongState
from banks.models import User


def match_undo(*, by: User, match_id: UUID, reason: str) -> LedgerMatch:
    """The two are separate transfers: split the entry, never pair these two again, rebuild the sums, note who and why.

    What is set free may be matched with other rows. Raises Invalid (reason), WrongState where it is undone or gone already,
    Conflict `ledger_changing` while an import runs.
    """
    if len(reason.strip()) < 4:
        raise Invalid(fields={"reason": [_("Say why these are two transfers, in at least four characters.")]})
    reject_forbidden(reason, field="reason")
    match = policy.get(by, FlowAction.MATCH_UNDO, LedgerMatch.objects.all(), match_id)
    ledger_hold_now(match.case_id)
    bulk.long_work()  # the chains of both sides may be long
    _again(match)
    entry = LedgerEntry.objects.filter(matches=match).first()
    if match.undone_at is not None or entry is None:
        raise WrongState
    match.undone_at, match.undone_by = db.require_unit_of_work().now, by
    match.undone_reason = kept_reason(reason)
    match.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    told_nodes(match.case_id)
    chains_rebuild(_split(match, entry))
    ledger_change(match.case_id, match.pk.bytes + b"|undone")
    # The row with its reason goes when it is restored; this one stays for the audit.
    why = act_reason("match.undo", by=by, obj=match, reason=match.undone_reason)
    diary.record(
        "match.undo", by=by, obj=match, case_id=match.case_id,
        detail={"rule": match.rule, "out": match.out_line, "in": match.in_line, "transfer": match.transfer, "why": why},
    )  # fmt: skip
    match.refresh_from_db()
    return match


def _again(match: LedgerMatch) -> None:
    """The match as it is now that the ledger is held. Raises WrongState where an import made its entry anew meanwhile."""
    try:
        match.refresh_from_db()
    except LedgerMatch.DoesNotExist as gone:
        raise WrongState from gone


def _split(match: LedgerMatch, entry: LedgerEntry) -> set[int]:
    """The entry's parts as entries of their own, and what they match with now; the nodes touched."""
    remaking = Remaking(match.case_id)
    remaking.end(entry.pk, entry.src, entry.dst)
    for triple, why in _parts(match, entry):
        remaking.make(triple, why, entry.src, entry.dst)
    remaking.flush()
    nodes = remaking.nodes
    if entry.src is not None and entry.dst is not None and match.rule != Rule.TOLD:
        nodes |= matches_of_group(match.case_id, entry.src, entry.dst, entry.amount_minor, entry.currency)
    return nodes | told_match(match.case_id, nodes)


def _parts(match: LedgerMatch, entry: LedgerEntry) -> list[tuple[Triple, Why]]:
    told: list[tuple[Triple, Why]] = [((None, None, entry.transfer_id), Why())] if entry.transfer_id else []
    if match.rule != Rule.TOLD:
        return [((entry.out_line_id, None, None), Why()), ((None, entry.in_line_id, None), Why()), *told]
    kept = LedgerMatch.objects.filter(entry=entry, undone_at__isnull=True).exclude(pk=match.pk).first()
    why = Why(kept.rule, kept.seconds_apart) if kept else Why()
    return [((entry.out_line_id, entry.in_line_id, None), why), *told]
