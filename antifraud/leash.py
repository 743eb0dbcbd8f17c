"""How one thread ends the child process that another is waiting for; what the child does is the caller's matter."""

from __future__ import annotations

import subprocess
from threading import Lock


class Leash:
    """Given to `confined.run` as `started`; `cut` kills the child, also one that starts only afterwards."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_cut = False
        self._child: subprocess.Popen[bytes] | None = None

    def hold(self, child: subprocess.Popen[bytes]) -> None:
        """By the thread that waits for the child."""
        with self._lock:
            self._child = child
            if self._is_cut:
                child.kill()

    def cut(self) -> None:
        """By any thread, as often as it likes: who waits for the child gets a ConfinedError; one that is gone is no error."""
        with self._lock:
            self._is_cut = True
            if self._child is not None:
                self._child.kill()
