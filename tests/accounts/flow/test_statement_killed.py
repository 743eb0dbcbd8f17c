"""Workers that are really killed (SIGKILL) in the middle, and work that is cancelled in the middle: nothing half done stays."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest
from django.db import connection

from accounts.models import LedgerAccount, LedgerChain, LedgerEntry, StatementFile, StatementLine
from accounts.services.statements.files import statement_commit
from antifraud import db
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.workshop import WORKS
from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import A, B, Line, csv_file, preview, receive
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = [Line(A, "out", 100 + n, n, B, serial=f"S{n}") for n in range(50)]
MANY = 330_000  # more than is read between two beats: the wish to cancel is seen at a beat
_DIE = """
import os, sys, uuid
import django
django.setup()
from accounts.services.statements import {module} as module
module.{place} = lambda *args, **named: os.kill(os.getpid(), 9)
from antifraud.jobs.runner import job_run
from antifraud.workshop import WORKS
job_run(uuid.UUID(sys.argv[1]), WORKS)
"""


def killed(job: Job, module: str, place: str) -> None:
    """A worker's process that dies at `place`, and whose lease has run out."""
    script = _DIE.format(module=module, place=place)
    done = subprocess.run([sys.executable, "-c", script, str(job.pk)], capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    assert Job.objects.get(pk=job.pk).state == "running"
    assert job_run(job.pk, WORKS) == ""
    Job.objects.filter(pk=job.pk).update(lease_until=job.created_at)


def test_a_reader_killed_before_its_preview_is_followed_by_another(world: World) -> None:
    file = receive(world.analyst_a, new_case(world.analyst_a), csv_file(ROWS))
    job = Job.objects.get(subject_id=file.pk)
    killed(job, "reading", "_show")
    assert StatementLine.objects.count() == 50
    assert job_run(job.pk, WORKS) == "done"
    assert StatementLine.objects.count() == 50
    file.refresh_from_db()
    assert (file.status, file.rows_good) == ("preview", 50)


def test_a_committer_killed_in_its_transaction_is_followed_by_another(world: World) -> None:
    file = preview(world.analyst_a, new_case(world.analyst_a), ROWS)
    with db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk, leave_out_repeats=False)
    job = Job.objects.get(kind="statement.commit")
    killed(job, "committing", "ledger_change")
    assert LedgerEntry.objects.count() == LedgerChain.objects.count() == 0
    assert StatementFile.objects.get(pk=file.pk).status == "preview"
    assert job_run(job.pk, WORKS) == "done"
    assert LedgerEntry.objects.count() == 50


def test_a_reading_cancelled_in_the_middle_leaves_no_row(world: World) -> None:
    rows = [Line(A, "out", 100 + n, n, f"62170000{n % 500:011}", serial=f"S{n}") for n in range(MANY)]
    file = receive(world.analyst_a, new_case(world.analyst_a), csv_file(rows))
    job = Job.objects.get(subject_id=file.pk)
    seen: list[int] = []

    def ask() -> None:
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end and not seen:
                shown = Job.objects.get(pk=job.pk)
                if shown.done:
                    seen.append(shown.done)
                    with db.unit_of_work(world.analyst_a):
                        queue.cancel(job.pk)
                time.sleep(0.02)
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    state = job_run(job.pk, WORKS)
    thread.join()
    assert seen
    assert 0 < seen[0] <= MANY
    assert state == "cancelled"
    file.refresh_from_db()
    assert file.status == "discarded"
    assert StatementLine.objects.count() == LedgerAccount.objects.count() == 0


def test_two_files_of_a_case_committed_at_once_follow_one_another(world: World) -> None:
    case = new_case(world.analyst_a)
    other = [Line(B, "in", 100 + n, n + 1, A, serial=f"R{n}") for n in range(50)]
    files = [preview(world.analyst_a, case, rows) for rows in (ROWS, other)]
    with db.unit_of_work(world.analyst_a):
        for file in files:
            statement_commit(by=world.analyst_a, file_id=file.pk, leave_out_repeats=False)
    states: list[str] = []

    def run(job: Job) -> None:
        try:
            states.append(job_run(job.pk, WORKS))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in Job.objects.filter(kind="statement.commit")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["done", "done"]
    assert LedgerEntry.objects.filter(out_line__isnull=False, in_line__isnull=False).count() == 50
    assert LedgerEntry.objects.count() == 50
