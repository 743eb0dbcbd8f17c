"""Jobs: one at a time, progress during a long transaction, cancelling, leases, faults, rings."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from antifraud import db
from antifraud.errors import Conflict
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from antifraud.jobs.progress import LeaseLost, Progress
from antifraud.jobs.runner import Work, job_run
from antifraud.outbox import bell
from antifraud.schedule import DUTIES, duty_run
from banks.selectors.institutions import system_user
from cases.models import Note
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


def submit(world: World, kind: str = "test.work", subject: uuid.UUID | None = None) -> Job:
    with db.unit_of_work(world.analyst_a):
        return queue.submit(kind, subject or uuid.uuid4(), by=world.analyst_a)


def run(job: Job, work: Callable[[queue.Claimed, Progress], None], **extra: Any) -> str:
    return job_run(job.pk, {job.kind: Work(work, **extra)})


def beside(act: Callable[[], None]) -> threading.Thread:
    """Another process, as far as the database is concerned."""

    def enter() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=enter)
    thread.start()
    return thread


def until(test: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if test():
            return True
        time.sleep(0.05)
    return False


def test_the_same_work_is_submitted_once(world: World) -> None:
    subject = uuid.uuid4()
    first, second = submit(world, subject=subject), submit(world, subject=subject)
    assert first.pk == second.pk
    assert run(first, lambda _job, _progress: None) == "done"
    assert submit(world, subject=subject).pk != first.pk


def test_what_is_asked_for_while_work_runs_is_done_after_it(world: World) -> None:
    subject, runs = uuid.uuid4(), []
    first = submit(world, subject=subject)

    def work(_job: queue.Claimed, _progress: Progress) -> None:
        runs.append(1)
        if len(runs) == 1:
            second.append(submit(world, subject=subject))
            assert second[0].pk != first.pk
            assert job_run(second[0].pk, works) == ""  # not beside the first
            assert queue.waiting(5, patience=0) == []

    second: list[Job] = []
    works = {first.kind: Work(work)}
    assert job_run(first.pk, works) == "done"
    assert queue.waiting(5, patience=0) == [second[0].pk]
    assert job_run(second[0].pk, works) == "done"
    assert len(runs) == 2


def test_done_work_is_not_run_again(world: World) -> None:
    runs: list[int] = []
    job = submit(world)
    assert run(job, lambda _job, _progress: runs.append(1)) == "done"
    assert run(job, lambda _job, _progress: runs.append(1)) == ""
    assert runs == [1]
    job.refresh_from_db()
    assert (job.state, job.attempt, job.lease_until) == ("done", 1, None)


def test_progress_shows_during_one_long_transaction(world: World) -> None:
    job, seen = submit(world), []

    def watch() -> None:
        seen.append(until(lambda: Job.objects.filter(pk=job.pk, done=7, total=10, stage="sums").exists()))

    def work(_job: queue.Claimed, progress: Progress) -> None:
        with db.unit_of_work(world.analyst_a), connection.cursor() as cursor:
            progress.begin("sums", 10)
            progress.set(7)
            thread = beside(watch)
            cursor.execute("SELECT pg_sleep(1.5)")
            progress.fence()
        thread.join()

    assert run(job, work) == "done"
    assert seen == [True]


def test_cancelling_ends_a_running_statement_and_rolls_back(world: World) -> None:
    job, cleaned = submit(world), []

    def ask() -> None:
        until(lambda: Job.objects.filter(pk=job.pk, state="running").exists())
        with db.unit_of_work(world.analyst_a):
            assert queue.cancel(job.pk)

    def work(_job: queue.Claimed, progress: Progress) -> None:
        with db.unit_of_work(world.analyst_a), connection.cursor() as cursor:
            cursor.execute("UPDATE app_clock SET mode = mode")
            cursor.execute("SELECT pg_sleep(20)")

    thread = beside(ask)
    began = time.monotonic()
    assert run(job, work, cancelled=lambda _job: cleaned.append(1)) == "cancelled"
    thread.join()
    assert time.monotonic() - began < 10
    assert cleaned == [1]
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_a_job_cancelled_while_it_waits_is_never_begun(world: World) -> None:
    job, runs = submit(world), []
    with db.unit_of_work(world.analyst_a):
        queue.cancel(job.pk)
    assert run(job, lambda _job, _progress: runs.append(1)) == "cancelled"
    assert runs == []
    with db.unit_of_work(world.analyst_a):
        assert not queue.cancel(job.pk)


def test_a_stale_worker_cannot_commit(world: World) -> None:
    job = submit(world)

    def take_over() -> None:
        Job.objects.filter(pk=job.pk).update(lease_until=job.created_at)
        with db.unit_of_work(None):
            assert queue.claim(job.pk) is not None

    def work(_job: queue.Claimed, progress: Progress) -> None:
        with db.unit_of_work(world.analyst_a):
            Note.objects.count()
            beside(take_over).join()
            progress.fence()
            pytest.fail("the fence let a stale worker through")

    assert run(job, work) == ""
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("running", 2)


def test_the_heartbeat_tells_a_worker_that_it_lost_the_job(world: World) -> None:
    job = submit(world)

    def work(_job: queue.Claimed, progress: Progress) -> None:
        Job.objects.filter(pk=job.pk).update(lease_token=uuid.uuid4())
        assert until(progress.is_interrupted)
        with pytest.raises(LeaseLost):
            progress.set(1)
        progress.set(1)

    assert run(job, work) == ""


def test_an_expected_refusal_and_a_fault_end_the_job_with_a_code(world: World) -> None:
    def refuse(_job: queue.Claimed, _progress: Progress) -> None:
        raise Conflict(code="statement_known")

    def break_down(_job: queue.Claimed, _progress: Progress) -> None:
        raise ValueError("6222021234567890123")

    for work, note in ((refuse, "statement_known"), (break_down, "fault")):
        job = submit(world)
        assert run(job, work) == "failed"
        job.refresh_from_db()
        assert (job.state, job.note) == ("failed", note)


def test_work_that_the_database_interrupted_is_tried_again_a_few_times(world: World) -> None:
    job, runs = submit(world), []

    def work(_job: queue.Claimed, _progress: Progress) -> None:
        runs.append(1)
        raise OperationalError

    for _try in range(queue.MOST_ATTEMPTS):
        assert run(job, work) == ""
    assert run(job, work) == "failed"
    job.refresh_from_db()
    assert (len(runs), job.note) == (queue.MOST_ATTEMPTS, "given_up")


def test_what_nobody_heard_is_rung_for_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submit(world)
    rung: list[tuple[str, ...]] = []

    def ring(*words: str) -> bool:
        rung.append(words)
        return True

    monkeypatch.setattr(bell, "ring", ring)
    duty = next(duty for duty in DUTIES if duty.name == "jobs_ring")
    assert duty_run(duty, system_user()) == 0  # it may still be heard
    with connection.cursor() as cursor:
        cursor.execute("UPDATE af_jobs_job SET created_at = clock_timestamp() - interval '6 seconds'")
    assert duty_run(duty, system_user()) == 1
    assert rung == [(queue.RUN_TASK, str(job.pk))]
    run(job, lambda _job, _progress: None)
    assert duty_run(duty, system_user()) == 0


def test_old_jobs_are_pruned_and_others_stay(world: World) -> None:
    old, young, waiting = (submit(world) for _number in range(3))
    for job in (old, young):
        assert run(job, lambda _job, _progress: None) == "done"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE af_jobs_job SET ended_at = ended_at - interval '31 days' WHERE id = %s", [old.pk])
    assert queue.prune() == 1
    assert set(Job.objects.values_list("pk", flat=True)) == {young.pk, waiting.pk}


def test_pace_and_time_left_follow_from_the_figures(world: World) -> None:
    from datetime import timedelta

    job = submit(world)
    assert (job.per_second, job.seconds_left) == (None, None)
    job.state, job.started_at, job.done, job.total = "running", job.created_at, 500, 1500
    job.beat_at = job.started_at + timedelta(seconds=5)
    assert (job.per_second, job.seconds_left) == (100.0, 10.0)
