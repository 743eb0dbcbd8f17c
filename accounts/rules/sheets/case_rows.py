"""The sheet of the case import: its columns, and rows of the same incident put together as one case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.rules.sheets.cells import Value
from accounts.rules.sheets.columns import Column, compared
from accounts.rules.sheets.reading import RowResult
from antifraud.problems import Problem
from cases.rules.fraud_types import FRAUD_TYPES

_FRAUD_WORDS = {compared(word): row.code for row in FRAUD_TYPES.values() for word in (row.code, row.en, row.zh)}

CASE_COLUMNS: tuple[Column, ...] = (
    Column("incident_number", "text", needed=True, required=True, max_length=60),
    Column("fraud_type", "word", needed=True, required=True, of_case=True, words=_FRAUD_WORDS),
    Column("sub_type", "text", of_case=True, max_length=100),
    Column("narrative", "text", of_case=True, max_length=10_000),
    Column("reported_at", "time", needed=True, required=True, of_case=True),
    Column("occurred_at", "time", of_case=True),
    Column("loss", "amount", of_case=True),
    Column("currency", "text", max_length=3),
    Column("victim_name", "text", needed=True, required=True, of_case=True, max_length=100),
    Column("victim_id_number", "text", of_case=True, max_length=40),
    Column("victim_phone", "phone", of_case=True),
    Column("victim_bank", "text"),
    Column("victim_number", "number"),
    Column("target_number", "number", needed=True, required=True),
    Column("target_bank", "text"),
    Column("target_name", "text", max_length=100),
    Column("transfer_amount", "amount"),
    Column("transfer_at", "time"),
    Column("channel", "text", max_length=60),
    Column("reference", "text", max_length=100),
)
_OF_CASE = tuple(column for column in CASE_COLUMNS if column.of_case)


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """One case of the sheet: the values that belong to it, and its rows, one for each transfer."""

    incident_number: str
    values: dict[str, Value]
    rows: tuple[RowResult, ...] = field(default_factory=tuple)

    @property
    def ok(self) -> bool:
        """Whether the case can be filed as it stands: no row of it is blocked."""
        return all(row.ok for row in self.rows)


def group_cases(rows: Iterable[RowResult]) -> list[CaseGroup]:
    """Rows with the same incident number are one case, in the order of their first row.

    A value of the case comes from the first row that gives it; a later row may repeat it or leave it
    empty, and a different one is a problem of that later row. What the case needs and no row gives is a
    problem of its first row. A row that repeats number, amount and time of another is warned about.
    Rows without an incident number stay out: they carry their own problem.
    """
    by_incident: dict[str, list[RowResult]] = {}
    for row in rows:
        incident = row.values.get("incident_number")
        if isinstance(incident, str):
            by_incident.setdefault(incident, []).append(row)
    return [_group(incident, found) for incident, found in by_incident.items()]


def _group(incident: str, rows: list[RowResult]) -> CaseGroup:
    values: dict[str, Value] = {}
    given_in: dict[str, int] = {}
    transfers: dict[tuple[Value | None, ...], int] = {}
    for row in rows:
        for column in _OF_CASE:
            value = row.values.get(column.name)
            if value is None:
                continue
            first = given_in.setdefault(column.name, row.row_no)
            if values.setdefault(column.name, value) != value:
                row.note(Problem("case_field_differs", {"first": first}, column.name))
        transfer = tuple(row.values.get(name) for name in ("target_number", "transfer_amount", "transfer_at"))
        first = transfers.setdefault(transfer, row.row_no)
        if first != row.row_no:
            row.note(Problem("row_repeated", {"first": first}, "target_number", "warning"))
    wrong = {name for row in rows for name in row.problems}
    for column in _OF_CASE:
        if column.required and column.name not in values and column.name not in wrong:
            rows[0].note(Problem("cell_required", field=column.name))
    return CaseGroup(incident, values, tuple(rows))
