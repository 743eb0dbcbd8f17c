"""Progress that shows while one long transaction runs: a thread with a connection of its own beats, and cancels."""

from __future__ import annotations

import threading
from types import TracebackType

import psycopg2
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from antifraud.jobs import queue
from antifraud.logs import get_logger

BEAT_SECONDS = 0.5
log = get_logger(__name__)


class Cancelled(Exception):
    """Somebody asked for the end; nothing of what is not committed stays."""


class LeaseLost(Exception):
    """Another worker has the job by now; this one must not write any more."""


class Progress:
    """`with Progress(job) as progress:` in the thread that works.

    A wish to cancel, or a lost lease, also cancels the statement that the working thread's connection is in.
    """

    def __init__(self, job: queue.Claimed) -> None:
        self.job = job
        self.done = 0
        self.total: int | None = None
        self.stage = ""
        self._ended = threading.Event()
        self._cancelled = threading.Event()
        self._lost = threading.Event()
        self._worker: BaseDatabaseWrapper | None = None
        self._thread = threading.Thread(target=self._beat_on, name="job-progress", daemon=True)

    def __enter__(self) -> Progress:
        self._worker = connections[DEFAULT_DB_ALIAS]  # this thread's own: `connection` leads each thread to its own
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def begin(self, stage: str, total: int | None = None) -> None:
        """A new stage of the work, counted from zero; raises Cancelled, LeaseLost."""
        self.done, self.total, self.stage = 0, total, stage
        self.check()

    def set(self, done: int, total: int | None = None) -> None:
        """How far the stage is; raises Cancelled, LeaseLost."""
        self.done = done
        if total is not None:
            self.total = total
        self.check()

    def end(self, done: int) -> None:
        """What was done in all, after the last commit: it is too late to cancel."""
        self.done = self.total = done

    def check(self) -> None:
        """Raise Cancelled or LeaseLost where it is so."""
        self.check_lease()
        if self._cancelled.is_set():
            raise Cancelled

    def check_lease(self) -> None:
        """Raise LeaseLost where another worker has the job."""
        if self._lost.is_set():
            raise LeaseLost

    def fence(self) -> None:
        """The last statement of each transaction of the work: it commits only while the lease is ours."""
        self.check()
        if not queue.holds(self.job):
            raise LeaseLost

    def is_interrupted(self) -> bool:
        """Whether a cancelled statement was cancelled from here."""
        return self._lost.is_set() or self._cancelled.is_set()

    def _beat_on(self) -> None:
        try:
            while not self._ended.wait(BEAT_SECONDS):
                self._beat()
        finally:
            connection.close()

    def _beat(self) -> None:
        try:
            asked = queue.beat(self.job, self.done, self.total, self.stage)
        except (DatabaseError, InterfaceError) as error:
            # Also while the fence holds the row; a lease lasts for many beats.
            log.warning("progress not shown", exc_info=error, job=self.job.id)
            connection.close()
            return
        if asked is None and not self._ended.is_set():
            self._lost.set()
        elif asked:
            self._cancelled.set()
        if self.is_interrupted() and not self._ended.is_set():
            self._interrupt()

    def _interrupt(self) -> None:
        link = self._worker.connection if self._worker is not None else None
        if link is not None:
            try:
                link.cancel()
            except psycopg2.Error as error:
                log.warning("statement not cancelled", exc_info=error, job=self.job.id)
