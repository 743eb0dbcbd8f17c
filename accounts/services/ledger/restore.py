"""A match that was undone wrongly counts again: the two sides are one transfer once more, by the rules and not by hand."""

from __future__ import annotations

from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import LedgerEntry, LedgerMatch
from accounts.policy import FlowAction
from accounts.services.act_reasons import act_reason, kept_reason
from accounts.services.ledger.chains import chains_rebuild
from accounts.services.ledger.changes import ledger_change, ledger_hold_now
from accounts.services.ledger.matching import matches_of_group
from accounts.services.ledger.remaking import Rule
from accounts.services.ledger.told import told_match, told_nodes
from accounts.services.ledger.unnamed import matches_unnamed_of
from antifraud import bulk, policy
from antifraud.audit import diary
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Invalid, WrongState
from banks.models import User


def match_restore(*, by: User, match_id: UUID, reason: str) -> LedgerMatch:
    """Let the two be recognised again, rebuild the sums, note who and why; the match that stands now.

    Raises Invalid (reason), WrongState where it is not undone, or where one of the two is part of another match by now;
    Conflict `ledger_changing` while an import runs.
    """
    if len(reason.strip()) < 4:
        raise Invalid(fields={"reason": [_("Say why these are one transfer, in at least four characters.")]})
    reject_forbidden(reason, field="reason")
    match = policy.get(by, FlowAction.MATCH_RESTORE, LedgerMatch.objects.all(), match_id)
    ledger_hold_now(match.case_id)
    bulk.long_work()  # the chains of both sides may be long
    if not LedgerMatch.objects.filter(pk=match.pk, undone_at__isnull=False).exists():
        raise WrongState
    # The diary keeps who undid it, `ActReason` why; the row alone keeps the two apart.
    LedgerMatch.objects.filter(pk=match.pk).delete()
    told_nodes(match.case_id)
    chains_rebuild(_joined(match))
    again = _standing(match)
    if again is None:
        text = _("The two cannot be one transfer now: one of them is part of another match. Undo that one first.")
        raise WrongState(text, extra={"verb": "restore"})
    ledger_change(match.case_id, match.pk.bytes + b"|restored")
    why = act_reason("match.restore", by=by, obj=again, reason=kept_reason(reason))
    diary.record(
        "match.restore", by=by, obj=again, case_id=match.case_id,
        detail={"rule": again.rule, "out": match.out_line, "in": match.in_line, "transfer": match.transfer, "why": why},
    )  # fmt: skip
    return again


def _standing(match: LedgerMatch) -> LedgerMatch | None:
    """The same match as it stands; a told transfer may have met the row of the other side as well meanwhile."""
    rows = LedgerMatch.objects.filter(case=match.case_id, transfer=match.transfer, undone_at__isnull=True)
    if match.rule != Rule.TOLD:
        return rows.filter(out_line=match.out_line, in_line=match.in_line).exclude(rule=Rule.TOLD).first()
    kept = [Q(**{name: getattr(match, name)}) for name in ("out_line", "in_line") if getattr(match, name) is not None]
    return rows.filter(reduce(or_, kept), rule=Rule.TOLD).first() if kept else None


def _joined(match: LedgerMatch) -> set[int]:
    """Match the entries of both sides again; the nodes touched."""
    sides = Q(pk__in=[])
    for name in ("out_line", "in_line", "transfer"):
        if (part := getattr(match, name)) is not None:
            sides |= Q(**{name: part})
    entries = list(LedgerEntry.objects.filter(sides, case=match.case_id))
    nodes = {node for entry in entries for node in (entry.src, entry.dst) if node is not None}
    if match.rule != Rule.TOLD:
        for src, dst, amount, currency in {(e.src, e.dst, e.amount_minor, e.currency) for e in entries}:
            if src is not None and dst is not None:
                nodes |= matches_of_group(match.case_id, src, dst, amount, currency)
        nodes |= matches_unnamed_of(match.case_id, nodes)
    return nodes | told_match(match.case_id, nodes)
