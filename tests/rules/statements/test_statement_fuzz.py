"""Whatever a file holds, it is read or refused with a code: a short run; the long one is tests/bench/fuzz_statements.py."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.statements.mutating import inputs, outcome, seeds


@pytest.mark.parametrize("kind", ["csv", "xlsx", "mt", "camt", "ofx"])
def test_changed_files_are_read_or_refused(kind: str) -> None:
    found = {outcome(content) for content in inputs(kind, 250, seed=4)}
    assert "read" in found
    assert len(found) > 1


@pytest.mark.parametrize("kind", ["csv", "xlsx", "mt", "camt", "ofx"])
def test_the_seeds_are_right(kind: str) -> None:
    assert {outcome(seed) for seed in seeds()[kind]} == {"read"}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    outcome(content)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), max_size=6), min_size=1, max_size=6))
def test_any_table_is_read_or_refused(rows: list[list[str]]) -> None:
    lines = ["account,date,amount,direction,currency,balance", *(",".join(row) for row in rows)]
    outcome("\n".join(lines).encode("utf-8", errors="replace"))
