"""Texts of a file's rows -> typed batches: every rule of reading an entry, whatever the format it came in."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from itertools import compress
from operator import eq

from accounts.rules.statements import words
from accounts.rules.statements.batch import ROW_COLUMNS, Batch
from accounts.rules.statements.cells import Cells, are_numbers, different, each
from accounts.rules.statements.chunk import Chunk
from accounts.rules.statements.directions import Directions
from accounts.rules.statements.entry_money import Money
from accounts.rules.statements.entry_texts import Texts
from accounts.rules.statements.fields import known_field
from accounts.rules.statements.memo import Fault, Memo
from accounts.rules.statements.moments import Moment, Moments
from accounts.rules.statements.plain_lines import column_text

_HEADING_CELLS = 3  # a row with so many headings is the headings again, as at the top of a printed page
# Columns of numbers that `words.counter_number` would leave as they are.
_NUMBER_COLUMN = re.compile(r"(?:(?:(?=0*[1-9])[0-9]{4,34})?\n)*+")
_NO_TIME = Moment(0, day_only=True)


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """What holds for all rows: zone of times without offset, owner (number, name) of rows that name no account,
    currency of rows that name none ("" = such rows are refused)."""

    zone: str
    owner: tuple[str, str] | None = None
    currency: str = ""


class Entries:
    """Reads the rows of one file, chunk by chunk; memory grows with the different values of one chunk only."""

    def __init__(self, setting: Setting) -> None:
        number = words.account_number(setting.owner[0]) if setting.owner else ""
        self._owner = ("" if isinstance(number, Fault) else number, setting.owner[1] if setting.owner else "")
        self._moments = Moments(setting.zone)
        self._money = Money(setting.currency)
        self._texts = Texts()
        self._directions = Directions()
        self._accounts: Memo[str | Fault] = Memo(words.account_number)
        self._counters: Memo[str | Fault] = Memo(words.counter_number)
        self._rounded: set[str] = set()
        self._success: Memo[str] = Memo(words.success_word)
        self._cash: Memo[bool] = Memo(words.is_cash_word)

    def take(self, chunk: Chunk) -> Batch:
        """One chunk as a batch; rows with a finding that is bad or left_out are not in it."""
        batch = Batch(row=chunk.rows, read=len(chunk.rows), done_bytes=chunk.done_bytes, stated=chunk.stated)
        self._succeeded(chunk)
        self._own(chunk, batch)
        self._money.fill(chunk, batch)
        self._when(chunk, batch)
        self._which_way(chunk, batch)
        self._texts.fill(chunk, batch)
        self._other_side(chunk, batch)
        _explain(chunk)
        return _without_faults(chunk, batch)

    def _succeeded(self, chunk: Chunk) -> None:
        texts = chunk.column("success")
        if texts is None:
            return
        codes = {text: code for text in different(texts) if (code := self._success[text])}
        for at, text in enumerate(texts) if codes else ():
            code = codes.get(text, "")
            if code == "not_successful":
                chunk.fault(at, "success", code, "left_out")
            elif code:
                chunk.doubt(at, "success", code)

    def _own(self, chunk: Chunk, batch: Batch) -> None:
        """The card where one is named, else the account, else the owner of the file."""
        cards, accounts = chunk.column("card"), chunk.column("account")
        batch.account = chunk.read("account", cards or accounts or [""] * len(chunk.rows), self._accounts, "")
        batch.account_name = self._texts.clean(chunk, "account_name")
        if cards and accounts and not all(batch.account):
            others = chunk.read("account", accounts, self._accounts, "")
            batch.account = [card or other for card, other in zip(batch.account, others, strict=True)]
        owner, name = self._owner
        if not all(batch.account):
            for at, number in enumerate(batch.account):
                if number:
                    continue
                batch.account[at], batch.account_name[at] = owner, batch.account_name[at] or name
                if not owner:
                    chunk.fault(at, "account", "account_missing")
        for number in sorted(number for number in set(batch.account) if words.looks_rounded(number)):
            if number not in self._rounded:  # said once
                self._rounded.add(number)
                chunk.doubt(batch.account.index(number), "account", "account_rounded")

    def _when(self, chunk: Chunk, batch: Batch) -> None:
        wholes, days, clocks = (chunk.column(field) for field in ("at", "date", "time"))
        if wholes and days is None and clocks is None and (fast := self._moments.column(wholes)):
            batch.at_us, batch.day_only = fast
            return
        empty = [""] * len(chunk.rows)
        found: list[Moment | Fault] = (
            [self._moments.memo[text] for text in wholes or empty]
            if days is None and clocks is None
            else [
                self._moments.pair(*pair)
                for pair in zip(days or wholes or empty, clocks or wholes or empty, strict=True)
            ]
        )
        moments: list[Moment] = []
        for at, moment in enumerate(found):
            if isinstance(moment, Fault):
                chunk.fault(at, "at", str(moment))
                moment = _NO_TIME
            elif moment.doubt:
                chunk.doubt(at, "at", moment.doubt)
            moments.append(moment)
        batch.at_us = [moment.at_us for moment in moments]
        batch.day_only = [moment.day_only for moment in moments]

    def _which_way(self, chunk: Chunk, batch: Batch) -> None:
        batch.direction = self._directions.decide(chunk, batch)
        if min(batch.amount, default=0) < 0:
            batch.amount = list(map(abs, batch.amount))
        if 0 in batch.amount:
            for at, amount in enumerate(batch.amount):
                if not amount:
                    chunk.fault(at, "amount", "amount_zero", "left_out")

    def _other_side(self, chunk: Chunk, batch: Batch) -> None:
        texts = chunk.column("counter")
        batch.counter = [""] * len(chunk.rows) if texts is None else self._counter_numbers(chunk, batch, texts)
        if True in map(eq, batch.account, batch.counter):
            for at, number in enumerate(batch.counter):
                if number and number == batch.account[at]:
                    batch.counter[at] = ""
                    chunk.doubt(at, "counter", "counter_is_account")
        cards, accounts = chunk.column("card"), chunk.column("account")
        if cards and accounts and list(map(self._accounts.__getitem__, accounts)) != batch.account:  # keep both
            for at, (number, text) in enumerate(zip(batch.account, accounts, strict=True)):
                if text and self._accounts[text] != number:
                    batch.details[at] = batch.details[at] | {"account_other": words.clean(text)}
        batch.cash = self._cash_flags(chunk, batch)

    def _cash_flags(self, chunk: Chunk, batch: Batch) -> list[bool]:
        """What the flag says, or the summary of a row that names no counterpart."""
        flags, summaries = chunk.column("cash"), chunk.column("summary")
        cash = [False] * len(chunk.rows) if flags is None else each(flags, self._cash.__getitem__)
        if summaries is not None and (said := {text for text in different(summaries) if words.is_cash_summary(text)}):
            cash = [c or (s in said and not n) for c, s, n in zip(cash, summaries, batch.counter, strict=True)]
        return cash

    def _counter_numbers(self, chunk: Chunk, batch: Batch, texts: Sequence[str]) -> list[str]:
        if are_numbers(texts) if isinstance(texts, Cells) else _NUMBER_COLUMN.fullmatch(column_text(texts)):
            return list(texts)
        values = each(texts, self._counters.__getitem__)
        if self._counters.has_faults:
            for at, value in enumerate(values):
                if isinstance(value, Fault):
                    values[at] = ""
                    if value == "counter_unreadable":
                        chunk.doubt(at, "counter", value)
                        batch.details[at] = batch.details[at] | {"counter_text": words.clean(texts[at])}
                    else:
                        chunk.fault(at, "counter", str(value))
        return values


def _explain(chunk: Chunk) -> None:
    """Rows without a time that are no entries at all: answers 查无此卡, totals, remarks."""
    for at, issue in list(chunk.faults.items()):
        if issue.severity != "bad" or not _lacks_time(chunk, at):
            continue
        cells = [cell for cell in chunk.cells(at) if cell.strip()]
        if cells and words.says_total(cells[0]):
            del chunk.faults[at]
            chunk.fault(at, "", "total_row", "left_out")
        elif sum(map(bool, map(known_field, cells))) >= _HEADING_CELLS:
            del chunk.faults[at]
            chunk.fault(at, "", "heading_row", "left_out")
        elif any(map(words.says_no_account, cells)):
            del chunk.faults[at]
            chunk.fault(at, "feedback", "no_such_account", "left_out")


def _lacks_time(chunk: Chunk, at: int) -> bool:
    texts = [chunk.columns[field][at] for field in ("at", "date") if field in chunk.columns]
    return not any(any(c.isdigit() for c in text) for text in texts)


def _without_faults(chunk: Chunk, batch: Batch) -> Batch:
    faults, doubts = chunk.faults, chunk.doubts
    if faults:
        gone = {chunk.rows[at] for at in faults}
        keep = [at not in faults for at in range(len(chunk.rows))]
        for name in ROW_COLUMNS:
            setattr(batch, name, list(compress(getattr(batch, name), keep)))
        doubts = [issue for issue in doubts if issue.row not in gone]
    batch.issues = sorted([*faults.values(), *doubts], key=lambda issue: issue.row)
    return batch
