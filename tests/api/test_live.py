"""The event stream, driven as ASGI with the real Valkey: who gets in, what is heard, when it ends, what is left behind."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.conf import settings

from antifraud import hints, live
from antifraud.crypto.receipts import issue_ticket

USER, INSTITUTION = uuid.UUID(int=1), uuid.UUID(int=2)
ORIGIN = "https://web.example"


def cookie(age: int = 60, **more: str) -> str:
    return "theme=dark; live=" + issue_ticket({"u": str(USER), "g": str(INSTITUTION), **more}, max_age=age)


class Browser:
    """One request to the application; what it sends is collected, `leave()` closes the connection."""

    def __init__(self, app: live.Live, headers: dict[str, str], *, method: str = "GET", path: str = "/live/") -> None:
        self.sent: list[dict[str, Any]] = []
        self.news = asyncio.Event()
        self.left = asyncio.Event()
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": raw}
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        self.news.set()

    @property
    def text(self) -> str:
        return b"".join(m.get("body", b"") for m in self.sent).decode()

    @property
    def status(self) -> int:
        found: int = self.sent[0]["status"]
        return found

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    async def until(self, wanted: str) -> None:
        async with asyncio.timeout(10):
            while wanted not in self.text:
                self.news.clear()
                await self.news.wait()

    async def leave(self) -> None:
        self.left.set()
        await asyncio.wait_for(self.task, 5)


def play(story: Callable[[live.Live], Awaitable[None]], **timing: float) -> None:
    async def run() -> None:
        app = live.Live(settings.REDIS_URL, ORIGIN, **timing)
        await story(app)
        await app.hub.close()
        await asyncio.sleep(0)
        assert app.streams == {}
        assert app.hub.listeners == {}
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


def test_hints_for_the_user_and_the_institution_are_heard_and_no_others() -> None:
    async def story(app: live.Live) -> None:
        browser = Browser(app, {"Cookie": cookie()})
        await browser.until("event: resync")  # the subscription is up
        hints.publish(f"user:{uuid.UUID(int=9)}", "foreign")
        hints.publish(f"inst:{INSTITUTION}", "queue")
        await browser.until("event: queue")
        hints.publish(f"user:{USER}", "notice")
        await browser.until("event: notice")
        assert "foreign" not in browser.text
        assert browser.text.startswith("retry: 3000\nevent: hello\ndata: ")
        assert browser.status == 200
        assert browser.headers["content-type"] == "text/event-stream"
        assert browser.headers["cache-control"] == "no-store, no-transform"
        await browser.leave()

    play(story)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": "live="},
        {"Cookie": "live=forged"},
        {"Cookie": "live=" + "x" * 5000},
        {"Cookie": 'live="; $Path=\x07'},
    ],
)
def test_without_a_ticket_nobody_gets_in(headers: dict[str, str]) -> None:
    async def story(app: live.Live) -> None:
        browser = Browser(app, headers)
        await browser.task
        assert browser.status == 401
        assert browser.text == ""
        assert app.hub.task is None

    play(story)


def test_an_old_or_changed_or_foreign_ticket_is_none() -> None:
    async def story(app: live.Live) -> None:
        good = cookie()
        other = "live=" + issue_ticket({"purpose": "download"}, max_age=60)
        for text in (cookie(age=-1), good[:-2] + ("AA" if good[-2:] != "AA" else "BB"), other):
            browser = Browser(app, {"Cookie": text})
            await browser.task
            assert browser.status == 401

    play(story)


def test_only_the_pages_origin_may_read() -> None:
    async def story(app: live.Live) -> None:
        browser = Browser(app, {"Cookie": cookie(), "Origin": ORIGIN})
        await browser.until("event: hello")
        assert browser.headers["access-control-allow-origin"] == ORIGIN
        assert browser.headers["access-control-allow-credentials"] == "true"
        await browser.leave()
        for origin in ("https://evil.example", "null", ORIGIN + ".evil.example", "http://web.example"):
            foreign = Browser(app, {"Cookie": cookie(), "Origin": origin})
            await foreign.task
            assert foreign.status == 403
            assert "access-control-allow-origin" not in foreign.headers

    play(story)


def test_silence_is_broken_by_pings_and_the_life_ends() -> None:
    async def story(app: live.Live) -> None:
        browser = Browser(app, {"Cookie": cookie()})
        async with asyncio.timeout(5):
            await browser.task
        assert browser.text.count(": ping") >= 2
        assert browser.sent[-1] == {"type": "http.response.body", "body": b""}

    play(story, beat=0.1, life=0.5)


def test_one_stream_too_many_ends_the_oldest() -> None:
    async def story(app: live.Live) -> None:
        browsers = []
        for _ in range(live.STREAMS_PER_LOGIN + 1):
            browsers.append(Browser(app, {"Cookie": cookie(l="login")}))
            await browsers[-1].until("event: hello")
        async with asyncio.timeout(5):
            await browsers[0].task
        assert not any(browser.task.done() for browser in browsers[1:])
        other = Browser(app, {"Cookie": cookie(l="another")})
        await other.until("event: hello")
        for browser in [*browsers[1:], other]:
            await browser.leave()

    play(story)


def test_many_leave_at_once_and_nothing_stays() -> None:
    async def story(app: live.Live) -> None:
        browsers = [Browser(app, {"Cookie": cookie(l=str(n))}) for n in range(200)]
        for browser in browsers:
            await browser.until("event: hello")
        await browsers[0].until("event: resync")
        hints.publish(f"inst:{INSTITUTION}", "queue")
        for browser in browsers:
            await browser.until("event: queue")
        await asyncio.gather(*(browser.leave() for browser in browsers))

    play(story)


def test_a_slow_reader_gets_one_resync_for_all_it_missed() -> None:
    async def run() -> None:
        queue: asyncio.Queue[str] = asyncio.Queue(live.QUEUE_LENGTH)
        for _ in range(live.QUEUE_LENGTH):
            live.put(queue, "queue")
        live.put(queue, "order")
        assert [queue.get_nowait() for _ in range(queue.qsize())] == ["resync"]

    asyncio.run(run())


def test_nonsense_on_the_channel_is_passed_over() -> None:
    async def story(app: live.Live) -> None:
        from redis import Redis

        browser = Browser(app, {"Cookie": cookie()})
        await browser.until("event: resync")
        with Redis.from_url(settings.REDIS_URL) as redis:
            for data in ("{", "[]", '{"t": 5}', "\xff", "{}"):
                redis.publish(f"live:user:{USER}", data)
        hints.publish(f"user:{USER}", "order")
        await browser.until("event: order")
        assert browser.text.count("event:") == 3
        await browser.leave()

    play(story)


def test_a_dead_broker_lets_streams_open_and_closes_cleanly() -> None:
    async def run() -> None:
        app = live.Live("redis://127.0.0.1:1/0", ORIGIN)
        browser = Browser(app, {"Cookie": cookie()})
        await browser.until("event: hello")
        await browser.leave()
        await app.hub.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/livez", 200),
        ("GET", "/", 404),
        ("GET", "/live/x", 404),
        ("POST", "/livez", 404),
        ("POST", "/live/", 405),
    ],
)
def test_other_addresses(method: str, path: str, status: int) -> None:
    async def story(app: live.Live) -> None:
        browser = Browser(app, {"Cookie": cookie()}, method=method, path=path)
        await browser.task
        assert browser.status == status
        if path == "/livez" and status == 200:
            assert json.loads(browser.text) == {"alive": True}

    play(story)


def test_shutting_down_ends_open_streams() -> None:
    async def story(app: live.Live) -> None:
        browser = Browser(app, {"Cookie": cookie()})
        await browser.until("event: hello")
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return next(messages)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app({"type": "lifespan"}, receive, send)
        async with asyncio.timeout(5):
            await browser.task
        assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    play(story)


def test_web_sockets_are_refused() -> None:
    async def story(app: live.Live) -> None:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await app({"type": "websocket", "path": "/live/", "headers": []}, receive, send)
        assert sent == [{"type": "websocket.close", "code": 1008}]

    play(story)
