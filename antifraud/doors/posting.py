"""The courier of a process in a thread of its own: rung workers and the relay wake it and go on at once."""

from __future__ import annotations

import os
import threading
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection

from antifraud.courier import Courier
from antifraud.doors.loop import Loop
from antifraud.logs import get_logger

LANDING_SECONDS = 8.0  # below the grace of every process that carries one
log = get_logger(__name__)


class Posting:
    """A courier and its thread."""

    def __init__(self) -> None:
        self.courier = Courier()
        self._loop = Loop("courier")
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether its thread still turns; one that ended by a defect is replaced at the next wake."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Take nothing more, let land what is aloft, write it down."""
        self._loop.stopping = True
        self.courier.rouse()
        self._thread.join(LANDING_SECONDS + 2)

    def _run(self) -> None:
        try:
            self._loop.run(self._turn, 0.0)
            self.courier.land(LANDING_SECONDS)
        except (DatabaseError, InterfaceError) as error:
            log.warning("landings not written", exc_info=error)  # their leases end, they come again
        finally:
            connection.close()

    def _turn(self) -> None:
        self.courier.turn()


class _Process:
    """One for each process; a forked worker child starts its own."""

    lock = threading.Lock()
    posting: Posting | None = None
    pid = 0


def wake(institution_id: UUID) -> None:
    """Something may have to be posted in this lane; returns at once."""
    with _Process.lock:
        posting = _Process.posting
        if posting is None or _Process.pid != os.getpid() or not posting.is_alive:
            posting = _Process.posting = Posting()
            _Process.pid = os.getpid()
    posting.courier.wake(institution_id)


def close() -> None:
    """Before the process ends."""
    with _Process.lock:
        posting, _Process.posting = _Process.posting, None
    if posting is not None and _Process.pid == os.getpid():
        posting.close()


def _after_fork() -> None:
    _Process.lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
