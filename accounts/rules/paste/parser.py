"""The paste box line by line: headings, labels, cells, pieces, fields; the steps are in the modules
beside it.

A line is read in this order. (1) It names columns: the lines below are read by column as long as their
cells fit. (2) Parts after a label ("户名: 张三") go to that field. (3) The rest is split into cells and
words, each word is recognised by its shape, and the fields are chosen from what was found, in any
order. No line is ever dropped: what cannot be read stays with its text and a problem.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.rules.paste.choosing import choose
from accounts.rules.paste.draft import Draft
from accounts.rules.paste.headings import IGNORED, Columns, read_headings, split_labels
from accounts.rules.paste.lines import MAX_LINE_LENGTH, MAX_LINES, MAX_PARTS, PastedLine
from accounts.rules.paste.moments import read_compact, read_moment
from accounts.rules.paste.pieces import Piece, amount_piece, pieces_of
from accounts.rules.paste.splitting import cells_by, free_cells, separator_of, without_bullet
from accounts.rules.setting import Setting
from antifraud.plain_text import fold
from antifraud.problems import Problem

_LABELLED_KINDS: dict[str, tuple[str, ...]] = {
    "number": ("digits", "number"),
    "amount": ("amount", "digits"),
    "time": ("moment", "digits"),
    "bank": ("bank", "name", "noise"),
    "name": ("name", "bank", "noise"),
}
_PART_ENDS = re.compile(r"[ \t,;、|:=]+")
_BARE_COMMAS = re.compile(r"[0-9]+(?:,[0-9]+)+")


def parse_paste(
    text: str, *, zone: str, now: datetime, currency: str = "CNY", max_lines: int = MAX_LINES
) -> list[PastedLine]:
    """Every non-blank line of the text, in order, with what was understood and what is wrong with it.

    `zone`: of times without an offset ("Asia/Shanghai"). `now` (aware): completes dates without a year
    and tells times in the future. `currency`: of amounts without a mark. Lines beyond `max_lines` come
    back unread with the problem too_many_lines. Never raises on any text; time is linear in its length.
    """
    setting = Setting(ZoneInfo(zone), now, currency)
    columns: tuple[Columns, str] | None = None
    lines: list[PastedLine] = []
    accounts = 0
    for line_no, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        folded = fold(raw[: MAX_LINE_LENGTH + 1]) if len(lines) < max_lines else ""
        found = _refused(line_no, raw, folded, over=len(lines) >= max_lines, limit=max_lines)
        if found is None:
            heading = _headings(folded)
            if heading:
                columns = heading
                warning = Problem("heading_row", severity="warning")
                found = PastedLine(line_no, raw, warnings=(warning,))
            else:
                accounts += 1
                draft = _by_column(folded, columns, setting) or _by_shape(folded, accounts, setting)
                if columns is not None and "column" not in draft.settled:
                    draft.tell("", "columns_guessed")
                found = draft.finished(line_no, raw, setting)
        lines.append(found)
    return _with_duplicates(lines)


def _refused(line_no: int, raw: str, folded: str, *, over: bool, limit: int) -> PastedLine | None:
    if over:
        problem = Problem("too_many_lines", {"limit": limit})
    elif len(raw) > MAX_LINE_LENGTH or len(folded) > MAX_LINE_LENGTH:
        problem = Problem("line_too_long", {"limit": MAX_LINE_LENGTH})
    elif len(_PART_ENDS.findall(folded)) > MAX_PARTS:
        problem = Problem("line_too_many_parts", {"limit": MAX_PARTS})
    else:
        return None
    return PastedLine(line_no, raw, problems=(problem,))


def _headings(line: str) -> tuple[Columns, str] | None:
    """Columns of a heading row and how it is separated."""
    separator = separator_of(line)
    columns = read_headings(cells_by(line, separator))
    return (columns, separator) if columns else None


def _by_column(line: str, headings: tuple[Columns, str] | None, setting: Setting) -> Draft | None:
    """A line under headings; None when its cells do not fit them: then it is read by shape.

    Cells separated by TAB or comma fit when there are not more of them than headings; cells separated
    by blanks only when there are exactly as many.
    """
    if headings is None:
        return None
    columns, separator = headings
    cells = cells_by(line, separator)
    while separator != " " and len(cells) > len(columns.fields) and not cells[-1]:
        cells.pop()
    known = len(columns.fields)
    fits = len(cells) == known or (separator != " " and 1 < len(cells) <= known)
    if not fits:
        return None
    draft = Draft(settled={"column"})
    for field, cell in zip(columns.fields, cells, strict=False):
        if cell and field != IGNORED:
            _set_field(draft, field, cell, columns.unit, setting)
    if "number" not in draft.settled:
        draft.block("number", "number_missing")
    return draft


def _by_shape(line: str, ordinal: int, setting: Setting) -> Draft:
    """A line without headings: labelled parts first, the rest by the shape of its words."""
    draft = Draft()
    free: list[Piece] = []
    for field, text in split_labels(without_bullet(line)):
        pieces = [piece for cell in free_cells(text) for piece in pieces_of(cell, setting)]
        if field == "":
            free += pieces
        elif field != IGNORED and field not in draft.settled:
            free += _set_labelled(draft, field, text, pieces, setting)
    choose(draft, free, ordinal=ordinal, setting=setting)
    if separator_of(line) == "," and _BARE_COMMAS.fullmatch(draft.amount_text):
        draft.tell("amount", "amount_comma_assumed")
    return draft


def _set_labelled(draft: Draft, field: str, text: str, pieces: list[Piece], setting: Setting) -> list[Piece]:
    """The first fitting piece after a label is meant by it; gives back the others, which are free again."""
    chosen = next((piece for piece in pieces if piece.kind in _LABELLED_KINDS[field]), None)
    if chosen is None:
        _set_field(draft, field, text, "", setting)
        return []
    if field == "amount":
        draft.set_amount(chosen if chosen.kind == "amount" else amount_piece(chosen.text, setting))
    elif field == "time":
        draft.set_moment(chosen.moment or read_compact(chosen.text))
    else:
        _set_field(draft, field, chosen.text, "", setting)
    if chosen.doubtful:
        draft.tell("number", "number_grouping_assumed")
    return [piece for piece in pieces if piece is not chosen]


def _set_field(draft: Draft, field: str, cell: str, unit: str, setting: Setting) -> None:
    if field == "number":
        draft.set_number(cell)
    elif field == "amount":
        has_unit = any(mark in cell.upper() for mark in "亿万千WK")
        draft.set_amount(amount_piece(cell if has_unit else cell + unit, setting))
    elif field == "time":
        draft.set_moment(read_moment(cell, setting) or read_compact(cell))
    elif field == "bank":
        draft.bank_text = cell
        draft.settled.add("bank")
    else:
        draft.name = cell
        draft.settled.add("name")


def _with_duplicates(lines: list[PastedLine]) -> list[PastedLine]:
    first: dict[str, int] = {}
    marked: list[PastedLine] = []
    for line in lines:
        if line.number and first.setdefault(line.number, line.line_no) != line.line_no:
            warning = Problem("duplicate_number", {"first": first[line.number]}, "number", "warning")
            marked.append(replace(line, warnings=(*line.warnings, warning)))
        else:
            marked.append(line)
    return marked
