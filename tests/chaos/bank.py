"""A bank's system as a process: receives, dedupes in a journal that outlives it, acts once, answers; any step may be cut.

Reads one JSON line: {"url", "client_id", "secret", "journal", "visibility", "again", "answers", "seed", "dies"}. `again`: how often
each delivery is given back before it is taken; `answers`: how often each answer is sent; `dies`: take so many and be
killed with them in hand; `ahead`: seconds by which the legal clock is ahead of the wall clock. Ends on SIGTERM.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.chaos.ledger import Ledger, read
from tests.journey import bank as journey

PAUSE = 0.2


class ChaosBank(journey.Bank):
    """The journey's client with the journal of a real one: what it did is on the disk before it says so."""

    def __init__(self, setup: dict[str, Any]) -> None:
        super().__init__(setup)
        path = Path(setup["journal"])
        self.done = {line["order"] for line in read(path) if line["kind"] == "effect"}
        self.given_back: dict[str, int] = {}
        self.journal = Ledger(path)
        self.rng = random.Random(setup["seed"])  # noqa: S311

    def send(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        """POST until the platform has said something: cut connections and 5xx are asked again under the same key."""
        while True:
            try:
                if time.monotonic() > self.token_until:
                    self._log_in()
                answer = self.http.post(f"/api/v1/{path}", json=body, headers={"Idempotency-Key": key})
                if answer.status_code == 401:
                    self.token_until = 0.0
                elif answer.status_code < 500 and not _is_busy(answer):
                    return answer
            except (httpx.TransportError, httpx.HTTPStatusError):
                pass
            if not journey.running:
                sys.exit(0)
            time.sleep(PAUSE)

    def work(self) -> None:
        """One poll."""
        dies = self.setup.get("dies", 0)
        body = {"max": dies or 10, "wait": 2, "visibility": self.setup["visibility"]}
        answer = self.send("queue/receive/", body, f"receive-{time.time_ns()}")
        items = answer.json().get("items", [])
        self.rng.shuffle(items)
        if dies and items:
            for item in items:
                self.note(item["message"])
            os.kill(os.getpid(), signal.SIGKILL)
        for item in items:
            self.take(item["message"], item["receipt"])

    def take(self, message: dict[str, Any], receipt: str) -> None:
        """Journal, act where it is new, answer, acknowledge; or give it back as often as planned."""
        delivery, attempt, order = message["delivery_id"], message["attempt"], message["order_id"]
        facts = self.note(message)
        if self.given_back.get(delivery, 0) < self.setup["again"]:
            self.given_back[delivery] = self.given_back.get(delivery, 0) + 1
            self.send("queue/nack/", {"receipt": receipt, "reason": "again"}, f"nack-{delivery}-{attempt}")
            return
        if message["topic"] == "order.issued":
            if order not in self.done:
                self.journal.note(kind="effect", order=order)
                self.done.add(order)
            self.answer(order, message)
        said = self.send("queue/ack/", {"receipt": receipt}, f"ack-{delivery}-{attempt}")
        self.journal.note(kind="ack", http=said.status_code, **facts)

    def note(self, message: dict[str, Any]) -> dict[str, Any]:
        """Journal what came, before anything is done about it; the facts that name it."""
        facts = {name: message[f"{name}_id"] for name in ("order", "delivery")}
        facts |= {name: message[name] for name in ("topic", "attempt")}
        self.journal.note(kind="received", status=message["status"], seq=message.get("seq", 1), **facts)
        return facts

    def answer(self, order: str, message: dict[str, Any]) -> None:
        """The answer of the effect, as often as planned; every copy under one key but the last, which has its own."""
        amount = message["payload"]["measure"]["amount_minor"]
        now = datetime.now(UTC) + timedelta(seconds=self.setup.get("ahead", 0))
        body = {
            "outcome": "executed", "executed_minor": amount, "balance_minor": amount, "handled_by": "Duty desk",
            "effective_from": now.isoformat(),
        }  # fmt: skip
        for number in range(self.setup["answers"]):
            last = number == self.setup["answers"] - 1 and number > 0
            said = self.send(f"orders/{order}/answer/", body, f"answer-{order}" + ("-other" if last else ""))
            self.journal.note(
                kind="answer", order=order, http=said.status_code, other_key=last, text=said.text[:2000],
                replayed=said.headers.get("Idempotent-Replayed") == "true",
            )  # fmt: skip


def _is_busy(answer: httpx.Response) -> bool:
    return answer.status_code == 409 and answer.json().get("code") == "in_progress"


def main() -> None:
    """Work until SIGTERM."""
    signal.signal(signal.SIGTERM, journey.stop)
    bank = ChaosBank(json.loads(sys.stdin.readline()))
    while journey.running:
        bank.work()


if __name__ == "__main__":
    main()
