"""Rows, moments and odd cells that the sheet tests share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from accounts.rules.sheets import MESSAGES, RowResult, Setting
from antifraud.spreadsheets import SheetRow

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SETTING = Setting(ZoneInfo("Asia/Shanghai"), NOW)
AT = datetime(2026, 11, 20, 5, 5, tzinfo=UTC)
ORDER = "7f1d2c3b-4a5e-4f60-8123-456789abcdef"
CARD = "6222021234567890128"
NAIVE = datetime(2026, 11, 20, 13, 5, tzinfo=UTC).replace(tzinfo=None)


def sheet(*rows: tuple[Any, ...]) -> list[SheetRow]:
    return [SheetRow(at, cells) for at, cells in enumerate(rows, start=1)]


CELLS = st.one_of(
    st.text(max_size=12),
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
    st.sampled_from([ORDER, CARD, "executed", "A1", "rebate", "5万", "2026-11-20 13:05", ""]),
)


def codes(row: RowResult) -> dict[str, list[str]]:
    assert all(p.text(MESSAGES) for found in row.problems.values() for p in found)
    return {name: [p.code for p in found] for name, found in row.problems.items()}
