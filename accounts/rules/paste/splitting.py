"""A folded line to cells: TAB, comma, semicolon, ideographic comma, bar, runs of blanks; what they mean
is not asked.
"""

from __future__ import annotations

import re

_SEPARATORS = ",;、|"
_BULLET = re.compile(r"\s*(?:[①-⑳•*]+\s*|[(]\d{1,3}[)]\s*|\d{1,3}[)、]\s*|\d{1,3}\.(?=\s|\D|\d{12}))")
_BETWEEN_HAN_AND_NUMBER = re.compile(r"(?<=[\u4e00-\u9fff])(?=\d{12})|(?<=\d{12})(?=[\u4e00-\u9fff])", re.ASCII)
_WIDE_GROUPS = re.compile(r"(?<=[0-9]{4}) {2,}(?=[0-9]{1,4}(?![0-9]))")  # groups of one number, set wide
_WIDE_BLANK = re.compile(r" {2,}")


def without_bullet(line: str) -> str:
    """The line without a leading "1、", "(1)", "1. ", "①" or "•"."""
    match = _BULLET.match(line)
    return line[match.end() :] if match and match.end() < len(line) else line


def separator_of(line: str) -> str:
    """ "\\t" or "," (for all of , ; 、 |) when the line uses it to separate cells, else " "."""
    if "\t" in line.strip():
        return "\t"
    return "," if len(_split_marks(line)) > 1 else " "


def cells_by(line: str, separator: str) -> list[str]:
    """Cells of a line in a table that is separated by `separator` (see `separator_of`); empty cells stay."""
    if separator == "\t":
        return [cell.strip().strip('"').strip() for cell in line.split("\t")]
    if separator == ",":
        return _split_marks(line)
    wide = _WIDE_BLANK.split(line.strip())
    return wide if len(wide) > 1 else line.split()


def free_cells(line: str) -> list[str]:
    """Cells of a line without headings: split at every separator, then at runs of two and more blanks."""
    cells: list[str] = []
    for tabbed in line.split("\t"):
        for cell in _split_marks(tabbed, keep_digits="\t" in line):
            cells += _WIDE_BLANK.split(_WIDE_GROUPS.sub(" ", cell))
    return [cell for cell in (cell.strip() for cell in cells) if cell]


def words_of(cell: str) -> list[str]:
    """Words of a cell without Excel's apostrophe; a long number glued to Chinese text is cut off
    (张三6222…).
    """
    return [word for word in (w.lstrip("'’`") for w in _BETWEEN_HAN_AND_NUMBER.sub(" ", cell).split()) if word]


def _split_marks(text: str, *, keep_digits: bool = False) -> list[str]:
    """Split at separators, but neither inside double quotes nor at a thousands separator ("1,234.56").

    A comma between a few digits that groups no thousands ("12,34") stays, to be refused as amount,
    where it is not clear that commas separate: `keep_digits`, or no other separator in the text.
    """
    ends = [at for at, char in enumerate(text) if char in _SEPARATORS]
    if text.count('"') and text.count('"') % 2 == 0:
        quoted = _quoted(text)
        ends = [at for at in ends if not quoted[at]]
        text = "".join(" " if char == '"' else char for char in text)
    kept = _thousands(text, ends)
    doubtful = {at for at in ends if text[at] == "," and _few_digits(text, at)} - kept
    if keep_digits or not set(ends) - kept - doubtful:
        kept |= doubtful
    starts = [0, *(at + 1 for at in ends if at not in kept)]
    stops = [*(at for at in ends if at not in kept), len(text)]
    return [text[start:stop].strip() for start, stop in zip(starts, stops, strict=True)]


def _quoted(text: str) -> list[bool]:
    """For each character whether it stands between double quotes."""
    inside, found = False, []
    for char in text:
        inside ^= char == '"'
        found.append(inside)
    return found


def _thousands(text: str, ends: list[int]) -> set[int]:
    """Positions of commas that group thousands: one to three digits before, exactly three after each."""
    kept: set[int] = set()
    for at in ends:
        if text[at] != "," or not _three_digits(text, at + 1):
            continue
        run = _digits_before(text, at)
        if 1 <= run <= 3 and (run == 3 or at - run - 1 not in kept):
            kept.add(at)
    return kept


def _three_digits(text: str, start: int) -> bool:
    group = text[start : start + 4]
    return len(group) >= 3 and group[:3].isdigit() and not group[3:].isdigit()


def _few_digits(text: str, at: int) -> bool:
    after = text[at + 1 : at + 5]
    run = len(after) - len(after.lstrip("0123456789"))
    return 1 <= _digits_before(text, at) <= 3 and 1 <= run <= 3


def _digits_before(text: str, at: int) -> int:
    """Digits right before a position, counted up to four."""
    before = text[max(0, at - 4) : at]
    return len(before) - len(before.rstrip("0123456789"))
