"""Recognised transfers: two rows, or a row and a told transfer, that are one; with both sides as their banks wrote them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import ActReason, LedgerAccount, LedgerMatch, StatementLine, Transfer
from accounts.policy import Action, FlowAction
from accounts.selectors.statements import ledger_parties
from antifraud import policy
from banks.models import User
from cases.models import Case

KEYSET = ("-matched_at", "-id")


@dataclass(frozen=True)
class MatchSide:
    """One side: a statement's row, or the transfer that was told. `account` is the side's own account.

    Both by the number that the row names; `…_main`: the account's first number, where that is another one.
    """

    line: StatementLine | None = None
    transfer: Transfer | None = None
    account: LedgerAccount | None = None
    counter: LedgerAccount | None = None
    account_main: LedgerAccount | None = None
    counter_main: LedgerAccount | None = None


@dataclass(frozen=True)
class MatchShown:
    """A match with its two sides: who paid, who received; a side that the reader cannot see is empty."""

    match: LedgerMatch
    out: MatchSide
    into: MatchSide
    told: Transfer | None
    restored: ActReason | None = None  # the newest reason for which it counts again


def case_matches(*, user: User, case: Case, undone: bool | None = None) -> QuerySet[LedgerMatch]:
    """The matches of a case, newest first by KEYSET; `undone` narrows to those that stand or were undone."""
    rows = policy.scope(user, FlowAction.MATCH_VIEW, LedgerMatch.objects.select_related("undone_by"))
    rows = rows.filter(case=case)
    if undone is not None:
        rows = rows.filter(undone_at__isnull=not undone)
    return rows.order_by(*KEYSET)


def match_detail(*, user: User, match_id: UUID) -> LedgerMatch:
    """One match with its case; NotFound out of reach."""
    rows = LedgerMatch.objects.select_related("case__unit", "undone_by")
    return policy.get(user, FlowAction.MATCH_VIEW, rows, match_id)


def matches_shown(*, user: User, matches: Iterable[LedgerMatch]) -> list[MatchShown]:
    """The page's matches with both sides; four statements, whatever their number."""
    found = list(matches)
    ids = {line for match in found for line in (match.out_line, match.in_line) if line}
    lines = _lines(user, ids)
    restored = _restored(found)
    told = _transfers(user, {match.transfer for match in found if match.transfer})
    nodes = [node for line in lines.values() for node in (*line.nodes_named, *line.nodes_meant)]
    parties = ledger_parties(user=user, nodes=nodes)

    def side(line_id: UUID | None) -> MatchSide:
        line = lines.get(line_id) if line_id else None
        if line is None:
            return MatchSide()
        account, counter, account_main, counter_main = (
            parties.get(node) if node is not None else None for node in (*line.nodes_named, *line.nodes_meant)
        )
        return MatchSide(line, None, account, counter, account_main, counter_main)

    return [
        MatchShown(
            match, side(match.out_line), side(match.in_line), told.get(match.transfer) if match.transfer else None,
            restored.get(match.pk),
        )
        for match in found
    ]  # fmt: skip


def _restored(matches: Iterable[LedgerMatch]) -> dict[UUID, ActReason]:
    rows = ActReason.objects.filter(verb="match.restore", object_id__in=[match.pk for match in matches])
    return {row.object_id: row for row in rows.select_related("by").order_by("at")}


def _lines(user: User, ids: set[UUID]) -> dict[UUID, StatementLine]:
    rows = policy.scope(user, FlowAction.LINE_VIEW, StatementLine.objects.select_related("file__institution"))
    return {row.pk: row for row in rows.filter(pk__in=ids)} if ids else {}


def _transfers(user: User, ids: set[UUID]) -> dict[UUID, Transfer]:
    rows = policy.scope(user, Action.TRANSFER_VIEW, Transfer.objects.select_related("from_account", "to_account"))
    return {row.pk: row for row in rows.filter(pk__in=ids)} if ids else {}
