"""Reads a CSV table of bank codes and names; how a pasted name is understood is in `institution_names`."""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from antifraud.plain_text import fold
from antifraud.problems import Problem

HEADINGS = ("bank", "name")
LONGEST_CODE, LONGEST_NAME = 20, 120

MESSAGES: dict[str, str] = {
    "names_heading_missing": "The column {field} is missing. The first line must name bank and name.",
    "names_columns": "Line {line} has {found} cells instead of {expected}. Complete the line.",
    "names_code_bad": "Line {line}: bank must be a code of 1 to 20 letters and digits. Correct the code.",
    "names_name_bad": "Line {line}: name must have 1 to 120 characters. Correct the name.",
    "names_repeated": "Line {line} repeats line {first} and is left out. Delete one of them.",
    "names_csv_broken": "Line {line} is not readable as CSV. Save the table as CSV (UTF-8) again.",
}


class NameRow(NamedTuple):
    """What a bank of this code is called; a code may have several names."""

    bank_code: str
    name: str


class NamesCsv(NamedTuple):
    """What a file held: the good rows, and a problem for each line that is none."""

    rows: list[NameRow]
    problems: list[Problem]


def read_names_csv(text: str) -> NamesCsv:
    """Rows of a CSV text with the headings bank and name in any order; other columns are ignored. Never raises.

    Each bad line becomes a Problem with the param `line` (1-based, as in an editor) and is left out.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    first_seen: dict[NameRow, int] = {}
    problems: list[Problem] = []
    try:
        heading = [cell.strip().lower() for cell in next(reader, [])]
        missing = [name for name in HEADINGS if name not in heading]
        if missing:
            return NamesCsv([], [Problem("names_heading_missing", {"line": 1, "field": name}) for name in missing])
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            row = _read(heading, cells, reader.line_num)
            if isinstance(row, Problem):
                problems.append(row)
            elif row in first_seen:
                problems.append(Problem("names_repeated", {"line": reader.line_num, "first": first_seen[row]}))
            else:
                first_seen[row] = reader.line_num
    except csv.Error:
        problems.append(Problem("names_csv_broken", {"line": reader.line_num}))
    return NamesCsv(list(first_seen), problems)


def _read(heading: list[str], cells: list[str], line: int) -> NameRow | Problem:
    if len(cells) != len(heading):
        return Problem("names_columns", {"line": line, "found": len(cells), "expected": len(heading)})
    cell = dict(zip(heading, cells, strict=True))
    code, name = cell["bank"].strip().upper(), fold(cell["name"]).strip()
    if not (code.isascii() and code.isalnum() and len(code) <= LONGEST_CODE):
        return Problem("names_code_bad", {"line": line})
    if not 1 <= len(name) <= LONGEST_NAME:
        return Problem("names_name_bad", {"line": line})
    return NameRow(code, name)
