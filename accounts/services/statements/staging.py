"""Rows of a file on their way into the database, batch by batch: parties, sealed rows, remarks, totals for the preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from accounts.models import StatementFile, StatementIssue
from accounts.rules.second_numbers import names_wallet
from accounts.rules.statements import Batch, Header, Issue, words
from accounts.rules.statements.memo import Fault
from accounts.services.ledger.parties import CASH, Party, parties_nodes
from accounts.services.ledger.second_numbers import numbers_teach
from accounts.services.statements.known import has_others, known_places
from accounts.services.statements.packing import COLUMNS, TABLE, Packer
from accounts.services.statements.stated import state_balances
from antifraud import bulk
from antifraud.crypto.blind import blind_indexes
from banks.models import Institution

DEVICE_INDEX = "device"
_ISSUE_COLUMNS = ("file_id", "row", "field", "code", "severity")
MOST_ISSUES = 100_000  # kept one by one; a file with more is no statement, and the counts go on


class Staging:
    """What one reading of a file has brought so far."""

    def __init__(self, file: StatementFile) -> None:
        self.case_id: UUID = file.case_id
        self.file_id: UUID = file.pk
        self.institution_id: UUID | None = file.institution_id
        self.read = self.good = self.known = 0
        self._has_others = has_others(file.case_id, file.pk)
        self.severities: Counter[str] = Counter()
        self._issues = 0
        self._totals: dict[tuple[str, str], list[int]] = {}
        self._nodes: dict[str, int] = {}
        self.parties: dict[int, tuple[str, str]] = {}  # as `StatementFile.parties`
        self._stated: set[tuple[str, str]] = set()
        self._devices: dict[str, bytes] = {}
        self._pairs: set[tuple[str, str]] = set()
        self._is_of_wallet = file.institution is not None and file.institution.kind == Institution.Kind.PAYMENT
        self._packer = Packer(file.case_id, file.pk, bytes(file.sha256))

    @property
    def totals(self) -> list[dict[str, object]]:
        """As `StatementFile.totals`."""
        return [
            {"currency": currency, "direction": way, "count": count, "sum_minor": total}
            for (currency, way), (count, total) in sorted(self._totals.items())
        ]

    def head(self, header: Header) -> None:
        """What the headings say of all rows."""
        self._is_of_wallet |= any(
            names_wallet(heading) for heading, field in header.mapping.items() if field == "account"
        )

    def stage(self, batch: Batch) -> None:
        """Write a batch in the open unit of work."""
        self.read += batch.read
        self.good += len(batch)
        self._write_issues(batch.issues)
        if not len(batch):
            return
        state_balances(batch, self._stated)
        self._add_up(batch)
        self._meet(batch)
        self._learn(batch)
        self._index_devices(batch.device)
        counters = list(map(self._nodes.get, batch.counter))  # nobody: None
        if any(batch.cash):
            cash = self._nodes[CASH]
            counters = [cash if c is None and is_cash else c for c, is_cash in zip(counters, batch.cash, strict=True)]
        keys = list(self._packer.keys(batch))
        known = known_places(self.case_id, self.file_id, keys, batch) if self._has_others else frozenset[int]()
        self.known += len(known)
        nodes = list(map(self._nodes.__getitem__, batch.account))
        bulk.copy_raw(TABLE, COLUMNS, self._packer.rows(batch, nodes, counters, self._devices, keys, known))

    def _add_up(self, batch: Batch) -> None:
        totals = self._totals
        for key, amount in zip(zip(batch.currency, batch.direction, strict=True), batch.amount, strict=True):
            found = totals.get(key)
            if found is None:
                found = totals[key] = [0, 0]
            found[0] += 1
            found[1] += amount

    def _meet(self, batch: Batch) -> None:
        """Nodes for the numbers that this reading has not met before."""
        fresh = (set(batch.account) | set(batch.counter)) - self._nodes.keys() - {""}
        parties = _parties(batch, fresh, self.institution_id)
        if any(batch.cash) and CASH not in self._nodes:
            parties.append(Party(CASH))
        self._nodes |= parties_nodes(self.case_id, parties, is_preview=True)
        self.parties |= {self._nodes[each.number]: (each.name, each.bank) for each in parties if each.name or each.bank}

    def _learn(self, batch: Batch) -> None:
        """Second numbers of the owners' accounts; one that a spreadsheet program may have rounded teaches nothing.

        Nor does a wallet's file: the card beside the wallet is a bank's.
        """
        if self._is_of_wallet:
            return
        told = zip(batch.account, batch.details, strict=True)
        pairs = {(number, other) for number, detail in told if (other := detail.get("account_other"))} - self._pairs
        if not pairs:
            return
        self._pairs |= pairs
        read = {(number, words.account_number(other)) for number, other in pairs}
        known = {pair for pair in read if pair[1] and not isinstance(pair[1], Fault) and pair[0] != pair[1]}
        numbers_teach(self.case_id, self.file_id, {pair for pair in known if not any(map(words.looks_rounded, pair))})

    def _index_devices(self, devices: Iterable[str]) -> None:
        fresh = [device for device in set(devices) - self._devices.keys() if device]
        found = blind_indexes(DEVICE_INDEX, fresh)
        self._devices |= {device: bulk.raw(index) for device, index in zip(fresh, found, strict=True)}

    def _write_issues(self, issues: Iterable[Issue]) -> None:
        found = list(issues)
        self.severities.update(issue.severity for issue in found)
        kept = found[: max(0, MOST_ISSUES - self._issues)]
        self._issues += len(kept)
        if kept:
            file = bulk.raw(self.file_id.bytes)
            rows = (
                (file, bulk.int4(i.row), bulk.text(i.field), bulk.text(i.code), bulk.text(i.severity)) for i in kept
            )
            bulk.copy_rows(StatementIssue._meta.db_table, _ISSUE_COLUMNS, rows)


def _parties(batch: Batch, fresh: set[str], institution_id: UUID | None) -> list[Party]:
    """Name and bank of each number that is new, as its first row in the batch tells them."""
    if not fresh:
        return []
    count = range(len(batch) - 1, -1, -1)
    as_owner = dict(zip(reversed(batch.account), count, strict=True))
    as_counter = dict(zip(reversed(batch.counter), count, strict=True))
    found = []
    for number in sorted(fresh):
        own, other = as_owner.get(number), as_counter.get(number)
        name = batch.account_name[own] if own is not None else ""
        name = name or (batch.counter_name[other] if other is not None else "")
        bank = batch.counter_bank[other] if own is None and other is not None else ""
        found.append(Party(number, name, bank, institution_id if own is not None else None))
    return found
