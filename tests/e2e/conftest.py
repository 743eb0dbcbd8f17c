"""One platform (web, live, worker, relay, scheduler) on a database of its own, and one Chromium, for all browser tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import servers
from tests.cast import PASSWORD
from tests.journey.processes import Processes, free_port

ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
COLLECT = """
document.addEventListener("securitypolicyviolation", (e) => console.error(
    "CSP " + e.violatedDirective + " " + e.blockedURI + " " + (e.target.outerHTML ?? "").slice(0, 120)));
"""


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """The processes, ready; their logs are kept in pytest's folder. They live until the session ends: on the tests' own
    Valkey their Celery worker would hear the rings that other tests mean for a worker of theirs."""
    name = f"e2e_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    database = servers.copy_template(name)
    live = free_port()
    environment = {**os.environ, "DATABASE_URL": database, "REDIS_URL": servers.own_valkey()}
    with Processes(environment, tmp_path_factory.mktemp("logs")) as processes:
        environment |= {
            "ANTIFRAUD_WEB_ORIGIN": processes.url,
            "ANTIFRAUD_LIVE_ORIGIN": f"http://127.0.0.1:{live}",
        }
        processes.environment = environment
        processes.start(
            "live", "-m", "uvicorn", "antifraud.asgi:application", "--host", "127.0.0.1", "--port", str(live)
        )
        processes.start_platform()
        yield processes


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium or Chrome as `make test` found it; for one module, since its event loop may not outlive the browser tests."""
    found = os.environ.get("ANTIFRAUD_BROWSER") or next((p for p in map(shutil.which, NAMES) if p), None)
    if found is None:
        pytest.fail("No Chromium or Chrome is installed; run `make test`, which installs it or says what to install.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=ARGS)
        yield chromium
        chromium.close()


class Person:
    """A logged-in person in a browser context of their own; `faults` collects what must not happen."""

    def __init__(self, context: BrowserContext, platform: Processes) -> None:
        self.platform = platform
        self.faults: list[str] = []
        self.hosts: set[str] = set()
        context.add_init_script(COLLECT)
        self.page: Page = context.new_page()
        context.on("request", self._request)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"}:
            self.hosts.add(parts.hostname or "")

    def _console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"{message.type}: {message.text} ({urlsplit(self.page.url).path})")

    def log_in(self, username: str) -> Page:
        """Through the log-in page."""
        self.go("/me/login/")
        self.page.fill("input[name=login]", username)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("form button[type=submit], form button:not([type])")
        self.page.wait_for_url(lambda url: "/me/login" not in url)
        return self.page

    def go(self, path: str) -> Page:
        """Open a page of the platform."""
        self.page.goto(f"{self.platform.url}{path}")
        return self.page

    def assert_clean(self) -> None:
        """No console error, no page error, no CSP violation, no request to another host."""
        assert not self.faults, self.faults
        assert self.hosts <= {"127.0.0.1"}


@pytest.fixture
def person(browser: Browser, platform: Processes) -> Iterator[Any]:
    """`person("en-GB")` is a new browser context; all are closed at the end."""
    opened: list[BrowserContext] = []

    def make(locale: str = "en-GB", width: int = 1366, height: int = 900) -> Person:
        context = browser.new_context(
            locale=locale, viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai"
        )
        opened.append(context)
        return Person(context, platform)

    yield make
    for context in opened:
        context.close()


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where ANTIFRAUD_SCREENSHOTS names a folder."""
    folder = os.environ.get("ANTIFRAUD_SCREENSHOTS")
    if folder:
        page.evaluate("() => window.scrollTo(0, 0)")
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
