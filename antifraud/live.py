"""The event stream as a plain ASGI application: hints to open pages, no database, no thread, no data of cases."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import parse_cookie
from redis.asyncio import Redis
from redis.exceptions import RedisError

from antifraud.crypto.receipts import read_ticket
from antifraud.errors import Forbidden
from antifraud.hints import CHANNEL
from antifraud.logs import get_logger

COOKIE = "live"
PATH = "/live/"
BEAT_SECONDS = 15.0
LIFE_SECONDS = 900.0
QUEUE_LENGTH = 64
STREAMS_PER_LOGIN = 6
LONGEST_WAIT = 15.0
RESYNC = "resync"

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
log = get_logger(__name__)


class Hub:
    """One Redis subscription for the whole process, fanned out to bounded queues.

    Hints may be lost: after a gap, and where a reader is too slow, the reader gets one "resync" and fetches anew.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.listeners: dict[str, set[asyncio.Queue[str]]] = {}
        self.task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def listen(self, *topics: str) -> AsyncIterator[asyncio.Queue[str]]:
        """A queue of kinds for these topics, as long as the block lasts."""
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE_LENGTH)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._pump())
        for topic in topics:
            self.listeners.setdefault(topic, set()).add(queue)
        try:
            yield queue
        finally:
            for topic in topics:
                self.listeners[topic].discard(queue)
                if not self.listeners[topic]:
                    del self.listeners[topic]

    async def close(self) -> None:
        """End the subscription. Asked again until it is done: the client may swallow a cancellation while connecting."""
        while self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait({self.task}, timeout=0.5)

    def deliver(self, topic: str, kind: str) -> None:
        """Put a hint into every queue of the topic."""
        for queue in self.listeners.get(topic, ()):
            put(queue, kind)

    async def _pump(self) -> None:
        wait = 1.0
        while True:
            try:
                async with (
                    Redis.from_url(self.url, health_check_interval=20, socket_keepalive=True) as redis,
                    redis.pubsub() as subscription,
                ):
                    await subscription.psubscribe(CHANNEL + "*")
                    for queue in {queue for queues in self.listeners.values() for queue in queues}:
                        put(queue, RESYNC)
                    wait = 1.0
                    async for message in subscription.listen():
                        self._take(message)
            except (OSError, RedisError) as error:
                log.warning("subscription lost", exc_info=error)
            # Also after a normal end of listen(): a closed subscription must not spin.
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _take(self, message: Mapping[str, Any]) -> None:
        if message["type"] != "pmessage":
            return
        try:
            kind = json.loads(message["data"])["t"]
        except (ValueError, KeyError, TypeError):
            return
        if isinstance(kind, str):
            self.deliver(message["channel"].decode("utf-8", "replace").removeprefix(CHANNEL), kind)


def put(queue: asyncio.Queue[str], kind: str) -> None:
    """Queue a hint; where the reader is too slow, everything waiting becomes one "resync"."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        kind = RESYNC
    queue.put_nowait(kind)


async def frames(
    hub: Hub, topics: list[str], beat: float = BEAT_SECONDS, life: float = LIFE_SECONDS
) -> AsyncGenerator[bytes, None]:
    """Server-sent events for `life` seconds: hello, then hints, and a comment after each `beat` seconds of silence.

    The life is bounded so that a new ticket, and with it the log-in, is asked for again.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + life
    async with hub.listen(*topics) as queue:
        yield b"retry: 3000\n" + frame("hello")
        while (rest := end - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(beat, rest)):
                    kind = await queue.get()
            except TimeoutError:
                yield b": ping\n\n"
            else:
                yield frame(kind)


def frame(kind: str) -> bytes:
    """One event; the kind is all that it says."""
    return f"event: {kind}\ndata: {json.dumps({'t': kind})}\n\n".encode()


class Live:
    """`/live/` and `/livez`; everything else is 404."""

    def __init__(
        self, redis_url: str, web_origin: str, *, beat: float = BEAT_SECONDS, life: float = LIFE_SECONDS
    ) -> None:
        self.hub = Hub(redis_url)
        self.web_origin = web_origin.encode()
        self.beat, self.life = beat, life
        self.streams: dict[str, deque[asyncio.Task[None]]] = {}

    @classmethod
    def from_settings(cls) -> Live:
        """The application as configured."""
        return cls(settings.REDIS_URL, settings.WEB_ORIGIN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["path"] == "/livez" and scope["method"] in {"GET", "HEAD"}:
            await answer(send, 200, b'{"alive": true}')
        elif scope["path"] == PATH:
            await self._live(scope, receive, send)
        else:
            await answer(send, 404)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                for tasks in list(self.streams.values()):
                    for task in tasks:
                        task.cancel()
                await self.hub.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = header(scope, b"origin")
        if origin and origin != self.web_origin:
            await answer(send, 403)
            return
        allowed = cross_origin(origin)
        if scope["method"] != "GET":
            await answer(send, 405, headers=[*allowed, (b"allow", b"GET")])
            return
        who = ticket(scope)
        if who is None:
            await answer(send, 401, headers=allowed)
            return
        start: Headers = [
            *allowed,
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store, no-transform"),
            (b"x-accel-buffering", b"no"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": start})
        topics = [f"user:{who['u']}", f"inst:{who['g']}"]
        pump = asyncio.create_task(self._pump(topics, send))
        gone = asyncio.create_task(left(receive))
        with self._counted(str(who.get("l", who["u"])), pump):
            try:
                await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                pump.cancel()
                gone.cancel()
                await asyncio.gather(pump, gone, return_exceptions=True)

    async def _pump(self, topics: list[str], send: Send) -> None:
        try:
            async with contextlib.aclosing(frames(self.hub, topics, self.beat, self.life)) as stream:
                async for piece in stream:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            with contextlib.suppress(OSError):
                await send({"type": "http.response.body", "body": b""})

    @contextlib.contextmanager
    def _counted(self, login: str, task: asyncio.Task[None]) -> Any:
        """At most six streams a log-in: one more ends the oldest, so that no browser can use up the process."""
        mine = self.streams.setdefault(login, deque())
        if len(mine) >= STREAMS_PER_LOGIN:
            mine[0].cancel()
        mine.append(task)
        try:
            yield
        finally:
            mine.remove(task)
            if not mine:
                del self.streams[login]


def ticket(scope: Scope) -> dict[str, Any] | None:
    """The cookie's ticket: user "u", institution "g" and, where given, the log-in "l"; None for a bad or old one."""
    cookies = parse_cookie(header(scope, b"cookie").decode("latin-1"))
    try:
        payload = read_ticket(cookies.get(COOKIE, ""))
    except Forbidden:
        return None
    return payload if {"u", "g"} <= payload.keys() else None


def header(scope: Scope, name: bytes) -> bytes:
    """A request header, empty where it is missing."""
    found: bytes = dict(scope["headers"]).get(name, b"")
    return found


def cross_origin(origin: bytes) -> Headers:
    """CORS for exactly the pages' own origin; the stream stands on another port and needs the cookie."""
    if not origin:
        return [(b"vary", b"Origin")]
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


async def left(receive: Receive) -> None:
    """Returns when the reader is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer(send: Send, status: int, body: bytes = b"", headers: Headers | None = None) -> None:
    """A short answer without a stream."""
    kind: Headers = [(b"content-type", b"application/json")] if body else []
    start: Headers = [
        *(headers or []),
        *kind,
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
