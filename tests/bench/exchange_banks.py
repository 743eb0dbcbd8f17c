"""The fake banks of the bench: the webhook receivers in one process, the pulling systems in another.

`python -m tests.bench.exchange_banks webhook 20` prints {"ports": […]}; `… pull` reads {"url", "banks": [{"client_id",
"secret"}]} first and prints {"ready": true}. Both answer each further line with {"heard": {order: at}, "twice": number of
orders heard again, "faults": […]} since the line before, and end with their input. Nothing is written to the disk.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from typing import Any

import httpx

from tests.exchange.fake_bank import Street
from tests.journey import bank as journey

RECEIVE = {"max": 10, "wait": 2, "visibility": 60}


class Heard:
    """When each order was first heard of, by the wall clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: dict[str, float] = {}
        self._twice = 0
        self.faults: list[str] = []

    def note(self, order: str, at: float) -> None:
        with self._lock:
            self._twice += order in self._first
            self._first.setdefault(order, at)

    def told(self) -> dict[str, Any]:
        """Everything so far; begins anew."""
        with self._lock:
            found = {"heard": self._first, "twice": self._twice, "faults": self.faults[:5]}
            self._first, self._twice, self.faults = {}, 0, []
            return found


class PullingBank(journey.Bank):
    """Receives by long poll and acknowledges what it has with the next call; a thread of its own."""

    def __init__(self, setup: dict[str, Any], heard: Heard) -> None:
        super().__init__(setup)
        self.heard = heard
        self.safe: list[str] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while journey.running:
            try:
                self.work()
            except (httpx.HTTPError, RuntimeError) as error:
                self.heard.faults.append(f"{type(error).__name__}: {error}"[:300])
                time.sleep(0.5)

    def work(self) -> None:
        items = self.post("queue/receive/", {**RECEIVE, "acks": self.safe}).json()["items"]
        at = time.time()
        for item in items:
            self.heard.note(item["message"]["order_id"], at)
        self.safe = [item["receipt"] for item in items]


def webhooks(count: int) -> None:
    """Receivers that answer at once; how each of them answers is changed by `PUT /mode`."""
    street, heard = Street(), Heard()
    banks = [street.bank() for _ in range(count)]
    print(json.dumps({"ports": [bank.port for bank in banks]}), flush=True)
    for _line in sys.stdin:
        for bank in banks:
            requests, bank.requests = bank.requests, []
            for request in requests:
                heard.note(request.event["subject_id"], request.at)
        print(json.dumps(heard.told()), flush=True)


def pulls() -> None:
    """One thread for each bank."""
    signal.signal(signal.SIGTERM, journey.stop)
    setup, heard = json.loads(sys.stdin.readline()), Heard()
    for bank in setup["banks"]:
        PullingBank({"url": setup["url"], **bank}, heard)
    print(json.dumps({"ready": True}), flush=True)
    for _line in sys.stdin:
        print(json.dumps(heard.told()), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "pull":
        pulls()
    else:
        webhooks(int(sys.argv[2]))
