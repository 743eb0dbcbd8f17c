"""How long a statement's reader may compute: R39's 120 s, more only where the size explains it, and a child that is stopped."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest
from django.core.files.base import ContentFile

from accounts.services.statements import parsing
from accounts.services.statements.parsing import MOST_SECONDS, cpu_seconds, parsed
from antifraud import confined

MB = 2**20


@pytest.mark.parametrize(
    ("size", "seconds"),
    [(0, 120), (20 * MB, 120), (30 * MB, 120), (31 * MB, 124), (100 * MB, 400), (150 * MB, 600), (256 * MB, 600)],
)
def test_time_grows_with_the_file_between_floor_and_ceiling(size: int, seconds: int) -> None:
    assert cpu_seconds(size) == seconds


def test_the_floor_is_the_rules() -> None:
    assert (confined.CPU_SECONDS, MOST_SECONDS) == (120, 600)


def test_the_child_gets_the_time_of_the_decrypted_file(monkeypatch: Any) -> None:
    seen: dict[str, Any] = {}

    def run(_function: Any, _file: BinaryIO, **given: Any) -> Iterator[Any]:
        seen.update(given)
        yield from ()

    monkeypatch.setattr(parsing, "SECONDS_PER_MB", 200)
    monkeypatch.setattr(confined, "run", run)
    monkeypatch.setattr(parsing, "open_evidence", lambda _name: ContentFile(b"x" * 2 * MB))
    assert list(parsed("aa/name", mapping=None, zone="UTC", owner=None)) == []
    assert seen["cpu_seconds"] == 400


def spin(_file: BinaryIO) -> Iterator[int]:
    """A reader that never ends."""
    for _never in iter(int, 1):
        continue
    yield 0


def test_a_reader_that_uses_its_time_up_is_ended() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(io.BytesIO(b"x").read())
        with pytest.raises(confined.ConfinedError) as ended:
            list(confined.run(spin, file, classes=(), cpu_seconds=1))
    assert ended.value.reason == "cpu"
