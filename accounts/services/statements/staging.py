"""Rows of a file on their way into the database, batch by batch: parties, sealed rows, remarks, totals for the preview."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import compress
from uuid import UUID

from accounts.models import StatementFile, StatementIssue
from accounts.rules.second_numbers import names_wallet
from accounts.rules.statements import Batch, Header, Issue, words
from accounts.rules.statements.memo import Fault
from accounts.services.ledger.parties import CASH, Told, numbers_nodes
from accounts.services.ledger.second_numbers import numbers_teach
from accounts.services.statements.known import has_others, known_places, ledger_version
from accounts.services.statements.packing import COLUMNS, TABLE, Packed, Packer
from accounts.services.statements.serials import Serials
from accounts.services.statements.stated import state_balances
from antifraud import bulk
from antifraud.crypto.blind import blind_indexes
from banks.models import Institution

DEVICE_INDEX = "device"
_ISSUE_COLUMNS = ("file_id", "row", "field", "code", "severity")
MOST_ISSUES = 100_000  # kept one by one; a file with more is no statement, and the counts go on


class Staging:
    """What one reading of a file has brought so far. Made and used in units of work but for `prepare`."""

    def __init__(self, file: StatementFile) -> None:
        self.case_id: UUID = file.case_id
        self.file_id: UUID = file.pk
        self.institution_id: UUID | None = file.institution_id
        self.read = self.good = self.known = 0
        self.unnumbered: set[int] = set()  # nodes of rows without a serial
        self.ledger_version = ledger_version(file.case_id)
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
        self._packer = Packer(file.case_id, file.pk)
        self._serials = Serials()

    @property
    def may_repeat(self) -> bool:
        """Whether two rows of the file may be one; certain only where not."""
        return self._serials.may_repeat()

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

    def prepare(self, batch: Batch) -> Packed | Batch:
        """The batch, packed as far as that needs no database; in order, and by one thread only."""
        if not len(batch):
            return batch
        state_balances(batch, self._stated)
        packed = self._packer.pack(batch, is_asked=self._has_others)
        self._serials.add(batch.account, packed.serials)
        return packed

    def stage(self, made: Packed | Batch) -> None:
        """Write what `prepare` made of a batch."""
        batch = made if isinstance(made, Batch) else made.batch
        self.read += batch.read
        self.good += len(batch)
        self._write_issues(batch.issues)
        if isinstance(made, Batch):
            return
        self._packer.renew(len(batch))
        self._add_up(batch)
        self._meet(batch)
        self._learn(batch)
        self._index_devices(batch.device)
        counters = list(map(self._nodes.get, batch.counter))  # nobody: None
        if any(batch.cash):
            cash = self._nodes[CASH]
            counters = [cash if c is None and is_cash else c for c, is_cash in zip(counters, batch.cash, strict=True)]
        nodes = list(map(self._nodes.__getitem__, batch.account))
        if not all(made.serials):
            self.unnumbered.update(node for node, serial in zip(nodes, made.serials, strict=True) if not serial)
        known = known_places(self.case_id, self.file_id, nodes, made) if self._has_others else frozenset[int]()
        self.known += len(known)
        bulk.copy_raw(TABLE, COLUMNS, made.rows(nodes, counters, self._devices, known))

    def _add_up(self, batch: Batch) -> None:
        """Whole columns where the batch has one currency, as nearly all have."""
        totals = self._totals
        if len(set(batch.currency)) == 1:
            ways = Counter(batch.direction)
            for way in ways:
                found = totals.setdefault((batch.currency[0], way), [0, 0])
                found[0] += ways[way]
                found[1] += sum(compress(batch.amount, map(way.__eq__, batch.direction)))
            return
        for currency, way, amount in zip(batch.currency, batch.direction, batch.amount, strict=True):
            found = totals.setdefault((currency, way), [0, 0])
            found[0] += 1
            found[1] += amount

    def _meet(self, batch: Batch) -> None:
        """Nodes for the numbers that this reading has not met before."""
        # As a method: the operator would go through all nodes that there are.
        fresh = {*batch.account, *batch.counter}.difference(self._nodes, ("",))
        told = _told(batch, fresh, self.institution_id)
        if any(batch.cash) and CASH not in self._nodes:
            told = Told([*told.numbers, CASH], [*told.names, ""], [*told.banks, ""], [*told.keepers, None])
        nodes = numbers_nodes(self.case_id, told)
        self._nodes |= nodes
        rows = zip(told.numbers, told.names, told.banks, strict=True)
        self.parties |= {nodes[number]: (name, bank) for number, name, bank in rows if name or bank}

    def _learn(self, batch: Batch) -> None:
        """Second numbers of the owners' accounts; one that a spreadsheet program may have rounded teaches nothing.

        Nor does a wallet's file: the card beside the wallet is a bank's.
        """
        different = dict(zip(map(id, batch.details), batch.details, strict=True)).values()
        if self._is_of_wallet or not any("account_other" in detail for detail in different):
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


def _told(batch: Batch, fresh: set[str], institution_id: UUID | None) -> Told:
    """Name and bank of each number that is new, as its first row in the batch tells them."""
    if not fresh:
        return Told([], [], [], [])
    places = range(len(batch) - 1, -1, -1)
    as_owner = dict(zip(reversed(batch.account), places, strict=True))
    as_other = dict(zip(reversed(batch.counter), places, strict=True))
    numbers = sorted(fresh)  # in this order they get their nodes
    rows = [as_other.get(number, -1) for number in numbers]
    names, banks = [
        [column[at] if at >= 0 else "" for at in rows] for column in (batch.counter_name, batch.counter_bank)
    ]
    keepers: list[UUID | None] = [None] * len(numbers)
    for number in fresh & as_owner.keys():
        at = bisect_left(numbers, number)
        names[at], banks[at] = batch.account_name[as_owner[number]] or names[at], ""
        keepers[at] = institution_id
    return Told(numbers, names, banks, keepers)
