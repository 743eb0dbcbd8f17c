"""antifraud.confined: items come back in order, limits end the child, and nothing survives it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pytest

from accounts.rules import statements
from antifraud import confined
from antifraud.confined import ConfinedError
from tests.rules.statements import generators
from tests.rules.statements.generators import Around, Item, RefusedError
from tests.rules.statements.making import csv_34

CLASSES = (Item, Around, RefusedError)


@pytest.fixture
def file() -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as opened:
        opened.write(b"1\n2\n3\n")
        opened.flush()
        yield opened


def run(function: Callable[..., Any], file: BinaryIO, *args: Any, **how: Any) -> list[Any]:
    return list(confined.run(function, file, *args, classes=CLASSES, **how))


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_items_arguments_and_order(file: BinaryIO) -> None:
    file.seek(2)  # the child begins at the start all the same
    assert run(generators.lines, file, 10, add=1) == [Item(11), Item(21), Item(31)]


def test_a_named_exception_comes_back_as_it_was(file: BinaryIO) -> None:
    with pytest.raises(RefusedError, match="no"):
        run(generators.refuses, file)


def test_another_exception_tells_nothing_of_the_file(file: BinaryIO) -> None:
    with pytest.raises(ConfinedError) as caught:
        run(generators.fails, file)
    assert caught.value.reason == "crashed"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("function", "reason", "limits"),
    [
        (generators.greedy, "memory", {"memory": 256 << 20}),
        (generators.busy, "cpu", {"cpu_seconds": 1}),
        (generators.sleepy, "timeout", {"wait_seconds": 8.0}),
        (generators.dies, "crashed", {}),
    ],
)
def test_limits(function: Callable[..., Any], reason: str, limits: dict[str, Any], file: BinaryIO) -> None:
    items = confined.run(function, file, classes=CLASSES, **limits)
    assert next(items) == Item(1)
    with pytest.raises(ConfinedError) as caught:
        next(items)
    assert caught.value.reason == reason


def test_what_the_child_prints_does_not_disturb(file: BinaryIO) -> None:
    assert run(generators.prints, file) == [Item(1)]


def test_only_named_classes_come_back(file: BinaryIO) -> None:
    with pytest.raises(ConfinedError):
        run(generators.stranger, file)


def test_the_child_inherits_no_environment(file: BinaryIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "x")
    found = run(generators.surroundings, file)[0]
    names, pid = found.names, found.pid
    assert "A_SECRET" not in names
    habits = {"OPENBLAS_NUM_THREADS", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"}
    assert set(names) <= {"PYTHONPATH", "PYTHONHASHSEED", "LC_ALL", "LC_CTYPE"} | habits
    assert pid != os.getpid()


def test_the_child_cannot_write(file: BinaryIO) -> None:
    with pytest.raises(ConfinedError):
        run(generators.writes, file)
    file.seek(0)
    assert file.read() == b"1\n2\n3\n"


def test_the_child_ends_when_the_caller_stops(file: BinaryIO) -> None:
    items = confined.run(generators.endless, file, classes=CLASSES)
    first: Any = next(items)
    pid = first.number
    assert next(items) == Item(1)
    assert is_running(pid)
    items.close()  # type: ignore[attr-defined]
    until = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(pid)


def test_statements_and_their_refusals_cross_the_border() -> None:
    with tempfile.TemporaryFile() as opened:
        opened.write(csv_34({}, {"交易金额": "x"}))
        opened.flush()
        header, batch = confined.run(statements.read, opened, classes=statements.CLASSES, zone="UTC")
        assert isinstance(header, statements.Header)
        assert isinstance(batch, statements.Batch)
        assert (batch.amount, [issue.code for issue in batch.issues]) == ([123450], ["amount_not_a_number"])
    for content, expected in ((b"%PDF", statements.StatementError), (b"a,b,c\n1,2,3", statements.NeedsMapping)):
        with tempfile.TemporaryFile() as opened:
            opened.write(content)
            opened.flush()
            with pytest.raises(expected) as caught:
                list(confined.run(statements.read, opened, classes=statements.CLASSES))
            assert caught.value.code in statements.MESSAGES  # type: ignore[attr-defined]
