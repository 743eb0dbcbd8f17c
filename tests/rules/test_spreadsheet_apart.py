"""Workbooks that somebody sent are read in a child process: the same rows, the same refusals, and no way to starve us."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from antifraud import confined
from antifraud.spreadsheets import SheetError, SheetRow, read_rows, read_rows_apart, write_rows

LIMITS = {"max_bytes": 100_000, "max_rows": 20}


def test_rows_come_as_they_are_read_here() -> None:
    content = write_rows(["number", "day"], [["6222020000000000017", date(2026, 1, 2)], ["=1+1", None]])
    assert read_rows_apart(io.BytesIO(content), **LIMITS) == read_rows(content, **LIMITS)
    assert read_rows_apart(io.BytesIO(content), **LIMITS)[1] == SheetRow(2, ("6222020000000000017", date(2026, 1, 2)))


@pytest.mark.parametrize(
    ("content", "code", "params"),
    [
        (b"", "file_empty", {}),
        (b"x" * 100_001, "file_too_large", {"limit_kb": 97}),
        (b"MZ", "file_not_xlsx", {}),
        (write_rows(["a"], [["b"]] * 40), "sheet_too_long", {"limit": 20}),
    ],
    ids=["empty", "too large", "no workbook", "too long"],
)
def test_refusals_come_with_code_and_parameters(content: bytes, code: str, params: dict[str, Any]) -> None:
    with pytest.raises(SheetError) as refused:
        read_rows_apart(io.BytesIO(content), **LIMITS)
    assert (refused.value.code, refused.value.params) == (code, params)


@pytest.mark.parametrize("reason", ["memory", "cpu", "timeout", "crashed"])
def test_whatever_ends_the_child_is_a_damaged_file(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    def run(*_given: Any, **_more: Any) -> Iterator[Any]:
        if reason:
            raise confined.ConfinedError(reason)
        yield []

    monkeypatch.setattr(confined, "run", run)
    with pytest.raises(SheetError) as refused:
        read_rows_apart(io.BytesIO(b"x"), **LIMITS)
    assert refused.value.code == "file_damaged"
