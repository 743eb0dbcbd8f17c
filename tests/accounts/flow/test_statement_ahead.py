"""The thread that packs ahead while a statement is read: no database for it, and no waiting for it when the work ends early."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import closing
from typing import BinaryIO

import pytest
from django.core.files import File
from django.db import connection

from accounts.rules.statements import Header
from accounts.services.statements import parsing
from accounts.services.statements.staging import Staging
from antifraud import confined
from antifraud.ahead import ahead
from antifraud.crypto import data_keys
from antifraud.crypto.evidence import open_evidence
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.leash import Leash
from antifraud.workshop import WORKS
from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import A, B, Line, csv_file, receive, work
from tests.accounts.flow.stuck import stuck
from tests.cast import World

BEGUN = 0.5  # seconds after which the thread waits for its child; before, there would be nothing to wait for
ROWS = [Line(A, "in", 500_00, 0, B, 500_00, "S1")]


def _confined(file: BinaryIO, leash: Leash) -> Generator[Header]:
    yield from confined.run(stuck, file, classes=(Header,), started=leash.hold)


@pytest.mark.django_db(transaction=True)
def test_the_original_is_opened_in_a_unit_of_work_of_the_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    file = receive(world.analyst_a, new_case(world.analyst_a), csv_file(ROWS))
    data_keys.forget()
    opened: list[tuple[bool, bool]] = []

    def watched(name: str) -> File[bytes]:
        opened.append((threading.current_thread() is threading.main_thread(), connection.in_atomic_block))
        return open_evidence(name)

    monkeypatch.setattr(parsing, "open_evidence", watched)
    assert work("statement.read", file.pk) == "done"
    assert opened == [(True, True)]


def test_a_child_is_killed_from_another_thread() -> None:
    leash, begun = Leash(), time.monotonic()
    with tempfile.TemporaryFile() as file, closing(ahead(_confined(file, leash), stop=leash.cut)) as made:
        assert next(made).layout == "table"
        time.sleep(BEGUN)
    assert time.monotonic() - begun < 60, "the child would have computed for two minutes"
    leash.cut()


def test_a_child_that_starts_too_late_is_killed_at_once() -> None:
    leash = Leash()
    leash.cut()
    with tempfile.TemporaryFile() as file, pytest.raises(confined.ConfinedError):
        list(confined.run(stuck, file, classes=(Header,), started=leash.hold))


@pytest.mark.django_db(transaction=True)
def test_a_reading_that_ends_early_does_not_wait_for_its_child(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    file = receive(world.analyst_a, new_case(world.analyst_a), csv_file(ROWS))
    job = Job.objects.get(kind="statement.read", subject_id=file.pk)

    def dies(_staging: Staging, _header: Header) -> None:
        time.sleep(BEGUN)
        raise KeyboardInterrupt

    monkeypatch.setattr(parsing, "read", stuck)
    monkeypatch.setattr(Staging, "head", dies)
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        job_run(job.pk, WORKS)
    assert time.monotonic() - begun < 60
