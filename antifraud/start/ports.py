"""Free ports on the loopback; who listens on them is decided by the caller."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

from antifraud.start.faults import StartError

# Below the range from which Linux takes ports for outgoing connections, so that a remembered port stays free.
SERVERS = range(20000, 30000)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on host:port now (connections that linger after a stop do not count)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def remembered_or_new(port: int | None) -> int:
    """The remembered port while it is free, else another one from SERVERS."""
    if port is not None and is_free(port):
        return port
    for candidate in random.sample(SERVERS, 100):
        if is_free(candidate):
            return candidate
    raise StartError("No free port was found between 20000 and 30000 on 127.0.0.1.")


def first_free(wanted: int, taken: Collection[int] = ()) -> int:
    """`wanted`, or the next free port above it that is not in `taken`."""
    for port in range(wanted, min(wanted + 200, 65536)):
        if port not in taken and is_free(port):
            return port
    raise StartError(f"No free port was found from {wanted} on; set ANTIFRAUD_PORT to another number.")
