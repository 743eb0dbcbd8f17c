"""One bank as a process of its own: it knows the address, its credentials and its plan, and speaks HTTP only.

Reads {"url", "client_id", "secret", "plan": {"kind:account number": answer}} from standard input, receives with
long polls, journals each receipt as a JSON line on standard output, acknowledges, answers as planned. Ends on SIGTERM.
"""

from __future__ import annotations

import json
import signal
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx

running = True


def stop(*_args: Any) -> None:
    """Leave after the present poll."""
    global running
    running = False


class Bank:
    """A pull client with a token that it renews by itself."""

    def __init__(self, setup: dict[str, Any]) -> None:
        self.setup = setup
        self.http = httpx.Client(base_url=setup["url"], timeout=15, trust_env=False)
        self.token_until = 0.0
        self.seen: set[str] = set()

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """POST with the token and a new idempotency key; raises for every answer that is no success."""
        if time.monotonic() > self.token_until:
            self._log_in()
        answer = self.http.post(f"/api/v1/{path}", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
        if answer.is_error:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:500]}")
        return answer

    def _log_in(self) -> None:
        answer = self.http.post(
            "/api/v1/token",
            data={"grant_type": "client_credentials"},
            auth=(self.setup["client_id"], self.setup["secret"]),
        )
        answer.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self.token_until = time.monotonic() + answer.json()["expires_in"] - 30

    def work(self) -> None:
        """One poll: journal, ack, acknowledge, answer."""
        for item in self.post("queue/receive/", {"max": 10, "wait": 2, "visibility": 60}).json()["items"]:
            message = item["message"]
            received = datetime.now(UTC).isoformat()
            duplicate = message["order_id"] in self.seen
            self.seen.add(message["order_id"])
            journal(
                {
                    "received": received,
                    "order": message["order_id"],
                    "number": message["order_number"],
                    "again": duplicate,
                }
            )
            self.post("queue/ack/", {"receipt": item["receipt"]})
            if not duplicate and message["topic"] == "order.issued":
                self._answer(message)

    def _answer(self, message: dict[str, Any]) -> None:
        payload = message["payload"]
        planned = self.setup["plan"][f"{payload['order']['kind']}:{payload['target']['number']}"]
        answer = {"handled_by": "Duty desk", **planned}
        if answer["outcome"] in {"executed", "partial"}:
            answer["effective_from"] = datetime.now(UTC).isoformat()
        self.post(f"orders/{message['order_id']}/acknowledge/", {})
        self.post(f"orders/{message['order_id']}/answer/", answer)
        journal({"answered": message["order_id"], "outcome": answer["outcome"]})


def journal(line: dict[str, Any]) -> None:
    """One line of what happened, at once."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Work until SIGTERM; a platform that is not up yet is asked again."""
    signal.signal(signal.SIGTERM, stop)
    bank = Bank(json.loads(sys.stdin.readline()))
    while running:
        try:
            bank.work()
        except httpx.TransportError as error:
            journal({"trouble": type(error).__name__})
            time.sleep(0.5)


if __name__ == "__main__":
    main()
