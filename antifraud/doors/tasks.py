"""What a rung worker does; tasks carry ids only, and doing one twice changes nothing (R1)."""

from __future__ import annotations

import threading
import time
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import task_prerun, worker_process_shutdown, worker_shutdown
from django.db import close_old_connections, connection

from antifraud.deliveries import lane_push, outbox_handle
from antifraud.doors import posting
from antifraud.errands import errands_run
from antifraud.jobs import queue
from antifraud.jobs.runner import job_run
from antifraud.outbox import post
from antifraud.workshop import WORKS
from banks.selectors.lanes import lane_is_called
from banks.services.deliveries import LANE_TASK

BEAT_SECONDS = 15  # the relay rings every 10 s, so that idle workers show progress too
JOB_SECONDS = 24 * 3600  # in a pool that limits tasks: a job ends by its lease or by being cancelled
_beat_at = float("-inf")
_errands = threading.Lock()
_job = threading.Lock()


@shared_task(name=LANE_TASK)  # type: ignore[untyped-decorator]
def lane_push_task(institution_id: str) -> int:
    """Bring one institution's queued deliveries into its lane, and have them posted where it wants to be called."""
    lane = UUID(institution_id)
    pushed = lane_push(lane)
    if lane_is_called(lane):
        posting.wake(lane)
    _beat()
    return pushed


@shared_task(name=post.HANDLE_TASK)  # type: ignore[untyped-decorator]
def outbox_handle_task() -> int:
    """Carry due facts of the outbox; then the errands, in one thread of the process at a time."""
    handled = outbox_handle()
    _beat()
    if _errands.acquire(blocking=False):
        try:
            handled += errands_run()
        finally:
            _errands.release()
    return handled


@shared_task(name=queue.RUN_TASK, time_limit=JOB_SECONDS, soft_time_limit=JOB_SECONDS)  # type: ignore[untyped-decorator]
def job_run_task(job_id: str) -> str:
    """Run a job, then what else waits, one at a time in a process: others are left to other workers and to later rings."""
    if not _job.acquire(blocking=False):
        return ""
    try:
        state = job_run(UUID(job_id), WORKS)
        while waiting := queue.waiting(1, patience=0):
            if not job_run(waiting[0], WORKS):
                break
    finally:
        _job.release()
    _beat()
    return state


@task_prerun.connect  # type: ignore[untyped-decorator]
def _begin(**_signal: Any) -> None:
    """The thread's connection lasts from task to task as from request to request: by age, and only while it answers."""
    if not connection.in_atomic_block:  # a task called inside a transaction is part of it
        close_old_connections()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def _end(**_signal: Any) -> None:
    """What hangs in the air is written down first, so that nobody gets it twice for a restart."""
    posting.close()


def _beat() -> None:
    """Note that a worker made progress, not more often than every five seconds a process."""
    global _beat_at
    if time.monotonic() - _beat_at >= BEAT_SECONDS / 3:
        post.beat("worker", BEAT_SECONDS)
        _beat_at = time.monotonic()
