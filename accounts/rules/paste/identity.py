"""Whether digits are a Chinese identity number (GB 11643): it must not be taken for an account."""

from __future__ import annotations

import re
from datetime import date

_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def looks_like_id(text: str) -> bool:
    """18 characters with a date of birth since 1900 and the right check character."""
    if not _SHAPE.fullmatch(text):
        return False
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text[:17], strict=True))
    return born.year >= 1900 and text[17] == _CHECK[total % 11]
