"""Transfers told by officers and answers, in the ledger: an entry of their own, or the statement rows that they tell of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import InvolvedAccount, LedgerEntry, LedgerMatch, Transfer
from accounts.rules.pairing import TOLD_WINDOW
from accounts.services.ledger.chains import chains_rebuild
from accounts.services.ledger.changes import ledger_change, ledger_hold
from accounts.services.ledger.entries import Triple
from accounts.services.ledger.parties import Party, parties_link, parties_mains, parties_nodes
from accounts.services.ledger.remaking import Remaking, Rule, Why

# Each told transfer of the case that touches one of the accounts, with the entry that it is in now.
_TOLD = """
SELECT t.id, t.at, t.amount_minor, t.currency, e.id, e.src, e.dst, e.out_line_id, e.in_line_id,
  COALESCE(a.main, a.node), COALESCE(b.main, b.node)
FROM accounts_ledgerentry e JOIN accounts_transfer t ON t.id = e.transfer_id
LEFT JOIN accounts_involvedaccount payer ON payer.id = t.from_account_id
LEFT JOIN accounts_involvedaccount payee ON payee.id = t.to_account_id
LEFT JOIN accounts_ledgeraccount a ON a.case_id = e.case_id AND a.number_index = payer.number_index
LEFT JOIN accounts_ledgeraccount b ON b.case_id = e.case_id AND b.number_index = payee.number_index
WHERE e.case_id = %(case)s AND e.transfer_id IS NOT NULL AND COALESCE(b.main, b.node) = ANY(%(nodes)s::bigint[])
"""
# The parties as the rows themselves name them: a payer that the entry has from a told transfer must not keep another out.
_UNITS = """
SELECT e.id, e.src, COALESCE(o.node, NULLIF(i.counter, i.node)), e.dst, e.amount_minor, e.currency, e.out_at, e.in_at,
  e.out_line_id, e.in_line_id, e.transfer_id, encode(f.sha256, 'hex'), l.row
FROM accounts_ledgerentry e
JOIN (SELECT DISTINCT * FROM unnest(%(dsts)s::bigint[], %(amounts)s::bigint[], %(currencies)s::text[]) u(dst, amount, currency)) u
  ON e.dst = u.dst AND e.currency = u.currency AND e.amount_minor = u.amount
JOIN accounts_statementline l ON l.id = COALESCE(e.in_line_id, e.out_line_id) JOIN accounts_statementfile f ON f.id = l.file_id
LEFT JOIN accounts_statementline o ON o.id = e.out_line_id LEFT JOIN accounts_statementline i ON i.id = e.in_line_id
WHERE COALESCE(i.node, NULLIF(o.counter, o.node)) = u.dst
"""
# What a transfer was told of may have been merged into an account whose number nobody has named in the ledger yet.
_ABSENT = """
SELECT DISTINCT v.id FROM accounts_transfer t JOIN accounts_involvedaccount v ON v.id IN (t.from_account_id, t.to_account_id)
WHERE t.case_id = %(case)s AND EXISTS (SELECT FROM accounts_ledgerentry e WHERE e.transfer_id = t.id)
  AND NOT EXISTS (SELECT FROM accounts_ledgeraccount l WHERE l.case_id = t.case_id AND l.number_index = v.number_index)
