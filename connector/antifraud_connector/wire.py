"""One HTTP request under a hard total deadline: no redirects, no proxies, no decompression, bounded answers.

What is sent and what an answer means is not decided here.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from antifraud_connector.errors import TransportFault

CONNECT_SECONDS = 3.0
DEADLINE_SECONDS = 10.0
LARGEST_ANSWER = 8 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case, each with all its values."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    def header(self, name: str) -> str:
        """The first value of a header, "" where it is absent."""
        return self.headers.get(name, [""])[0]


def tls(ca_file: Path | None = None, cert_file: Path | None = None, key_file: Path | None = None) -> ssl.SSLContext:
    """Verified TLS 1.2 or later; with a certificate of our own where the platform asks for one."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if cert_file:
        context.load_cert_chain(str(cert_file), str(key_file) if key_file else None)
    return context


def send(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, context: ssl.SSLContext | None = None,
    deadline: float = DEADLINE_SECONDS,
) -> Answer:  # fmt: skip
    """The answer, whatever its status. Raises TransportFault where none came whole in time.

    A timer cuts the connection at the deadline: a socket's own timeout starts again with every byte that drips in.
    """
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, context, min(CONNECT_SECONDS, deadline))
    cut = threading.Event()
    held: list[socket.socket] = []  # http.client lets go of its socket before the body is read
    timer = threading.Timer(deadline, _cut, (held, cut))
    timer.daemon = True
    timer.start()
    try:
        connection.connect()
        held.append(connection.sock)
        held[0].settimeout(deadline)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            method, target, body=body, headers={"Connection": "close", "Accept-Encoding": "identity", **headers}
        )
        response = connection.getresponse()
        content = response.read(LARGEST_ANSWER + 1)
        missing = response.length or 0
        found: dict[str, list[str]] = {}
        for name, value in response.getheaders():
            found.setdefault(name.lower(), []).append(value)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TransportFault("deadline" if cut.is_set() else type(error).__name__) from error
    finally:
        timer.cancel()
        connection.close()
    # A body without a length ends where the connection does: one that we cut ourselves is not whole.
    if cut.is_set():
        raise TransportFault("deadline")
    if len(content) > LARGEST_ANSWER:
        raise TransportFault("answer too large")
    if missing:
        raise TransportFault("the answer was cut off")
    return Answer(response.status, found, content)


def _connection(
    scheme: str, host: str, port: int | None, context: ssl.SSLContext | None, seconds: float
) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=context or tls())
    return http.client.HTTPConnection(host, port, timeout=seconds)


def _cut(held: list[socket.socket], cut: threading.Event) -> None:
    cut.set()
    for sock in held:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue  # the connection has ended by itself
