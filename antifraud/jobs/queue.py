"""The one writer of jobs: submit and ring, ask to cancel, claim under a lease with a fence, finish."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from antifraud import db
from antifraud.jobs.models import Job
from antifraud.outbox import bell, post

RUN_TASK = "antifraud.job_run"
LEASE_SECONDS = 30
PATIENCE_SECONDS = 5  # a job that nobody took by then was not heard
MOST_ATTEMPTS = 5  # workers that died at it
PRUNE_AFTER_DAYS = 30

# A queued job waits behind a running one of its kind and subject, also behind one whose worker is gone.
_FREE = """(
  (job.state = 'running' AND job.lease_until < clock_timestamp()) OR (job.state = 'queued' AND NOT EXISTS (
    SELECT FROM af_jobs_job o WHERE o.kind = job.kind AND o.subject_id = job.subject_id AND o.state = 'running')))"""
_SUBMIT = """
INSERT INTO af_jobs_job (id, kind, subject_id, by_id, request_id, unit, state, stage, done, note, attempt)
VALUES (%s, %s, %s, %s, %s, %s, 'queued', '', 0, '', 0)
ON CONFLICT (kind, subject_id) WHERE state = 'queued' DO NOTHING
"""
_CLAIM = f"""
UPDATE af_jobs_job AS job SET state = 'running', attempt = attempt + 1, lease_token = %s, beat_at = clock_timestamp(),
  lease_until = clock_timestamp() + make_interval(secs => %s), started_at = clock_timestamp(), done = 0, total = NULL, stage = ''
WHERE id = %s AND {_FREE}
RETURNING id, kind, subject_id, by_id, request_id, attempt, cancel_asked_at IS NOT NULL
"""
_BEAT = """
UPDATE af_jobs_job SET done = %s, total = %s, stage = %s, beat_at = clock_timestamp(),
  lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = %s AND lease_token = %s AND state = 'running' RETURNING cancel_asked_at IS NOT NULL
"""
_FINISH = """
UPDATE af_jobs_job SET state = %s, note = %s, ended_at = clock_timestamp(), lease_until = NULL,
  done = COALESCE(%s, done), total = COALESCE(%s, total)
WHERE id = %s AND lease_token = %s AND state = 'running'
"""
_WAITING = f"""
SELECT id FROM af_jobs_job job WHERE state IN ('queued', 'running') AND {_FREE}
  AND (created_at <= clock_timestamp() - make_interval(secs => %s) OR state = 'running')
ORDER BY created_at, id LIMIT %s
"""


@dataclass(frozen=True)
class Claimed:
    """A job under this process's lease."""

    id: UUID
    kind: str
    subject_id: UUID
    by_id: UUID
    request_id: str
    attempt: int
    is_cancel_asked: bool
    token: UUID


def submit(kind: str, subject_id: UUID, *, by: db.Principal, unit: str = "rows") -> Job:
    """Write the wish in the open unit of work and ring after its commit; the one that waits where one waits already."""
    work = db.require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(_SUBMIT, [uuid.uuid4(), kind, subject_id, by.id, work.request_id[:64], unit])
    job = Job.objects.get(kind=kind, subject_id=subject_id, state=Job.State.QUEUED)
    post.ring_after_commit(work, RUN_TASK, str(job.id))
    return job


def cancel(job_id: UUID) -> bool:
    """Ask the job to end; False where it has ended already. The caller has authorised."""
    work = db.require_unit_of_work()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE af_jobs_job SET cancel_asked_at = COALESCE(cancel_asked_at, clock_timestamp()) "
            "WHERE id = %s AND state IN ('queued', 'running')",
            [job_id],
        )
        hit = bool(cursor.rowcount == 1)
    if hit:
        post.ring_after_commit(work, RUN_TASK, str(job_id))
    return hit


def latest(subject_id: UUID, *kinds: str) -> Job | None:
    """The newest job about an object, of any of the kinds (none: of all); who may see it is the subject's policy."""
    rows = Job.objects.filter(subject_id=subject_id)
    return (rows.filter(kind__in=kinds) if kinds else rows).order_by("-created_at", "-pk").first()


def broken_off(subject_ids: Sequence[UUID], kind: str) -> set[UUID]:
    """Those of the objects whose newest work of the kind failed."""
    rows = Job.objects.filter(subject_id__in=subject_ids, kind=kind).order_by("subject_id", "-created_at", "-pk")
    newest = rows.distinct("subject_id").values_list("subject_id", "state")
    return {subject for subject, state in newest if state == Job.State.FAILED}


def claim(job_id: UUID) -> Claimed | None:
    """Take the job if it waits, or if its worker has not been heard of for a lease; call inside a unit of work."""
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [token, LEASE_SECONDS, job_id])
        row = cursor.fetchone()
    if row is None:
        return None
    pk, kind, subject_id, by_id, request_id, attempt, is_cancel_asked = row
    return Claimed(pk, kind, subject_id, by_id, request_id, attempt, is_cancel_asked, token)


def beat(job: Claimed, done: int, total: int | None, stage: str) -> bool | None:
    """Show progress and begin the lease anew; whether cancelling is asked for, None where the lease is another's."""
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [done, total, stage, LEASE_SECONDS, job.id, job.token])
        row = cursor.fetchone()
    return bool(row[0]) if row else None


def holds(job: Claimed) -> bool:
    """Whether the lease is still ours, and stays so until the open transaction ends: the fence before a commit."""
    with connection.cursor() as cursor:
        # FOR SHARE: nobody can take the job over meanwhile, and the heartbeat waits.
        cursor.execute(
            "SELECT 1 FROM af_jobs_job WHERE id = %s AND lease_token = %s AND state = 'running' FOR SHARE",
            [job.id, job.token],
        )
        return cursor.fetchone() is not None


def finish(job: Claimed, state: str, *, note: str = "", done: int | None = None, total: int | None = None) -> bool:
    """End the job if the lease is still ours."""
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, [state, note[:60], done, total, job.id, job.token])
        return bool(cursor.rowcount == 1)


def release(job: Claimed) -> None:
    """Give the job back at once, for a fault that another try may not meet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE af_jobs_job SET lease_until = clock_timestamp() WHERE id = %s AND lease_token = %s AND state = 'running'",
            [job.id, job.token],
        )


def waiting(limit: int, *, patience: float = PATIENCE_SECONDS) -> Sequence[UUID]:
    """Jobs that nobody has taken for so many seconds, or whose worker is gone; the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [patience, limit])
        return [row[0] for row in cursor.fetchall()]


def ring_waiting(limit: int) -> int:
    """A duty: ring for what nobody has taken; a ring that is lost is followed by another one."""
    found = waiting(limit)
    return sum(bell.ring(RUN_TASK, str(job_id)) for job_id in found)


def prune() -> int:
    """A duty: delete jobs that ended more than a month ago; what they did stands in the audit log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM af_jobs_job WHERE ended_at < clock_timestamp() - make_interval(days => %s)", [PRUNE_AFTER_DAYS]
        )
        return int(cursor.rowcount)
