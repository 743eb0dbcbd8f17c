"""Connections to checked IPs only: resolve once, check every answer, connect to what was checked (R38)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore

from antifraud.egress.addresses import AddressRefusedError, is_loopback_ip, is_public_ip

CONNECT_SECONDS = 3.0
MOST_TRIED = 2  # addresses of one name; the deadline leaves no time for more


class Resolver:
    """Names to checked IPs. One look-up per name at a time: a name server that hangs holds one thread, not all."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="egress-dns")
        self._asked: dict[str, asyncio.Task[list[str]]] = {}

    async def addresses(self, host: str, *, loopback: bool) -> list[str]:
        """Every A and AAAA of `host`; raises AddressRefusedError `address_refused` if a single one is not public."""
        if host not in self._asked:
            task = asyncio.ensure_future(self._look_up(host))
            self._asked[host] = task
            task.add_done_callback(lambda _done: self._asked.pop(host, None))
        # Shielded: whoever asked first may run out of time without taking the answer from the others.
        found = await asyncio.shield(self._asked[host])
        if not found or not all(is_public_ip(ip) or (loopback and is_loopback_ip(ip)) for ip in found):
            raise AddressRefusedError("address_refused")
        return found

    async def _look_up(self, host: str) -> list[str]:
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._threads, resolve, host)
        return list(dict.fromkeys(str(row[4][0]) for row in rows))


def resolve(host: str) -> list[Any]:
    """The system's answer; raises OSError where there is none."""
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections to checked IPs; the name stays what TLS asks for and verifies (SNI = host)."""

    def __init__(self, resolver: Resolver, *, loopback: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._resolver = resolver
        self._loopback = loopback

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check and connect within three seconds; raises httpcore.ConnectError or AddressRefusedError."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await self._connect(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error

    async def _connect(self, host: str, port: int) -> httpcore.AsyncNetworkStream:
        try:
            found = await self._resolver.addresses(host, loopback=self._loopback)
        except OSError as error:
            raise httpcore.ConnectError("name not resolved") from error
        last: httpcore.ConnectError | None = None
        for ip in found[:MOST_TRIED]:
            try:
                return await self._inner.connect_tcp(ip, port, socket_options=[NO_DELAY])
            except httpcore.ConnectError as error:
                last = error
        raise last or httpcore.ConnectError("no address")


NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
