"""A folded line to cells: TAB, comma, semicolon, ideographic comma, bar, runs of blanks; what they mean
is not asked.
"""

from __future__ import annotations

import re

_SEPARATORS = ",;、|"
_BULLET = re.compile(r"\s*(?:[①-⑳•*]+\s*|[(]\d{1,3}[)]\s*|\d{1,3}[)、]\s*|\d{1,3}\.(?=\s|\D|\d{12}))")
_BETWEEN_HAN_AND_NUMBER = re.compile(r"(?<=[\u4e00-\u9fff])(?=\d{12})|(?<=\d{12})(?=[\u4e00-\u9fff])", re.ASCII)
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
        for cell in _split_marks(tabbed):
            cells += _WIDE_BLANK.split(cell)
    return [cell for cell in (cell.strip() for cell in cells) if cell]


def words_of(cell: str) -> list[str]:
    """Words of a cell; a long number glued to Chinese text is cut off ("张三6222…" -> "张三", "6222…")."""
    return _BETWEEN_HAN_AND_NUMBER.sub(" ", cell).split()


def _split_marks(text: str) -> list[str]:
    """Split at separators, but neither inside double quotes nor at a thousands separator ("1,234.56")."""
    quoting = text.count('"') % 2 == 0
    cells: list[str] = []
    cell: list[str] = []
    quoted = False
    run = 0  # digits since the last thing that was no digit
    grouped = False  # the last separator was a thousands separator
    for at, char in enumerate(text):
        if char == '"' and quoting:
            quoted = not quoted
            continue
        if char in _SEPARATORS and not quoted:
            if char == "," and _thousands(text, at, run, grouped=grouped):
                grouped = True
            else:
                cells.append("".join(cell).strip())
                cell, run, grouped = [], 0, False
                continue
        elif not char.isdigit():
            grouped = False
        run = run + 1 if char.isdigit() else 0
        cell.append(char)
    return [*cells, "".join(cell).strip()]


def _thousands(text: str, at: int, run: int, *, grouped: bool) -> bool:
    after = text[at + 1 : at + 5]
    three = len(after) >= 3 and after[:3].isdigit() and not after[3:].isdigit()
    return three and (run == 3 if grouped else 1 <= run <= 3)
