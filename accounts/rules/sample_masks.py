"""Sample cells of an unknown table: what tells a column's meaning stays readable, what may name somebody is masked."""

from __future__ import annotations

import re
from datetime import date

from antifraud.crypto.masks import mask

_AMOUNT = re.compile(r"[+-]?(\d{1,3}(,\d{3}){1,3}|\d{1,7})(\.\d{1,4})?|[+-]?\d{1,10}\.\d{1,4}")
_MOMENT = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?([T ]?\d{1,2}\D?\d{2}(\D?\d{2}(\.\d+)?)?)?")
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_CODE = re.compile(r"[A-Z]{1,3}")
_NUMBERED = re.compile(r"(?:\D*\d){5}")
WORDS = frozenset(
    [
        "进",
        "出",
        "借",
        "贷",
        "收",
        "支",
        "收入",
        "支出",
        "转入",
        "转出",
        "成功",
        "失败",
        "人民币",
        "美元",
        "港币",
        "现金",
        "转账",
        "是",
        "否",
    ]
)
LONGEST = 60


def sample_shown(text: str) -> str:
    """The cell as it may stand on the page without a reveal: times, amounts, codes and known words are left as they are.

    Numbers of five and more digits are masked as account numbers, everything else as a name.
    """
    cell = text.strip()[:LONGEST]
    if not cell or cell in WORDS or _CODE.fullmatch(cell) or _TIME.fullmatch(cell):
        return cell
    if _AMOUNT.fullmatch(cell) or _is_moment(cell):
        return cell
    return mask("account", cell) if _NUMBERED.match(cell) else mask("name", cell)


def _is_moment(cell: str) -> bool:
    """Written like a date, with a day that exists in a year in which somebody banks by telephone."""
    found = _MOMENT.fullmatch(cell)
    if found is None:
        return False
    try:
        date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return False
    return 1990 <= int(found[1]) <= 2100
