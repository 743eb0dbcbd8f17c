"""The money columns of a chunk: currency, amount in one or two columns, balance; signs are judged in `directions`."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType

from accounts.rules.statements import words
from accounts.rules.statements.amounts import Amounts, currency_code
from accounts.rules.statements.batch import Batch
from accounts.rules.statements.chunk import Chunk
from accounts.rules.statements.memo import Fault, Memo


class Money:
    """Fills currency, amount (signed), direction (the side by column, "" else) and balance of a batch."""

    def __init__(self, currency: str) -> None:
        self._assumed = currency
        self._readers: dict[str, Amounts] = {}
        self._currencies: Memo[str | Fault] = Memo(currency_code)

    def fill(self, chunk: Chunk, batch: Batch) -> None:
        """One chunk; findings go to the chunk."""
        texts = chunk.column("currency")
        batch.currency = (
            [self._assumed] * len(chunk.rows) if texts is None else chunk.read("currency", texts, self._currencies, "")
        )
        if not all(batch.currency):
            self._assume(chunk, batch)
        two = chunk.column("in_amount") is not None or chunk.column("out_amount") is not None
        batch.amount = self._amounts(chunk, batch, "amount", is_needed=not two)
        batch.direction = [""] * len(chunk.rows)
        if two:
            self._two_columns(chunk, batch)
        batch.balance = self._balances(chunk, batch)

    def _assume(self, chunk: Chunk, batch: Batch) -> None:
        for at, code in enumerate(batch.currency):
            if code:
                continue
            batch.currency[at] = self._assumed
            if not self._assumed:
                chunk.fault(at, "currency", "currency_missing")
            elif at not in chunk.faults:
                chunk.doubt(at, "currency", "currency_assumed")

    def _column(self, batch: Batch, texts: Sequence[str]) -> list[int | Fault | None]:
        """Signed minor units; None for an empty cell and where the currency is not known."""
        codes = set(batch.currency)
        if len(codes) == 1 and "" not in codes:
            return self._reader(batch.currency[0]).column(texts)
        memos = {code: self._reader(code).memo for code in codes if code}
        return [memos[c][t] if c and t else None for c, t in zip(batch.currency, texts, strict=True)]

    def _reader(self, currency: str) -> Amounts:
        if currency not in self._readers:
            self._readers[currency] = Amounts(currency)
        return self._readers[currency]

    def _amounts(self, chunk: Chunk, batch: Batch, field: str, *, is_needed: bool) -> list[int]:
        """Signed minor units of a column; zero with a finding where a needed amount is missing or wrong."""
        texts = chunk.column(field)
        values: Sequence[int | Fault | None] = [None] * len(chunk.rows) if texts is None else self._column(batch, texts)
        if set(map(type, values)) == {int}:
            return list(values)  # type: ignore[arg-type]  # nothing but integers
        amounts: list[int] = []
        for at, value in enumerate(values):
            if isinstance(value, int):
                amounts.append(value)
                continue
            amounts.append(0)
            code = str(value) if isinstance(value, Fault) else "amount_missing"
            if is_needed or code != "amount_missing":
                chunk.fault(at, field, code)
        return amounts

    def _two_columns(self, chunk: Chunk, batch: Batch) -> None:
        """收入 and 支出 in columns of their own: one of them holds the amount, an empty or zero cell is nothing."""
        ins = self._amounts(chunk, batch, "in_amount", is_needed=False)
        outs = self._amounts(chunk, batch, "out_amount", is_needed=False)
        for at, (came, went) in enumerate(zip(ins, outs, strict=True)):
            if came and went:
                chunk.fault(at, "amount", "amount_both_sides")
            elif came or went:
                batch.amount[at] = came or abs(went)
                batch.direction[at] = "in" if came else "out"

    def _balances(self, chunk: Chunk, batch: Batch) -> list[int | None]:
        texts = chunk.column("balance")
        values = [None] * len(chunk.rows) if texts is None else self._column(batch, texts)
        if set(map(type, values)) <= {int, NoneType}:
            return list(values)  # type: ignore[arg-type]  # no Fault among them
        balances: list[int | None] = []
        for at, value in enumerate(values):
            if isinstance(value, Fault):
                if value != "amount_missing" and words.clean((texts or [""])[at]):
                    chunk.doubt(at, "balance", "balance_unreadable")
                value = None
            balances.append(value)
        return balances
