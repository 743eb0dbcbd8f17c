"""Workbooks of statements: which sheets hold entries, each read as a table; sheets about people and accounts are skipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from accounts.rules.statements.batch import BATCH_ROWS, Batch, Header, NeedsMapping, StatementError
from accounts.rules.statements.entries import Entries, Setting
from accounts.rules.statements.fields import heading_key
from accounts.rules.statements.tables import HEADING_LINES, Plan, Row, chunks, find_headings, heading_score, plan
from accounts.rules.statements.xlsx_parts import Book, Sheet, opened, shared_strings
from accounts.rules.statements.xlsx_sheet import SheetRows

Owner = tuple[str, str] | None
# What replies hold beside entries; such a sheet is never offered for naming its columns.
_OTHER_SHEETS = (
    "账户信息",
    "人员信息",
    "强制措施",
    "账户基本",
    "客户信息",
    "任务信息",
    "关联",
    "开户",
    "措施",
    "说明",
    "联系",
    "目录",
)


def read_xlsx(
    stream: BinaryIO, *, mapping: Mapping[str, str] | None, zone: str, owner: Owner, size: int
) -> Iterator[Header | Batch]:
    """For each sheet of entries a Header and its batches. Raises StatementError, NeedsMapping."""
    with opened(stream, size) as book:
        strings = shared_strings(book.archive)
        plans = _plans(book, strings, mapping, has_owner=owner is not None)
        skipped = tuple(sheet.name for sheet in book.sheets if sheet not in plans)
        for number, (sheet, table) in enumerate(plans.items()):
            yield Header(
                layout="table", encoding="xlsx", headings=table.headings, mapping=table.mapping, unused=table.unused,
                sheet=sheet.name, sheet_no=number, skipped_sheets=skipped, heading_row=table.heading_row,
                account=table.account, account_name=table.account_name, assumed=table.assumed, size=size,
            )  # fmt: skip
            for batch in _batches(book, sheet, strings, table, zone, owner, number):
                batch.done_bytes = min(stream.tell(), size)  # where the archive is being read
                yield batch


def _batches(
    book: Book, sheet: Sheet, strings: Sequence[str], table: Plan, zone: str, owner: Owner, number: int
) -> Iterator[Batch]:
    rows = SheetRows(book, sheet, strings, after=table.heading_row)
    own = (table.account, table.account_name) if table.account else None
    entries = Entries(Setting(zone, owner or own, table.currency))
    for chunk in chunks(table, [], rows, BATCH_ROWS, sheet_no=number, columns=rows.columns):
        yield entries.take(chunk)


def _plans(
    book: Book, strings: Sequence[str], mapping: Mapping[str, str] | None, *, has_owner: bool
) -> dict[Sheet, Plan]:
    """The sheets that hold entries and how each is read. Raises NeedsMapping for the likeliest sheet if there is none."""
    plans: dict[Sheet, Plan] = {}
    wanting: list[tuple[int, NeedsMapping]] = []
    is_mapped = False
    for sheet in (sheet for sheet in book.sheets if sheet.is_visible):
        first = _first(book, sheet, strings)
        fitting = mapping if mapping and _fits(mapping, first) else None
        is_mapped = is_mapped or fitting is not None
        at = find_headings(first, fitting)
        if at is None:
            continue
        try:
            plans[sheet] = plan(first, at, fitting, has_owner=has_owner, sheet=sheet.name)
        except NeedsMapping as need:
            if not any(word in sheet.name for word in _OTHER_SHEETS):
                wanting.append((heading_score(first[at][1], None), need))
    if mapping and not is_mapped:
        raise StatementError("mapping_unknown_heading")
    if not plans and wanting:
        raise max(wanting, key=lambda found: found[0])[1]
    if not plans:
        raise StatementError("sheet_missing")
    return plans


def _first(book: Book, sheet: Sheet, strings: Sequence[str]) -> list[Row]:
    numbers, rows = SheetRows(book, sheet, strings)(HEADING_LINES)
    return list(zip(numbers, rows, strict=True))


def _fits(mapping: Mapping[str, str], rows: Sequence[Row]) -> bool:
    """Whether some line of the sheet holds all headings that the mapping names."""
    named = {heading_key(heading) for heading in mapping if not heading.startswith("=")}
    return any(named <= {heading_key(cell) for cell in cells} for _, cells in rows)
