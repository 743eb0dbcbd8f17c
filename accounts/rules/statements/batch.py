"""What reading a statement file gives: a header, batches of rows column by column, and findings; no parsing here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Self, get_args

from accounts.rules.statements import crossing
from accounts.rules.statements.messages import MESSAGES
from antifraud import border
from antifraud.border import Pieces

BATCH_ROWS = 20_000
SHEET_ROWS = 10_000_000
SAMPLE_CHARACTERS = 500  # of a cell that is shown while columns are named

Severity = Literal["bad", "left_out", "doubt"]
BalanceKind = Literal["opening", "closing"]
Reader = Callable[..., list[Any]]  # of a column that was told
_SEVERITIES, _KINDS, _DIRECTIONS = (
    frozenset(get_args(Severity)), frozenset(get_args(BalanceKind)), frozenset({"in", "out"}),
)  # fmt: skip


class StatementError(border.Refusal):
    """A file that is refused as a whole; `code` is a key of MESSAGES."""

    messages = MESSAGES


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

    def to_border(self, _pieces: list[bytes]) -> Any:
        """What `from_border` makes it of."""
        samples = [[cell[:SAMPLE_CHARACTERS] for cell in sample] for sample in self.samples]
        return [self.headings, samples, self.recognised, self.missing, self.sheet, self.row]

    @classmethod
    def from_border(cls, told: Any, _pieces: Pieces) -> Self:
        """The question that was told (antifraud.border)."""
        headings, samples, recognised, missing, sheet, row = told
        return cls(
            border.texts(headings), [border.texts(sample) for sample in samples], recognised=border.named(recognised),
            missing=border.texts(missing), sheet=border.text(sheet), row=border.number(row),
        )  # fmt: skip


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

    def to_border(self, _pieces: list[bytes]) -> Any:
        """By name, as it is."""
        return {name: getattr(self, name) for name in _HEADER_READERS}

    @classmethod
    def from_border(cls, told: Any, _pieces: Pieces) -> Self:
        """The header that was told (antifraud.border)."""
        return cls(**{name: read(told[name]) for name, read in _HEADER_READERS.items()})


_OF_TYPE: dict[str, Callable[[Any], Any]] = {
    "str": border.text, "int": border.number, "tuple[str, ...]": border.texts, "Mapping[str, str]": border.named,
}  # fmt: skip
_HEADER_READERS = {f.name: _OF_TYPE[str(f.type)] for f in dataclasses.fields(Header)}


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

    def to_border(self, pieces: list[bytes]) -> Any:
        """Columns packed: most of them repeat, and the pipe and both its ends cost time for every value."""
        columns = [crossing.packed(getattr(self, name), pieces) for name in ROW_COLUMNS]
        found = [[getattr(issue, name) for issue in self.issues] for name in _ISSUE]
        stated = [[getattr(balance, name) for balance in self.stated] for name in _STATED]
        return [
            len(self), columns,
            [len(self.issues), *(crossing.packed(column, pieces) for column in found)],
            [len(self.stated), *(crossing.packed(column, pieces) for column in stated)],
            self.read, self.done_bytes,
        ]  # fmt: skip

    @classmethod
    def from_border(cls, told: Any, pieces: Pieces) -> Self:
        """The batch that was told (antifraud.border): each column of its type, all of one length."""
        count, columns, found, balances, read, done_bytes = told
        made = {name: _READERS[name](column, count, pieces) for name, column in zip(ROW_COLUMNS, columns, strict=True)}
        issues = crossing.findings(found, pieces, Issue, *_ISSUE.values())
        stated = crossing.findings(balances, pieces, StatedBalance, *_STATED.values())
        if not (
            set(made["direction"]) <= _DIRECTIONS
            and {issue.severity for issue in issues} <= _SEVERITIES
            and {issue.code for issue in issues} <= MESSAGES.keys()
            and {balance.kind for balance in stated} <= _KINDS
            and min(made["amount"], default=1) > 0
        ):
            raise ValueError("not a batch")
        return cls(
            **made,
            issues=issues,
            stated=stated,
            read=border.number(read, least=0),
            done_bytes=border.number(done_bytes, least=0),
        )


ROW_COLUMNS = tuple(
    f.name for f in dataclasses.fields(Batch) if f.name not in {"issues", "stated", "read", "done_bytes"}
)
_READERS: dict[str, Reader] = dict.fromkeys(ROW_COLUMNS, crossing.texts) | {
    "row": crossing.integers, "at_us": crossing.integers, "amount": crossing.integers, "balance": crossing.integers_or_none,
    "day_only": crossing.flags, "cash": crossing.flags, "details": crossing.dictionaries,
}  # fmt: skip
_ISSUE: dict[str, Reader] = {
    "row": crossing.integers,
    "field": crossing.texts,
    "code": crossing.texts,
    "severity": crossing.texts,
}
_STATED: dict[str, Reader] = {
    "account": crossing.texts, "kind": crossing.texts, "currency": crossing.texts, "minor": crossing.integers,
    "at_us": crossing.integers, "is_interim": crossing.flags,
}  # fmt: skip

# What may come out of the child process that reads (antifraud.confined).
CLASSES = (Header, Batch, Issue, StatedBalance, StatementError, NeedsMapping)


def place(row: int) -> tuple[int, int]:
    """(number of the sheet from 0, row in it) of a row number in a Batch."""
    return divmod(row, SHEET_ROWS)
