"""Folding of typed and pasted text: widths, blanks, invisible characters, numbers that may name a person."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

NUMBER = "«number»"
_KEPT_CONTROLS = "\t\n"
# Eleven digits and more: accounts, telephones, identity numbers. The platform's own numbers begin with a letter.
_LONG_NUMBER = re.compile(r"(?<![A-Za-z\d-])\d(?:[ -]?\d){10,}[Xx]?")


def fold(text: str) -> str:
    """NFKC without invisible characters; TAB and LF stay.

    Numerals that are no digits (① ² ½) stay: NFKC would turn "①500" into 1500 and "5²" into 52.
    """
    if text.isascii():
        return "".join(c for c in text if c in _KEPT_CONTROLS or " " <= c < "\x7f")
    compatible = _compatible(text)
    visible = "".join(c for c in compatible if not invisible(c))
    # What stood on both sides of an invisible character may belong together now.
    return visible if visible == compatible else _compatible(visible)


def _compatible(text: str) -> str:
    """NFKC of everything between numerals that are no digits."""
    pieces: list[str] = []
    start = 0
    for at, char in enumerate(text):
        if char > "\x7f" and unicodedata.category(char) == "No":
            pieces += [unicodedata.normalize("NFKC", text[start:at]), char]
            start = at + 1
    pieces.append(unicodedata.normalize("NFKC", text[start:]))
    return "".join(pieces)


@lru_cache(maxsize=8192)
def invisible(char: str) -> bool:
    """Control and format characters, soft hyphens, byte order marks, variation selectors; never TAB or LF."""
    if char in _KEPT_CONTROLS:
        return False
    selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return selector or unicodedata.category(char) in {"Cc", "Cf"}


def without_numbers(text: str) -> str:
    """Folded text in which every number that may name a person or an account is `«number»` (R21).

    For what is kept in clear, such as reasons and purposes; `O2026-00000012` and the like stay.
    """
    return _LONG_NUMBER.sub(NUMBER, fold(text))
