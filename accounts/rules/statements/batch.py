"""What reading a statement file gives: a header, batches of rows column by column, and findings; no parsing here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from accounts.rules.statements.messages import MESSAGES
from antifraud.problems import Param

BATCH_ROWS = 20_000
SHEET_ROWS = 10_000_000

Severity = Literal["bad", "left_out", "doubt"]
BalanceKind = Literal["opening", "closing"]


class StatementError(ValueError):
    """A file that is refused as a whole; `code` is a key of MESSAGES, `params` fill its placeholders.

    A twin of the workbooks' SheetError on purpose: each crosses from its own child process, and what may be revived there
    is looked up in the module of the error alone (`antifraud.confined`); one class for both would widen that list.
    """

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(MESSAGES[code].format(**params))
        self.code = code
        self.params = params

    def __reduce__(self) -> tuple[Any, ...]:
        """Keyword arguments survive the way out of the child process."""
        return _revive_error, (self.code, self.params)


def _revive_error(code: str, params: dict[str, Param]) -> StatementError:
    return StatementError(code, **params)


class NeedsMapping(ValueError):
    """A table whose columns are not all recognised: an officer names them and the file is read again.

    `headings` as the file has them, `recognised` {heading: field} what is already understood, `missing` the fields
    without which no row can be read, `samples` up to five rows as they stand in the file: personal data, to be masked
    by the caller. `sheet` is "" except in a workbook.
    """

    def __init__(
        self,
        headings: Sequence[str],
        samples: Sequence[Sequence[str]],
        *,
        recognised: Mapping[str, str],
        missing: Sequence[str],
        sheet: str = "",
        row: int = 1,
    ) -> None:
        super().__init__(MESSAGES["needs_mapping"].format(missing=", ".join(missing)))
        self.code = "needs_mapping"
        self.headings = tuple(headings)
        self.samples = tuple(tuple(sample) for sample in samples)
        self.recognised = dict(recognised)
        self.missing = tuple(missing)
        self.sheet = sheet
        self.row = row

    def __reduce__(self) -> tuple[Any, ...]:
        """Keyword arguments survive the way out of the child process."""
        known = {"recognised": self.recognised, "missing": self.missing, "sheet": self.sheet, "row": self.row}
        return _revive_mapping, (self.headings, self.samples, known)


def _revive_mapping(headings: Sequence[str], samples: Sequence[Sequence[str]], known: dict[str, Any]) -> NeedsMapping:
    return NeedsMapping(headings, samples, **known)


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    """Comes before the batches it is about: once in a file, in a workbook once for each sheet of entries.

    `layout`: table, mt940, mt942, camt052, camt053, camt054, ofx. `mapping` {heading: field} as used, `unused` the
    headings that were not. `assumed` names fields that the file does not state and a rule filled ("currency").
    `account` is the one account of the file where the file says so before its rows. `size` in bytes.
    """

    layout: str
    encoding: str = ""
    headings: tuple[str, ...] = ()
    mapping: Mapping[str, str] = dataclasses.field(default_factory=dict)
    unused: tuple[str, ...] = ()
    sheet: str = ""
    sheet_no: int = 0
    skipped_sheets: tuple[str, ...] = ()
    heading_row: int = 0
    account: str = ""
    account_name: str = ""
    assumed: tuple[str, ...] = ()
    size: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Issue:
    """One finding about one row; `code` is a key of MESSAGES. A row has at most one that is bad or left_out.

    `row` as in Batch; 0 = the file as a whole.
    """

    row: int
    field: str
    code: str
    severity: Severity


@dataclasses.dataclass(frozen=True, slots=True)
class StatedBalance:
    """A balance that the file states outside its entries. `minor` is negative for a debit balance."""

    account: str
    kind: BalanceKind
    currency: str
    minor: int
    at_us: int
    is_interim: bool = False


@dataclasses.dataclass(slots=True)
class Batch:
    """At most BATCH_ROWS good rows as parallel lists, and the findings of the stretch of the file they stand in.

    `row`: line of the file (CSV: physical line on which the record begins; MT940: line of the entry; camt, OFX: number of
    the entry), from 1; in the nth further sheet of a workbook n * SHEET_ROWS is added. `at_us`: microseconds since
    1970 in UTC; with `day_only` the local midnight of the day. `amount`: minor units, more than zero. `balance`: minor
    units after the entry, None = not stated. Texts are "" where the file says nothing. `details`: other fields by name.
    `read` counts the rows looked at, good or not; `done_bytes` how much of the file is consumed.
    """

    row: list[int] = dataclasses.field(default_factory=list)
    account: list[str] = dataclasses.field(default_factory=list)
    account_name: list[str] = dataclasses.field(default_factory=list)
    counter: list[str] = dataclasses.field(default_factory=list)
    counter_name: list[str] = dataclasses.field(default_factory=list)
    counter_bank: list[str] = dataclasses.field(default_factory=list)
    at_us: list[int] = dataclasses.field(default_factory=list)
    day_only: list[bool] = dataclasses.field(default_factory=list)
    direction: list[str] = dataclasses.field(default_factory=list)
    amount: list[int] = dataclasses.field(default_factory=list)
    currency: list[str] = dataclasses.field(default_factory=list)
    balance: list[int | None] = dataclasses.field(default_factory=list)
    serial: list[str] = dataclasses.field(default_factory=list)
    device: list[str] = dataclasses.field(default_factory=list)
    cash: list[bool] = dataclasses.field(default_factory=list)
    reference: list[str] = dataclasses.field(default_factory=list)
    details: list[dict[str, str]] = dataclasses.field(default_factory=list)
    issues: list[Issue] = dataclasses.field(default_factory=list)
    stated: list[StatedBalance] = dataclasses.field(default_factory=list)
    read: int = 0
    done_bytes: int = 0

    def __len__(self) -> int:
        return len(self.row)


ROW_COLUMNS = tuple(
    f.name for f in dataclasses.fields(Batch) if f.name not in {"issues", "stated", "read", "done_bytes"}
)

# What may come out of the child process that reads (antifraud.confined).
CLASSES = (Header, Batch, Issue, StatedBalance, StatementError, NeedsMapping)


def place(row: int) -> tuple[int, int]:
    """(number of the sheet from 0, row in it) of a row number in a Batch."""
    return divmod(row, SHEET_ROWS)
