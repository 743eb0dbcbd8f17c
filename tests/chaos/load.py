"""The submitting clients: approve orders under keys of their own, ask again after every unknown outcome, note what they were told."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx

from tests.chaos.ledger import Ledger
from tests.journey.police import Officer

RETRY_PAUSE = 0.15
SESSION_SECONDS = 600.0
UNIT = "unit00"  # the one that submits: .0 operates, .1 is the second officer, .2 approves
AMOUNT = 10_000
BASIS = "Anti-Telecom-Fraud Law art. 20"


class Client:
    """A logged-in officer whose requests carry keys."""

    def __init__(self, url: str, username: str) -> None:
        self.url, self.username = url, username
        self._lock = threading.Lock()
        self._log_in()

    def _log_in(self) -> None:
        cookies = Officer(self.url, self.username).http.cookies
        limits = httpx.Limits(max_connections=400, max_keepalive_connections=20)
        self.http = httpx.Client(base_url=self.url, cookies=cookies, limits=limits, timeout=15, trust_env=False)
        self.since = time.monotonic()

    def _stay_logged_in(self) -> None:
        """A session lasts a quarter of an hour; where the page cannot be had now, that is a cut connection."""
        with self._lock:
            if time.monotonic() - self.since > SESSION_SECONDS:
                try:
                    self._log_in()
                except (httpx.HTTPError, RuntimeError, KeyError) as error:
                    raise httpx.ConnectError("no log-in") from error

    def post(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        """One try; raises httpx.TransportError where the outcome is not known."""
        self._stay_logged_in()
        headers = {"X-CSRFToken": self.http.cookies["csrftoken"], "Referer": self.url, "Idempotency-Key": key}
        return self.http.post(f"/api/v1/{path}", json=body, headers=headers)


@dataclass
class Told:
    """How one request ended: the last answer, how many tries it took, how many 5xx were among them."""

    answer: httpx.Response
    tries: int
    failures: list[int] = field(default_factory=list)


def insist(client: Client, path: str, body: dict[str, Any], key: str, *, until: float) -> Told | None:
    """Ask under the same key until something final is said; None where nothing was before `until` (monotonic)."""
    tries, failures = 0, []
    while time.monotonic() < until:
        tries += 1
        try:
            answer = client.post(path, body, key)
        except httpx.TransportError:
            time.sleep(RETRY_PAUSE)
            continue
        if answer.status_code >= 500:
            failures.append(answer.status_code)
        elif not (answer.status_code == 409 and answer.json().get("code") == "in_progress"):
            return Told(answer, tries, failures)
        time.sleep(RETRY_PAUSE)
    return None


@dataclass
class Tally:
    """What the clients saw."""

    acked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    retried: int = 0
    server_errors: Counter[int] = field(default_factory=Counter)
    acked_at: list[float] = field(default_factory=list)


class Load:
    """Threads that approve the given orders at `rate` a second; leaving the `with` waits for the rest of them."""

    def __init__(
        self, client: Client, ledger: Ledger, orders: Iterable[dict[str, Any]], *, rate: float, threads: int = 4,
        patience: float = 60.0,
    ) -> None:  # fmt: skip
        self.client, self.ledger, self.rate, self.patience = client, ledger, rate, patience
        self.tally = Tally()
        self.began = time.monotonic()
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[tuple[int, dict[str, Any]]] = queue.SimpleQueue()
        self.count = 0
        for order in orders:
            self._waiting.put((self.count, order))
            self.count += 1
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Load:
        self.began = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.drop()
        for thread in self._threads:
            thread.join(self.longest)

    @property
    def longest(self) -> float:
        """Seconds within which every client must have come to its end."""
        return self.count / self.rate + self.count * 0.5 + self.patience

    def drop(self) -> None:
        """Forget what has not been sent yet."""
        while not self._waiting.empty():
            self._waiting.get()

    @property
    def running(self) -> bool:
        """Whether orders are still to be sent or waited for."""
        return any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            try:
                place, order = self._waiting.get_nowait()
            except queue.Empty:
                return
            time.sleep(max(0.0, self.began + place / self.rate - time.monotonic()))
            self._approve(order)

    def _approve(self, order: dict[str, Any]) -> None:
        key, path = f"approve-{order['order']}", f"orders/{order['order']}/approve/"
        until = time.monotonic() + self.patience
        told = insist(self.client, path, {"payload_sha256": order["sha256"]}, key, until=until)
        if told is not None and told.answer.is_success:
            self.ledger.note(kind="issued", order=order["order"], key=key, said=told.answer.json()["id"])
        with self._lock:
            self._count(order["order"], told)

    def _count(self, order: str, told: Told | None) -> None:
        tally = self.tally
        if told is None:
            tally.unknown.append(order)
            return
        tally.retried += told.tries > 1
        tally.server_errors.update(told.failures)
        if told.answer.is_success:
            tally.acked.append(order)
            tally.acked_at.append(time.monotonic())
        else:
            tally.refused.append(f"{told.answer.status_code} {told.answer.text[:200]}")
