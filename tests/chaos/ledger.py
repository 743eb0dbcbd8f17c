"""What the outside world was told, line by line on a disk of its own: the platform neither writes nor reads it."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any


class Ledger:
    """JSON lines, each on the disk before `note` returns; any number of threads write, and a half line is no line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = path.open("ab", buffering=0)

    def note(self, **fact: Any) -> None:
        """Keep one fact; `at` is the wall clock of the one who was told."""
        line = json.dumps({"at": time.time(), **fact}) + "\n"
        with self._lock:
            self._file.write(line.encode())
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """No more facts."""
        self._file.close()


def read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a ledger or journal; the last one is left out where its writer was killed in mid-line."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [json.loads(line) for line in lines[:-1] if line]
