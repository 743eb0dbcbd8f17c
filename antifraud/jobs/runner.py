"""Run one job: claim, work, finish; a worker that dies leaves a lease that ends, and the next one begins again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError

from antifraud import db
from antifraud.errors import AppError
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from antifraud.jobs.progress import Cancelled, LeaseLost, Progress
from antifraud.logs import get_logger
from antifraud.tracing import set_request_id

FAULTS = (DatabaseError, InterfaceError, LookupError, TypeError, ValueError, ArithmeticError, OSError, RuntimeError)
State = Job.State
log = get_logger(__name__)


def _nothing(_job: queue.Claimed) -> None:
    """Nothing is left behind."""


@dataclass(frozen=True)
class Work:
    """`run` opens its own units of work, may be begun again after any of them, and calls `progress.fence()` at the end
    of each. `cancelled` takes back what units before the cancelling have left."""

    run: Callable[[queue.Claimed, Progress], None]
    cancelled: Callable[[queue.Claimed], None] = _nothing


def job_run(job_id: UUID, works: Mapping[str, Work]) -> str:
    """Run the job if nobody else does; returns the state that it ended in, "" where it is not ours to end."""
    job = _claim(job_id)
    if job is None:
        return ""
    if job.request_id:
        set_request_id(job.request_id)
    if job.attempt > queue.MOST_ATTEMPTS:
        return _finish(job, State.FAILED, note="given_up")
    try:
        return _work(job, works[job.kind])
    except LeaseLost:
        log.warning("stale lease discarded", job=job.id, kind=job.kind)
        return ""
    except (OperationalError, InterfaceError) as error:  # the database was away, or busy: try again
        log.error("job interrupted", exc_info=error, job=job.id, kind=job.kind, attempt=job.attempt)
        _give_back(job)
        return ""
    except AppError as error:
        log.info("job refused", job=job.id, kind=job.kind, code=error.code)
        return _finish(job, State.FAILED, note=error.code)
    except FAULTS as error:
        log.error("job failed", exc_info=error, job=job.id, kind=job.kind)
        return _finish(job, State.FAILED, note="fault")


def _claim(job_id: UUID) -> queue.Claimed | None:
    try:
        with db.unit_of_work(None):
            return queue.claim(job_id)
    except IntegrityError:  # another one of the kind and subject was begun in this moment
        return None


def _work(job: queue.Claimed, work: Work) -> str:
    progress = Progress(job)
    if not job.is_cancel_asked and _ran(work, progress):
        return _finish(job, State.DONE, done=progress.done, total=progress.total)
    work.cancelled(job)
    return _finish(job, State.CANCELLED)


def _ran(work: Work, progress: Progress) -> bool:
    """Whether it came to its end; False where it was cancelled."""
    try:
        with progress:
            work.run(progress.job, progress)
    except Cancelled:
        return False
    except OperationalError:
        if not progress.is_interrupted():
            raise
        progress.check_lease()
        return False
    return True


def _finish(
    job: queue.Claimed, state: str, *, note: str = "", done: int | None = None, total: int | None = None
) -> str:
    with db.unit_of_work(None):
        ended = queue.finish(job, state, note=note, done=done, total=total)
    return str(state) if ended else ""


def _give_back(job: queue.Claimed) -> None:
    try:
        with db.unit_of_work(None):
            queue.release(job)
    except (DatabaseError, InterfaceError):
        log.warning("lease left to its end", job=job.id)


__all__ = ["Cancelled", "LeaseLost", "Work", "job_run"]