"""
_WINDOW = timedelta(microseconds=TOLD_WINDOW)

_Rank = tuple[bool, float, datetime, UUID, datetime, str, int]
_Bucket = tuple[int, int, str]


@dataclass(frozen=True)
class _Told:
    id: UUID
    at: datetime
    amount: int
    currency: str
    entry: int
    entry_src: int | None
    entry_dst: int | None
    out_line: UUID | None
    in_line: UUID | None
    src: int | None
    dst: int


@dataclass(frozen=True)
class _Unit:
    entry: int
    entry_src: int | None
    src: int | None
    dst: int
    amount: int
    currency: str
    out_at: datetime
    in_at: datetime
    out_line: UUID | None
    in_line: UUID | None
    told: UUID | None
    sha256: str
    row: int


def ledger_transfer_add(transfer: Transfer) -> LedgerEntry | None:
    """Bring one told transfer into the ledger; its entry, None where its time is not known."""
    ledger_transfers_add(transfer.case_id, [transfer])
    return LedgerEntry.objects.filter(transfer=transfer).first()


def ledger_transfers_add(case_id: UUID, transfers: Iterable[Transfer]) -> int:
    """Bring told transfers of a case into its ledger, those that are there already left out; how many were new.

    A transfer without a time has no place in a chain: it waits until somebody tells when it was.
    """
    ledger_hold(case_id)
    told = [transfer for transfer in transfers if transfer.at is not None]
    known = set(LedgerEntry.objects.filter(transfer__in=told).values_list("transfer_id", flat=True))
    fresh = [transfer for transfer in told if transfer.pk not in known]
    if not fresh:
        return 0
    nodes = _nodes(case_id, fresh)
    remaking = Remaking(case_id)
    for transfer in fresh:
        remaking.make((None, None, transfer.pk), Why())
    remaking.flush()
    touched = nodes | told_match(case_id, nodes)
    parties_link(case_id)
    chains_rebuild(touched)
    ledger_change(case_id, b"".join(sorted(transfer.pk.bytes for transfer in fresh)))
    return len(fresh)


def told_nodes(case_id: UUID) -> None:
    """Give nodes to the accounts of told transfers in the ledger; before entries follow them or are made anew."""
    with connection.cursor() as cursor:
        cursor.execute(_ABSENT, {"case": case_id})
        absent = [row[0] for row in cursor.fetchall()]
    if absent:
        parties_nodes(case_id, _parties(absent))


def told_match(case_id: UUID, nodes: Collection[int]) -> set[int]:
    """Find for each told transfer into one of the nodes the rows that it tells of, from scratch; the nodes touched."""
    told = _told(case_id, nodes)
    if not told:
        return set()
    units = _units(told)
    chosen = _chosen(told, units, _undone(case_id))
    remaking = Remaking(case_id)
    _remake(remaking, told, units, chosen)
    remaking.flush()
    return remaking.nodes


def _nodes(case_id: UUID, transfers: Iterable[Transfer]) -> set[int]:
    ids = {account for each in transfers for account in (each.from_account_id, each.to_account_id) if account}
    return parties_mains(parties_nodes(case_id, _parties(ids)).values())


def _parties(account_ids: Collection[UUID]) -> list[Party]:
    accounts = InvolvedAccount.objects.filter(pk__in=account_ids)
    return [Party(account.number.open(), institution_id=account.institution_id) for account in accounts]


def _told(case_id: UUID, nodes: Collection[int]) -> list[_Told]:
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, {"case": case_id, "nodes": sorted(nodes)})
        return [_Told(*row) for row in cursor.fetchall()]


def _units(told: list[_Told]) -> list[_Unit]:
    wanted: dict[str, Any] = {
        "dsts": [each.dst for each in told],
        "amounts": [each.amount for each in told],
        "currencies": [each.currency for each in told],
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNITS, wanted)
        return [_Unit(*row) for row in cursor.fetchall()]


def _undone(case_id: UUID) -> set[tuple[UUID | None, UUID | None]]:
    """(transfer, row) of what an officer has taken apart."""
    rows = LedgerMatch.objects.filter(case_id=case_id, undone_at__isnull=False, rule=Rule.TOLD)
    found = rows.values_list("transfer", "out_line", "in_line")
    return {(told, line) for told, out, into in found for line in (out, into) if line}


def _chosen(told: list[_Told], units: list[_Unit], undone: Collection[tuple[Any, Any]]) -> dict[int, tuple[_Told, int]]:
    """Entry -> (told transfer, seconds apart): the nearest in time first, one to one."""
    ranked: list[tuple[_Rank, _Told, _Unit]] = []
    timed = _timed(units)
    for each in told:
        for unit in _near(each, timed):
            apart = min(abs((at - each.at).total_seconds()) for at in (unit.out_at, unit.in_at))
            is_undone = (each.id, unit.out_line) in undone or (each.id, unit.in_line) in undone
            if (
                not is_undone
                and each.src != each.dst
                and (each.src is None or unit.src is None or each.src == unit.src)
            ):
                rank = (each.src is None, apart, each.at, each.id, unit.in_at, unit.sha256, unit.row)
                ranked.append((rank, each, unit))
    taken: set[UUID] = set()
    found: dict[int, tuple[_Told, int]] = {}
    for rank, each, unit in sorted(ranked, key=lambda row: row[0]):
        if each.id not in taken and unit.entry not in found:
            taken.add(each.id)
            found[unit.entry] = (each, int(rank[1]))
    return found


def _timed(units: Iterable[_Unit]) -> dict[_Bucket, list[tuple[datetime, _Unit]]]:
    """Units by receiver, amount and currency, in the order of their times; one of two times stands at each."""
    found: dict[_Bucket, list[tuple[datetime, _Unit]]] = defaultdict(list)
    for unit in units:
        for at in {unit.out_at, unit.in_at}:
            found[unit.dst, unit.amount, unit.currency].append((at, unit))
    for each in found.values():
        each.sort(key=_time)
    return found


def _near(told: _Told, timed: Mapping[_Bucket, list[tuple[datetime, _Unit]]]) -> Iterable[_Unit]:
    """The units that it may tell of, each once: of its receiver, amount and currency, within the window."""
    rows = timed.get((told.dst, told.amount, told.currency), [])
    first = bisect_left(rows, told.at - _WINDOW, key=_time)
    last = bisect_right(rows, told.at + _WINDOW, key=_time)
    return {unit.entry: unit for _at, unit in rows[first:last]}.values()


def _time(row: tuple[datetime, _Unit]) -> datetime:
    return row[0]


def _remake(remaking: Remaking, told: list[_Told], units: list[_Unit], chosen: dict[int, tuple[_Told, int]]) -> None:
    placed = {each.id for each, _seconds in chosen.values()}
    for each in told:
        if each.id not in placed and (each.out_line or each.in_line):
            remaking.make((None, None, each.id), Why(), each.src, each.dst)
        elif each.id in placed and not (each.out_line or each.in_line):
            remaking.end(each.entry, each.entry_src, each.entry_dst)
    for unit in units:
        found, seconds = chosen.get(unit.entry, (None, None))
        told_id = found.id if found else None
        if told_id == unit.told:
            continue
        rule, apart = _rule(unit)
        remaking.end(unit.entry, unit.entry_src, unit.dst)
        triple: Triple = (unit.out_line, unit.in_line, told_id)
        remaking.make(triple, Why(rule, apart, seconds), unit.src, unit.dst, found.src if found else None)


def _rule(unit: _Unit) -> tuple[str, int]:
    """The match of the unit's two rows, which stays what it was."""
    if not (unit.out_line and unit.in_line):
        return "", 0
    rows = LedgerMatch.objects.filter(entry_id=unit.entry, undone_at__isnull=True).exclude(rule=Rule.TOLD)
    return rows.values_list("rule", "seconds_apart").first() or ("", 0)
