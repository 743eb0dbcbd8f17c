"""A child that was taken over by the file it reads: whatever it sends is refused, runs nothing, and stays small here."""

from __future__ import annotations

import builtins
import struct
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from accounts.rules import statements
from accounts.rules.statements import CLASSES, Batch, Issue, StatedBalance, StatementError
from accounts.rules.statements.batch import ROW_COLUMNS
from antifraud import border, confined
from antifraud.border import MAX_MESSAGE, WRONG, understood, written
from antifraud.confined import ConfinedError
from antifraud.spreadsheets import SheetError, apart
from tests.rules.statements import generators
from tests.rules.statements.border_attacks import CORPUS, LARGE, NUMBERS, PICKLES, message, one_row
from tests.rules.statements.generators import Item

MOST_MEMORY = 256 * 2**20  # what the parent may need for one message beyond what it had


def test_the_row_that_the_wrong_ones_are_made_of_is_right() -> None:
    batch = understood(message(["Batch", one_row()], *NUMBERS), CLASSES)
    assert (batch.row, batch.at_us, batch.amount, batch.details) == ([1], [2], [3], [{"summary": "x"}])


def ended(body: bytes) -> str:
    """How the parent takes what a child writes into the pipe: the reason."""
    with tempfile.TemporaryFile() as file:
        file.write(body)
        file.flush()
        with pytest.raises(ConfinedError) as caught:
            list(confined.run(generators.taken_over, file, classes=(*CLASSES, Item)))
    return caught.value.reason


@pytest.mark.parametrize("case", CORPUS)
def test_what_is_no_message_is_refused_and_runs_nothing(case: str) -> None:
    before = set(vars(Batch)), set(vars(builtins))
    with pytest.raises(WRONG):
        understood(CORPUS[case], CLASSES)
    assert (set(vars(Batch)), set(vars(builtins))) == before


@pytest.mark.parametrize("case", LARGE)
def test_a_large_message_is_refused_before_it_is_laid_out(case: str) -> None:
    body = LARGE[case]()
    tracemalloc.start()
    try:
        with pytest.raises(WRONG):
            understood(body, CLASSES)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak + MAX_MESSAGE <= MOST_MEMORY


@pytest.mark.parametrize(
    ("kind", "case"),
    [*((b"i", case) for case in (*PICKLES, "rows of 2**62", "times as texts")), (b"e", "dotted names to eval")],
)
def test_it_comes_through_the_pipe_as_a_reader_that_crashed(kind: bytes, case: str) -> None:
    before = set(vars(Batch)), set(vars(builtins))
    assert ended(struct.pack(">cQ", kind, len(CORPUS[case])) + CORPUS[case]) == "crashed"
    assert (set(vars(Batch)), set(vars(builtins))) == before


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"i", struct.pack(">cQ", b"i", 2**63), struct.pack(">cQ", b"i", MAX_MESSAGE + 1), struct.pack(">cQ", b"i", 100) + b"x",
        struct.pack(">cQ", b"?", 0), struct.pack(">cQ", b"e", len(message(["Item", 1]))) + message(["Item", 1]),
    ],
    ids=["nothing", "half a head", "exabytes", "one byte too many", "cut off", "no such kind", "no exception raised"],
)  # fmt: skip
def test_a_broken_frame_is_a_reader_that_crashed(sent: bytes) -> None:
    assert ended(sent) == "crashed"


SMALL = """
import resource, sys
from accounts.rules.statements import CLASSES
from antifraud.border import WRONG, understood
body = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    understood(body, CLASSES)
except WRONG as error:
    print("refused", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.parametrize("case", LARGE)
def test_the_memory_of_a_whole_process_stays_below_the_limit(case: str) -> None:
    """As the system counts it, in a process of its own."""
    body = LARGE[case]()
    root = str(Path(border.__file__).parents[1])
    given = [sys.executable, "-c", SMALL]
    said = subprocess.run(given, input=body, capture_output=True, check=True, cwd=root)
    word, grown = said.stdout.split()
    assert (word, int(grown) + (MAX_MESSAGE >> 20) <= MOST_MEMORY >> 20) == (b"refused", True)


def test_more_than_may_cross_is_memory_that_did_not_suffice() -> None:
    with tempfile.TemporaryFile() as file, pytest.raises(ConfinedError) as caught:
        list(confined.run(generators.too_large, file, classes=(Item,)))
    assert caught.value.reason == "memory"


def test_the_widest_honest_batch_crosses() -> None:
    """20,000 rows with every text of its own and remarks of 270 Chinese characters: far below the limit."""
    count = statements.BATCH_ROWS
    columns: dict[str, Any] = {name: [f"{name}{at}" for at in range(count)] for name in ROW_COLUMNS}
    columns |= {name: list(range(1, count + 1)) for name in ("row", "at_us", "amount", "balance")}
    columns |= {"day_only": [False] * count, "cash": [True] * count, "direction": ["in"] * count}
    columns["details"] = [
        {
            "summary": f"{'摘' * 270}{at}",
            "remark": f"{'备' * 270}{at}",
            **{f"other{n}": f"值{n}{at}" for n in range(12)},
        }
        for at in range(count)
    ]
    issues = [Issue(at, "at", "time_in_future", "doubt") for at in range(1, count + 1)] * 4
    stated = [StatedBalance("6222", "opening", "CNY", -5, at) for at in range(count)]
    batch = Batch(**columns, issues=issues, stated=stated, read=count, done_bytes=2**30)
    parts = written(batch)
    assert sum(map(len, parts)) < MAX_MESSAGE * 3 // 4
    assert understood(b"".join(parts), CLASSES) == batch


SHEETS: dict[str, Any] = {
    "no list": 7,
    "a row without cells": [[1]],
    "a row of text": [[1, "abc"]],
    "a row before the first": [[0, ["x"]]],
    "cells beyond the last column": [[1, ["x"] * 201]],
    "rows beyond a piece": [[at, ["x"]] for at in range(1, 102)],
    "nothing in a cell": [[1, [None]]],
    "a dictionary in a cell": [[1, [{}]]],
    "another class": [[1, [["system", "true"]]]],
    "no day": [[1, [["date", "2026-13-01"]]]],
    "a day as number": [[1, [["date", 5]]]],
    "a moment with a zone": [[1, [["datetime", "2026-01-02T03:04:05+08:00"]]]],
    "a span beyond all": [[1, [["timedelta", 2**64]]]],
    "a number beyond all": [[1, [2**70]]],
    "no number": [[1, [float("nan")]]],
    "half a character": [[1, ["\ud83d"]]],
}


@pytest.mark.parametrize("case", SHEETS)
def test_rows_of_a_sheet_are_what_they_must_be(case: str) -> None:
    with pytest.raises(WRONG):
        understood(message(["Rows", SHEETS[case]]), apart._CLASSES)


def test_a_sheet_without_end_is_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def run(*_given: Any, **_more: Any) -> Any:
        for at in range(1_000):
            taken.append(at)
            yield understood(message(["Rows", [[at + 1, ["x"]]]]), apart._CLASSES)

    monkeypatch.setattr(confined, "run", run)
    with tempfile.TemporaryFile() as file, pytest.raises(SheetError, match="cannot be read"):
        apart.read_rows_apart(file, max_bytes=1, max_rows=5)
    assert len(taken) == 6


def test_errors_and_their_numbers_cross() -> None:
    error = understood(b"".join(written(StatementError("xml_damaged", row=5))), CLASSES)
    assert (type(error), error.code, error.params) == (StatementError, "xml_damaged", {"row": 5})
