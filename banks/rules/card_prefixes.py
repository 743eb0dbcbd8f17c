"""Which bank a card number may belong to, from a table of card prefixes; a hint only, the bank decides.

Public tables disagree on one shared prefix in ten, so conflicting rows stay side by side and nothing is
certain.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from antifraud.problems import Problem

CARD_KIND_LABELS: dict[str, str] = {
    "DC": "Debit card",
    "CC": "Credit card",
    "SCC": "Semi-credit card",
    "PC": "Prepaid card",
}
CSV_HEADINGS = ("bin", "bank", "type", "length")
MIN_PREFIX, MAX_PREFIX = 2, 12
MIN_LENGTH, MAX_LENGTH = 8, 34

TRUST = 0.9  # what the longest matching prefix can claim: public tables disagree on 10 in 100 shared prefixes
OTHER_LENGTH = 0.4  # weight of a row whose card length differs from the number's

MESSAGES: dict[str, str] = {
    "prefix_file_empty": "The file holds no card prefixes. Choose a CSV file with the columns bin, bank, type, length.",
    "prefix_heading_missing": "The column {field} is missing. The first line must name bin, bank, type and length.",
    "prefix_columns": "Line {line} has {found} cells instead of {expected}. Complete the line.",
    "prefix_bad": "Line {line}: bin must be 2 to 12 digits. Correct the prefix.",
    "prefix_bank_bad": "Line {line}: bank must be a code of 1 to 20 letters and digits. Fill in the bank.",
    "prefix_kind_bad": "Line {line}: type must be one of DC, CC, SCC, PC. Correct the type.",
    "prefix_length_bad": "Line {line}: length must be a whole number of digits, longer than the "
    "prefix, at most 34. "
    "Correct the length.",
    "prefix_repeated": "Line {line} repeats line {first} and is left out. Delete one of them.",
    "prefix_csv_broken": "Line {line} is not readable as CSV. Save the table as CSV (UTF-8) again.",
}


class PrefixRow(NamedTuple):
    """Cards of `bank_code` that begin with `prefix` and have `length` digits."""

    prefix: str
    bank_code: str
    card_kind: str
    length: int


class Candidate(NamedTuple):
    """A bank that a number may belong to; `confidence` is 0..1 and never 1."""

    bank_code: str
    card_kind: str
    prefix: str
    confidence: float


class PrefixTable:
    """Look-up by longest prefix. Immutable after `build`; a look-up costs one dictionary access per
    prefix length.
    """

    def __init__(self, rows_by_prefix: Mapping[str, tuple[PrefixRow, ...]]) -> None:
        self._rows = rows_by_prefix
        self._lengths = sorted({len(prefix) for prefix in rows_by_prefix}, reverse=True)

    @classmethod
    def build(cls, rows: Iterable[PrefixRow]) -> PrefixTable:
        """A table of the rows; equal rows count once."""
        grouped: dict[str, list[PrefixRow]] = defaultdict(list)
        for row in dict.fromkeys(rows):
            grouped[row.prefix].append(row)
        return cls({prefix: tuple(found) for prefix, found in grouped.items()})

    @property
    def distinct(self) -> int:
        """Number of different prefixes."""
        return len(self._rows)

    def candidates(self, number: str) -> list[Candidate]:
        """Banks of a normalised number (digits; may still be incomplete), longest prefix first.

        The rule of confidence: the rows of the longest matching prefix may claim 0.9 of certainty
        together. They share it by weight, 1 for a row whose card length is the number's length and 0.4
        for any other; then each keeps its share times its own weight. What they leave unclaimed passes
        to the next shorter prefix in the same way. So all confidences of a number sum to less than 1, a
        fitting length always raises a bank, and rows in conflict lower each other. A bank and card kind
        is named once, at its longest prefix.
        """
        found: list[Candidate] = []
        seen: set[tuple[str, str]] = set()
        left = 1.0
        for rows in self._matching(number):
            weights: dict[tuple[str, str], float] = {}
            for row in rows:
                key = (row.bank_code, row.card_kind)
                fit = 1.0 if row.length == len(number) else OTHER_LENGTH
                weights[key] = max(fit, weights.get(key, 0.0))
            total = sum(weights.values())
            level = [
                Candidate(bank, kind, rows[0].prefix, left * TRUST * weight / total * weight)
                for (bank, kind), weight in weights.items()
                if (bank, kind) not in seen
            ]
            found += sorted(level, key=lambda c: (-c.confidence, c.bank_code, c.card_kind))
            seen.update(weights)
            left -= sum(candidate.confidence for candidate in level)
        return found

    def _matching(self, number: str) -> Iterator[tuple[PrefixRow, ...]]:
        for length in self._lengths:
            rows = self._rows.get(number[:length])
            if rows and length <= len(number):
                yield rows


class PrefixCsv(NamedTuple):
    """What a CSV file held: the good rows, and a problem for each line that is none."""

    rows: list[PrefixRow]
    problems: list[Problem]

    @property
    def distinct(self) -> int:
        """Number of different prefixes among the rows; the rest are conflicts of bank, kind or length."""
        return len({row.prefix for row in self.rows})


def read_prefix_csv(text: str) -> PrefixCsv:
    """Rows of a CSV text with the headings bin, bank, type, length in any order; other columns are ignored.

    Never raises: each bad line becomes a Problem with params `line` (1-based, as in an editor) and is
    left out, the good ones are returned.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    rows: list[PrefixRow] = []
    problems: list[Problem] = []
    try:
        heading = [cell.strip().lower() for cell in next(reader, [])]
        if not heading:
            return PrefixCsv([], [Problem("prefix_file_empty", {"line": 1})])
        missing = [name for name in CSV_HEADINGS if name not in heading]
        if missing:
            return PrefixCsv([], [Problem("prefix_heading_missing", {"line": 1, "field": f}) for f in missing])
        first_seen: dict[PrefixRow, int] = {}
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            row = _read_cells(heading, cells, line)
            if isinstance(row, Problem):
                problems.append(row)
            elif row in first_seen:
                problems.append(Problem("prefix_repeated", {"line": line, "first": first_seen[row]}))
            else:
                first_seen[row] = line
                rows.append(row)
    except csv.Error:
        problems.append(Problem("prefix_csv_broken", {"line": reader.line_num}))
    return PrefixCsv(rows, problems)


def _read_cells(heading: list[str], cells: list[str], line: int) -> PrefixRow | Problem:
    if len(cells) != len(heading):
        return Problem("prefix_columns", {"line": line, "found": len(cells), "expected": len(heading)})
    cell = {name: value.strip() for name, value in zip(heading, cells, strict=True)}
    prefix, bank, kind, length = (cell[name] for name in CSV_HEADINGS)
    if not (_is_digits(prefix) and MIN_PREFIX <= len(prefix) <= MAX_PREFIX):
        return Problem("prefix_bad", {"line": line})
    if not (bank.isascii() and bank.isalnum() and len(bank) <= 20):
        return Problem("prefix_bank_bad", {"line": line})
    if kind.upper() not in CARD_KIND_LABELS:
        return Problem("prefix_kind_bad", {"line": line})
    if not (_is_digits(length) and len(length) <= 2 and _fits(prefix, int(length))):
        return Problem("prefix_length_bad", {"line": line})
    return PrefixRow(prefix, bank.upper(), kind.upper(), int(length))


def _fits(prefix: str, length: int) -> bool:
    return MIN_LENGTH <= length <= MAX_LENGTH and length > len(prefix)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
