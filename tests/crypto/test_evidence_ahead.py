"""Files stored before the unit of work: kept where a row names them, gone where it failed, swept where nobody came back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError

from antifraud.crypto.evidence import (
    StoredEvidence,
    evidence_confirm,
    evidence_keep,
    evidence_unconfirmed,
    open_evidence,
    stored_ahead,
)
from antifraud.crypto.evidence_marks import FOLDER
from antifraud.errors import Invalid

pytestmark = pytest.mark.django_db
PAPER = b"%PDF-1.7\n" + b"x" * 5000


def ahead(**options: Any) -> Any:
    return stored_ahead(ContentFile(PAPER, name="a.pdf"), scope=("case", uuid4()), **options)


def files(settings: Any) -> list[str]:
    """Stored files and marks."""
    root = Path(settings.EVIDENCE_ROOT)
    return sorted(path.parent.name for path in root.rglob("*") if path.is_file())


def fail(error: BaseException, *, is_kept: bool = False) -> StoredEvidence:
    """A unit of work that writes the row and then fails."""
    seen: list[StoredEvidence] = []

    def run() -> None:
        with ahead() as stored:
            seen.append(stored)
            stored.is_named = True
            if is_kept:
                evidence_keep(stored)
            raise error

    with pytest.raises(type(error)):
        run()
    return seen[0]


def grow_old(settings: Any) -> None:
    for mark in (Path(settings.EVIDENCE_ROOT) / FOLDER).iterdir():
        os.utime(mark, (1, 1))


def test_a_named_file_stays_and_is_unconfirmed_until_it_is_confirmed(settings: Any) -> None:
    with ahead() as stored:
        stored.is_named = True
    with open_evidence(stored.name) as kept:
        assert kept.read() == PAPER
    assert list(evidence_unconfirmed(3600)) == []
    grow_old(settings)
    assert list(evidence_unconfirmed(3600)) == [stored.name]
    evidence_confirm(stored.name)
    assert list(evidence_unconfirmed(0)) == []


def test_a_file_that_nobody_named_goes(settings: Any) -> None:
    with ahead() as stored:
        assert len(files(settings)) == 2
    assert files(settings) == []
    assert isinstance(stored, StoredEvidence)


def test_a_file_whose_unit_of_work_failed_goes(settings: Any) -> None:
    fail(RuntimeError("rolled back"))
    assert files(settings) == []


def test_where_the_database_broke_off_the_sweep_decides(settings: Any) -> None:
    """The row may be committed: the answer was lost, not the commit."""
    stored = fail(OperationalError("server closed the connection"))
    with open_evidence(stored.name) as kept:
        assert kept.read() == PAPER
    assert list(evidence_unconfirmed(-1)) == [stored.name]


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_where_the_process_is_ended_the_sweep_decides(settings: Any, end: type[BaseException]) -> None:
    stored = fail(end())
    assert len(files(settings)) == 2
    assert list(evidence_unconfirmed(-1)) == [stored.name]


def test_what_fails_after_the_commit_takes_no_file_away(settings: Any) -> None:
    stored = fail(OSError("the bell is broken"), is_kept=True)
    with open_evidence(stored.name) as kept:
        assert kept.read() == PAPER
    assert list(evidence_unconfirmed(-1)) == []


def test_a_mark_that_goes_while_the_marks_are_read_is_passed_over(settings: Any) -> None:
    with ahead() as stored:
        stored.is_named = True
        folder = Path(settings.EVIDENCE_ROOT) / FOLDER
        (folder / ("0" * 32)).symlink_to(folder / "gone")  # listed, and not there when it is asked
        assert list(evidence_unconfirmed(-1)) == [stored.name]


def test_what_is_too_large_is_refused_before_a_byte_is_written(settings: Any) -> None:
    with pytest.raises(Invalid) as refusal, ahead(max_bytes=4096, field="chosen"):
        pass
    assert list(refusal.value.fields) == ["chosen"]
    assert files(settings) == []


def test_a_file_that_breaks_off_leaves_nothing(settings: Any, monkeypatch: Any) -> None:
    def broken(*_args: Any) -> Any:
        yield b"AFEV"
        raise OSError("the disk is full")

    monkeypatch.setattr("antifraud.crypto.evidence.encrypt", broken)
    with pytest.raises(OSError, match="full"), ahead():
        pass
    assert files(settings) == []
