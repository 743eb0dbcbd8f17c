"""What may be shown of a personal value without a reveal (R20): pure functions from clear to masked text."""

from __future__ import annotations

import re
from typing import Literal

MaskKind = Literal["account", "name", "id_number", "phone", "text"]
MASK_KINDS: tuple[MaskKind, ...] = ("account", "name", "id_number", "phone", "text")

_STARS = "****"
_HIDDEN = "•••"
_SPACING = re.compile(r"[\s\-‐-―]+")
_CJK = re.compile(r"[⺀-鿿가-힯豈-﫿\U00020000-\U0003ffff]")
_CN_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_MAX_NAME_PARTS = 4


def mask_account(text: str) -> str:
    """`6222 **** 0123`; 11 to 15 characters show the last four, 5 to 10 the last two, fewer show nothing."""
    number = _SPACING.sub("", text)
    if len(number) >= 16:
        return f"{number[:4]} {_STARS} {number[-4:]}"
    if len(number) >= 11:
        return f"{_STARS} {number[-4:]}"
    return _last_two(number)


def mask_name(text: str) -> str:
    """`张*`, `欧***`, `J*** S***`: the first character of each part, of a Chinese name the first one only."""
    parts = text.split()
    if any(_CJK.match(part) for part in parts):
        whole = "".join(parts)
        return whole[0] + "*" * min(len(whole) - 1, 3) if len(whole) > 1 else "*"
    return " ".join(part[0] + "***" if len(part) > 1 else "***" for part in parts[:_MAX_NAME_PARTS])


def mask_id_number(text: str) -> str:
    """`**** 1X`: the last two characters."""
    return _last_two(_SPACING.sub("", text))


def mask_phone(text: str) -> str:
    """`138****5678` for a mainland mobile; of other numbers of ten or more digits the last four, else two."""
    number = _SPACING.sub("", text)
    mobile = _CN_MOBILE.fullmatch(number)
    if mobile:
        return f"{mobile[1][:3]}{_STARS}{mobile[1][-4:]}"
    return f"{_STARS} {number[-4:]}" if len(number) >= 10 else _last_two(number)


def mask(kind: MaskKind, text: str) -> str:
    """The masked form of `text`; nothing for nothing."""
    if not text.strip():
        return ""
    if kind == "text":
        return _HIDDEN
    return _MASKS[kind](text)


def _last_two(text: str) -> str:
    # Two of four characters would be half of the secret.
    return f"{_STARS} {text[-2:]}" if len(text) > 4 else _STARS


_MASKS = {"account": mask_account, "name": mask_name, "id_number": mask_id_number, "phone": mask_phone}
