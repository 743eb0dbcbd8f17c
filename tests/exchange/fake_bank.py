"""A bank's webhook receiver as a real HTTP server that can misbehave; in a thread, or as a process with several banks.

As a process (`python -m tests.exchange.fake_bank --banks 3 --journal FOLDER`) it prints one JSON line {"ports": […]}; the
mode of each bank is changed by `PUT /mode` with the mode's name as the body. Modes: see `MODES`.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
METADATA = "http://169.254.169.254/latest/meta-data/"
MEGABYTE = b"\0" * (1 << 20)


@dataclass
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def event(self) -> dict[str, Any]:
        """The JSON body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Wire:
    """The connection that a mode answers on."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    def reset(self) -> None:
        """RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def _plain(status: str, *headers: str) -> Callable[[Wire], Awaitable[None]]:
    lines = "".join(f"{header}\r\n" for header in headers)
    raw = f"HTTP/1.1 {status}\r\n{lines}Content-Length: 0\r\n\r\n".encode()

    async def answer(wire: Wire) -> None:
        await wire.say(raw)

    return answer


async def _ok(wire: Wire) -> None:
    await wire.say(OK)


async def _hang(_wire: Wire) -> None:
    await asyncio.sleep(3600)


async def _slow(wire: Wire) -> None:
    await asyncio.sleep(0.3)
    await wire.say(OK)


async def _drip(wire: Wire) -> None:
    for byte in OK:
        await wire.say(bytes([byte]))
        await asyncio.sleep(1)


async def _drip_body(wire: Wire) -> None:
    await wire.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _byte in range(1000):
        await wire.say(b" ")
        await asyncio.sleep(1)


async def _reset(wire: Wire) -> None:
    wire.reset()


async def _huge(wire: Wire) -> None:
    await wire.say(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
    for _megabyte in range(100):
        await wire.say(MEGABYTE)


async def _bomb(wire: Wire) -> None:
    packed = gzip.compress(zlib.compress(MEGABYTE * 20))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    await wire.say(head.encode() + packed)


async def _ack_then_die(wire: Wire) -> None:
    await wire.say(OK)
    wire.reset()


async def _garbage(wire: Wire) -> None:
    await wire.say(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    wire.writer.close()


async def _endless_header(wire: Wire) -> None:
    await wire.say(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _part in range(64):
        await wire.say(b"a" * 65536)


MODES: dict[str, Callable[[Wire], Awaitable[None]]] = {
    "ok": _ok,
    "slow": _slow,
    "500": _plain("500 Internal Server Error"),
    "503": _plain("503 Service Unavailable"),
    "429": _plain("429 Too Many Requests", "Retry-After: 7"),
    "400": _plain("400 Bad Request"),
    "422": _plain("422 Unprocessable Content"),
    "404": _plain("404 Not Found"),
    "410": _plain("410 Gone"),
    "redirect": _plain("301 Moved Permanently", f"Location: {METADATA}"),
    "hang": _hang,
    "drip": _drip,
    "drip_body": _drip_body,
    "reset": _reset,
    "huge": _huge,
    "bomb": _bomb,
    "ack_then_die": _ack_then_die,
    "garbage": _garbage,
    "endless_header": _endless_header,
}
# What the bank has done before it misbehaves: these modes answer after the effect, the others lose or refuse the event.
TAKEN = frozenset({"ok", "slow", "drip", "drip_body", "huge", "bomb", "ack_then_die"})


@dataclass
class FakeBank:
    """One receiver on a port of its own. `requests` is all it heard, `effects` the subjects that it acted on, each once."""

    mode: str = "ok"
    tls: ssl.SSLContext | None = None
    journal: Path | None = None
    requests: list[Request] = field(default_factory=list)
    effects: list[tuple[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    connections: int = 0
    port: int = 0
    _open: int = 0
    _known: set[tuple[str, str]] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _file: TextIO | None = None

    @property
    def url(self) -> str:
        """Where events are posted to."""
        return f"http{'s' if self.tls else ''}://{'localhost' if self.tls else '127.0.0.1'}:{self.port}/events"

    async def listen(self) -> None:
        """Open the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Cut everything."""
        if self._server:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        wire = Wire(reader, writer)
        try:
            while (request := await _read(reader)) is not None:
                await self._handle(request, wire)
                if writer.is_closing():
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _handle(self, request: Request, wire: Wire) -> None:
        if request.method == "PUT":
            self.mode = request.body.decode()
            await wire.say(OK)
            return
        self.requests.append(request)
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            mode = self.mode
            if mode in TAKEN:
                self._act(request)
            await MODES[mode](wire)
        finally:
            self._open -= 1

    def _act(self, request: Request) -> None:
        """What a bank does with an event: dedupe by subject and topic, act once, keep a journal that outlives it."""
        event = request.event
        key = (event["subject_id"], event["topic"])
        if key not in self._known:
            self._known.add(key)
            self.effects.append(key)
        if self.journal is not None:
            self._file = self._file or self.journal.open("a", encoding="utf-8")
            line = {"at": request.at, "message_id": request.headers.get("antifraud-message-id"), **event}
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())


async def _read(reader: asyncio.StreamReader) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body, time.time())


class Street:
    """Fake banks of one test in one event loop of its own thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.banks: list[FakeBank] = []
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def bank(self, mode: str = "ok", tls: ssl.SSLContext | None = None, journal: Path | None = None) -> FakeBank:
        """Open another bank."""
        bank = FakeBank(mode, tls, journal)
        asyncio.run_coroutine_threadsafe(bank.listen(), self.loop).result(5)
        self.banks.append(bank)
        return bank

    def close(self) -> None:
        """Close all banks and the loop."""
        ends: list[Future[None]] = [asyncio.run_coroutine_threadsafe(bank.close(), self.loop) for bank in self.banks]
        for end in ends:
            end.result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


async def _main(count: int, folder: Path | None) -> None:
    banks = [FakeBank(journal=folder / f"bank{number}.jsonl" if folder else None) for number in range(count)]
    for bank in banks:
        await bank.listen()
    print(json.dumps({"ports": [bank.port for bank in banks]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--banks", type=int, default=1)
    parser.add_argument("--journal", type=Path)
    chosen = parser.parse_args()
    asyncio.run(_main(chosen.banks, chosen.journal))
