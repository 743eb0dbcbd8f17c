"""The workers' tasks: rung by name, safe to repeat, with a heartbeat; and the bell reaches our broker from any thread."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from celery import current_app
from django.conf import settings

from antifraud import db
from antifraud.celery import app
from antifraud.doors import tasks
from antifraud.jobs import queue
from antifraud.jobs.runner import Work
from antifraud.outbox.models import Heartbeat, OutboxMessage
from tests.cast import World


@pytest.fixture(autouse=True)
def _no_beat_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_beat_at", float("-inf"))


def test_the_tasks_are_known_by_the_names_that_are_rung() -> None:
    app.loader.import_default_modules()
    assert {"antifraud.lane_push", "antifraud.outbox_handle", "antifraud.job_run"} <= set(app.tasks)


def test_a_lane_is_pushed_once_however_often_it_is_rung(world: World, issued: Any) -> None:
    order = issued()
    assert tasks.lane_push_task(str(world.bank_a.id)) == 1
    assert tasks.lane_push_task(str(world.bank_a.id)) == 0
    order.refresh_from_db()
    assert order.available_at is not None
    assert Heartbeat.objects.get().name == "worker"


def test_the_outbox_is_emptied_once(world: World, issued: Any) -> None:
    issued()
    waiting = OutboxMessage.objects.count()
    assert tasks.outbox_handle_task() == waiting
    assert tasks.outbox_handle_task() == 0
    assert Heartbeat.objects.get().name == "worker"


def test_a_rung_job_is_run_and_what_waits_besides(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    work = Work(lambda job, _progress: runs.append(str(job.subject_id)))
    monkeypatch.setattr(tasks, "WORKS", {"test.work": work})
    with db.unit_of_work(world.analyst_a):
        first, second = (queue.submit("test.work", uuid.uuid4(), by=world.analyst_a) for _number in range(2))
    assert tasks.job_run_task(str(first.pk)) == "done"
    assert runs == [str(first.subject_id), str(second.subject_id)]
    assert tasks.job_run_task(str(first.pk)) == ""
    assert len(runs) == 2


def test_a_process_runs_one_job_at_a_time(world: World) -> None:
    with db.unit_of_work(world.analyst_a):
        job = queue.submit("test.work", uuid.uuid4(), by=world.analyst_a)
    with tasks._job:
        assert tasks.job_run_task(str(job.pk)) == ""
    job.refresh_from_db()
    assert (job.state, job.attempt) == ("queued", 0)


def test_every_thread_rings_our_broker() -> None:
    """Celery's current application is a thread's own unless it is made the default one."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(current_app.conf.broker_url))
    thread.start()
    thread.join()
    assert found == [settings.REDIS_URL]
