"""Calls that wait for news (long polls): how many at once, and whether anybody still listens."""

from __future__ import annotations

import functools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings


@functools.lru_cache(maxsize=1)
def _places() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(settings.WAITING_PLACES)


@contextmanager
def place() -> Iterator[bool]:
    """Whether this process has a thread to spare for a call that waits; the others stay free for pages."""
    taken = _places().acquire(blocking=False)
    try:
        yield taken
    finally:
        if taken:
            _places().release()


def has_left(request: Any) -> bool:
    """Whether the client has closed its connection; False where the server does not show it (anything but gunicorn)."""
    line = request.META.get("gunicorn.socket")
    if not isinstance(line, socket.socket):
        return False
    try:
        return line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
