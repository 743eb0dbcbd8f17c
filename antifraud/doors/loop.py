"""A process that goes round until it is told to stop: signals, pauses, and outliving a database that is away."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from antifraud.deliveries import FAILURES
from antifraud.logs import get_logger

SLICE = 0.1
AWAY_PAUSE = 1.0
log = get_logger(__name__)


class Loop:
    """Calls a round again and again; SIGTERM and SIGINT end it after the present piece of work."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stopping = False

    def listen(self) -> None:
        """Take the two signals over (only in a main thread, hence apart from the constructor)."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        # A flag and short sleeps, not an Event: its lock could be held by the very code that the signal interrupts.
        self.stopping = True

    def is_stopping(self) -> bool:
        """For long work inside a round."""
        return self.stopping

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than a tenth of a second after a signal."""
        end = time.monotonic() + seconds
        while not self.stopping and (rest := end - time.monotonic()) > 0:
            time.sleep(min(SLICE, rest))

    def run(self, turn: Callable[[], None], pause: float) -> None:
        """Go round until stopped. No expected failure ends the process; a database that is away is asked again."""
        log.info("started", process=self.name)
        while not self.stopping:
            started = time.monotonic()
            close_old_connections()
            wait = pause
            try:
                turn()
            except (OperationalError, InterfaceError) as error:
                log.error("database away", process=self.name, exc_info=error)
                wait = AWAY_PAUSE
                _forget_connection()
            except FAILURES as error:
                log.error("round failed", process=self.name, exc_info=error)
                wait = AWAY_PAUSE
            self.pause(max(0.0, wait - (time.monotonic() - started)))
        log.info("stopped", process=self.name)


def _forget_connection() -> None:
    try:
        connection.close()
    except (DatabaseError, InterfaceError) as error:
        log.warning("connection not closed", exc_info=error)
        connection.connection = None
