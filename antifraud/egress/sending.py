"""Post parcels side by side from one event loop in a thread of its own; no remote fault raises, none takes over 10 s.

No redirects, no decompression, no proxies of the environment, TLS 1.2 at least and verified; of a response body at most
64 KB are read, and those only so that the connection can be used again (R4).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import ssl
import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import certifi
import httpcore
from django.conf import settings

from antifraud.egress.addresses import AddressRefusedError, Target, target_of
from antifraud.egress.network import CONNECT_SECONDS, PinnedBackend, Resolver

DEADLINE = 10.0
BODY_LIMIT = 64 * 1024
BODY_SECONDS = 1.0  # the status is the answer; a body that drips must not hold the slot
MOST_CONNECTIONS, MOST_KEPT, KEPT_SECONDS = 64, 16, 30.0
MOST_POOLS = 512
LONGEST_RETRY_AFTER = 60.0
_LINGER = 0.002

TLS_ERROR, TIMEOUT, REFUSED, UNREACHABLE, BROKEN = "tls", "timeout", "address_refused", "unreachable", "broken"


@dataclass(frozen=True)
class Parcel:
    """One POST: where to, what, an own CA in PEM (else the public ones), and seconds in all (never above 10)."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    ca: str = ""
    seconds: float = DEADLINE


@dataclass(frozen=True)
class Result:
    """The HTTP status, or None and why there is none; `retry_after` in seconds where the receiver asked for a pause."""

    status: int | None
    error: str
    seconds: float
    retry_after: float | None = None


def loopback_allowed() -> bool:
    """Whether fake banks on this machine may be reached: tests, demo and drills, never an installation (check E002)."""
    return bool(settings.EGRESS_ALLOW_LOOPBACK and settings.DEMO)


def tls_context(ca: str = "") -> ssl.SSLContext:
    """Verifying, TLS 1.2 or later; with `ca` (PEM) only what it signed. Raises ssl.SSLError for an unreadable `ca`."""
    context = ssl.create_default_context(cadata=ca) if ca else ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Sender:
    """The loop, its thread and one connection pool for each receiver: a full pool can only be the receiver's own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._resolver = Resolver()
        self._pools: dict[tuple[str, str, int, str, bool], httpcore.AsyncConnectionPool] = {}
        threading.Thread(target=self.loop.run_forever, name="egress", daemon=True).start()

    async def post(self, parcel: Parcel) -> Result:
        """Within the deadline, whatever the receiver does."""
        started = time.monotonic()
        seen: list[httpcore.Response] = []
        try:
            async with asyncio.timeout(min(parcel.seconds, DEADLINE)):
                await self._exchange(parcel, seen)
            error = ""
        except (TimeoutError, httpcore.TimeoutException):
            error = TIMEOUT
        except AddressRefusedError as refusal:
            error = str(refusal)
        except (httpcore.ConnectError, OSError) as fault:
            error = TLS_ERROR if _is_tls(fault) else UNREACHABLE
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            error = BROKEN
        spent = time.monotonic() - started
        if seen:  # the status line is the receiver's word, whatever became of the body
            return Result(seen[0].status, "", spent, _retry_after(seen[0]))
        return Result(None, error, spent)

    async def _exchange(self, parcel: Parcel, seen: list[httpcore.Response]) -> None:
        loopback = loopback_allowed()
        target = target_of(parcel.url, loopback=loopback)
        url = httpcore.URL(scheme=target.scheme, host=_bracketed(target.host), port=target.port, target=target.path)
        limits = {"connect": CONNECT_SECONDS, "read": DEADLINE, "write": DEADLINE, "pool": DEADLINE}
        pool = self._pool(target, parcel.ca, loopback=loopback)
        async with pool.stream(
            "POST", url, headers=list(parcel.headers.items()), content=parcel.body, extensions={"timeout": limits}
        ) as response:
            seen.append(response)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BODY_SECONDS):
                    await _read_some(response)

    def _pool(self, target: Target, ca: str, *, loopback: bool) -> httpcore.AsyncConnectionPool:
        key = (target.scheme, target.host, target.port, ca, loopback)
        if key not in self._pools:
            if len(self._pools) >= MOST_POOLS:
                oldest = self._pools.pop(next(iter(self._pools)))
                self.loop.create_task(oldest.aclose())
            self._pools[key] = httpcore.AsyncConnectionPool(
                ssl_context=tls_context(ca) if target.scheme == "https" else None,
                max_connections=MOST_CONNECTIONS,
                max_keepalive_connections=MOST_KEPT,
                keepalive_expiry=KEPT_SECONDS,
                network_backend=PinnedBackend(self._resolver, loopback=loopback),
            )
        return self._pools[key]


class Flight:
    """Parcels on their way, each under a key of the caller's; results are taken as they land, in any thread but one."""

    def __init__(self) -> None:
        self._landed: queue.SimpleQueue[tuple[Hashable, Result] | None] = queue.SimpleQueue()
        self.aloft = 0

    def send(self, parcels: Sequence[tuple[Hashable, Parcel]]) -> None:
        """Start posting; returns at once."""
        sender = _sender()
        self.aloft += len(parcels)
        sender.loop.call_soon_threadsafe(self._start, sender, list(parcels))

    def wake(self) -> None:
        """Let a waiting `landed` return (from any thread)."""
        self._landed.put(None)

    def landed(self, seconds: float) -> list[tuple[Hashable, Result]]:
        """What has landed, waiting at most `seconds` for the first; a moment longer for what lands together."""
        found: list[tuple[Hashable, Result]] = []
        try:
            first = self._landed.get(timeout=seconds) if seconds > 0 else self._landed.get_nowait()
            while True:
                if first is not None:
                    found.append(first)
                first = self._landed.get(timeout=_LINGER) if len(found) < self.aloft else self._landed.get_nowait()
        except queue.Empty:
            self.aloft -= len(found)
            return found

    def _start(self, sender: _Sender, parcels: list[tuple[Hashable, Parcel]]) -> None:
        for key, parcel in parcels:
            task = sender.loop.create_task(sender.post(parcel))
            task.add_done_callback(partial(self._land, key))

    def _land(self, key: Hashable, done: asyncio.Task[Result]) -> None:
        self._landed.put((key, _result(done)))


def _result(done: asyncio.Task[Result]) -> Result:
    fault = asyncio.CancelledError() if done.cancelled() else done.exception()
    return done.result() if fault is None else Result(None, type(fault).__name__, 0.0)


async def _read_some(response: httpcore.Response) -> None:
    size = 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > BODY_LIMIT:
            return


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _retry_after(response: httpcore.Response) -> float | None:
    """Whole seconds as the receiver wrote them, at most a minute; a date is not worth a parser."""
    for name, value in response.headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) < 10:
            return min(float(value), LONGEST_RETRY_AFTER)
    return None


class _Process:
    """A forked child inherits neither the thread nor the loop: it starts its own."""

    lock = threading.Lock()
    sender: _Sender | None = None
    pid = 0


def _sender() -> _Sender:
    with _Process.lock:
        if _Process.sender is None or _Process.pid != os.getpid():
            _Process.sender, _Process.pid = _Sender(), os.getpid()
        return _Process.sender


def _after_fork() -> None:
    _Process.lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
