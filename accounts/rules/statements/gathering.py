"""Entries of message formats (MT940, camt, OFX) gathered one by one into the columns that `entries` reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accounts.rules.statements.amounts import Amounts, currency_code
from accounts.rules.statements.batch import BATCH_ROWS, BalanceKind, Batch, Issue, Severity, StatedBalance
from accounts.rules.statements.chunk import Chunk
from accounts.rules.statements.entries import Entries
from accounts.rules.statements.memo import Fault
from accounts.rules.statements.moments import Moments
from accounts.rules.statements.words import account_number

_WORDS = (
    "account account_name date direction amount currency serial reference summary kind counter counter_name "
    "counter_bank counter_id voucher_number place merchant_number"
)
GATHERED = tuple(_WORDS.split())


class Gathering:
    """Collects rows and stated balances of one file; gives a batch whenever enough are together."""

    def __init__(self, entries: Entries, zone: str) -> None:
        self._entries = entries
        self._moments = Moments(zone)
        self._amounts: dict[str, Amounts] = {}
        self._new()
        self.count = 0

    def _new(self) -> None:
        self._rows: list[int] = []
        self._texts: list[dict[str, str]] = []
        self._stated: list[StatedBalance] = []
        self._findings: list[tuple[int, str, str, Severity]] = []

    def add(self, row: int, **texts: str) -> None:
        """One entry of line or number `row`, its texts by field."""
        self._rows.append(row)
        self._texts.append(texts)
        self.count += 1

    def last(self) -> dict[str, str]:
        """The texts of the entry added last; to be completed by lines that follow it."""
        return self._texts[-1]

    def find(self, field: str, code: str, severity: Severity) -> None:
        """A finding about the entry added last."""
        self._findings.append((len(self._rows) - 1, field, code, severity))

    def balance(
        self, account: str, kind: BalanceKind, currency: str, amount: str, day: str, *, is_interim: bool = False
    ) -> None:
        """A balance that the file states; what cannot be read is left out, since no entry depends on it."""
        code = currency_code(currency)
        if not code or isinstance(code, Fault):
            return
        minor = self._amounts.setdefault(code, Amounts(code)).memo[amount]
        moment = self._moments.memo[day]
        if isinstance(minor, Fault):
            return
        at_us = 0 if isinstance(moment, Fault) else moment.at_us
        self._stated.append(StatedBalance(account, kind, code, minor, at_us, is_interim))

    def full(self, done_bytes: int) -> Iterator[Batch]:
        """A batch if BATCH_ROWS entries are together."""
        if len(self._rows) >= BATCH_ROWS:
            yield self._batch(done_bytes)

    def rest(self, done_bytes: int) -> Iterator[Batch]:
        """What is left, if anything."""
        if self._rows or self._stated:
            yield self._batch(done_bytes)

    def _batch(self, done_bytes: int) -> Batch:
        texts = self._texts
        columns: dict[str, Sequence[str]] = {field: [row.get(field, "") for row in texts] for field in GATHERED}
        chunk = Chunk(self._rows, columns, stated=self._stated, done_bytes=done_bytes)
        for at, field, code, severity in self._findings:
            if severity == "doubt":
                chunk.doubts.append(Issue(self._rows[at], field, code, severity))
            else:
                chunk.fault(at, field, code, severity)
        self._new()
        return self._entries.take(chunk)


def number_or_nothing(text: str) -> str:
    """Normal form of an account number; "" for what is none, so that the file's owner stands in."""
    number = account_number(text)
    return "" if isinstance(number, Fault) else number
