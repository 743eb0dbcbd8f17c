"""A stub of the platform as a process of its own: lanes with leases, reconciliation, and a control door for the tests.

`python -m tests.connector.stub_platform KEY_FILE BANK_KEY_ID BANK_PUBLIC_KEY` prints its address and serves until killed.
Signatures, keys, token and idempotency are the conformance kit's stage; what it got is read back at GET /control/log.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from antifraud_connector import keys, sync
from antifraud_connector.conformance.stage import Reply, Stage, problem, server
from antifraud_connector.signatures import SigningKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PLATFORM_KEY = "platform-1"
DIGEST_KEY = bytes(range(32))


class StubPlatform(Stage):
    """One bank's lane and books."""

    def __init__(self, url: str, key: SigningKey) -> None:
        super().__init__(url, code="platform", institution="bank_a", key=key)
        self.lane: list[dict[str, Any]] = []
        self.orders: dict[str, dict[str, Any]] = {}
        self.holds: dict[str, dict[str, Any]] = {}
        self.settings: dict[str, Any] = {"lease": 1.0, "epoch": 1, "refuse": {}, "broken": 0}

    def handle(self, method: str, path: str, headers: dict[str, list[str]], body: bytes) -> Reply:
        """The control door, then the API."""
        if path.startswith("/control/"):
            with self.lock:
                return self._control(path.removeprefix("/control/"), body)
        with self.lock:
            if self.settings["broken"] and "/token" not in path and "/keys/" not in path:
                self.settings["broken"] -= 1
                return problem(503, "unavailable")
        return super().handle(method, path, headers, body)

    # -- the tests' side ----------------------------------------------------------------------------

    def _control(self, what: str, body: bytes) -> Reply:
        if what == "log":
            return 200, {"log": self.log, "orders": self.orders, "lane": self.lane}
        given = json.loads(body)
        if what == "settings":
            self.settings |= given
        elif what == "deliver":
            self._deliver(given)
        elif what == "forget":
            self.orders.pop(given["order_id"], None)
        elif what == "order":
            self.orders[given["order_id"]] = {"available_at": datetime.now(UTC).isoformat(), **given}
        elif what == "hold":
            self.holds[given["id"]] = given
        return 200, {}

    def _deliver(self, message: dict[str, Any]) -> None:
        self.messages[message["delivery_id"]] = message
        if message["topic"] == "order.issued":
            self.orders.setdefault(
                message["order_id"],
                {"state": message["status"], "answers": 0, "available_at": message["available_at"], "message": message},
            )
        elif message["topic"] == "order.cancelled" and message["order_id"] in self.orders:
            self.orders[message["order_id"]]["state"] = "cancelled"
        self.lane.append({"message": message, "until": 0.0, "attempt": 0, "acked": False})

    # -- the API ------------------------------------------------------------------------------------

    def read(self, place: str, query: str) -> Reply:
        """Holds, digests, messages."""
        wanted = {name: values[0] for name, values in parse_qs(query).items()}
        if place == "holds/":
            return 200, {
                "items": [hold for hold in self.holds.values() if hold["order"] == wanted.get("order")],
                "next": None,
            }
        if place == "orders/":
            return 200, {"items": [], "next": None}
        if place == "sync/digest/":
            items = list(self._items(wanted.get("scope", "orders"), wanted.get("day", "")).values())
            return 200, {
                "scope": wanted.get("scope", "orders"), "day": wanted.get("day"), "epoch": self.settings["epoch"],
                "key": DIGEST_KEY.hex(), "count": len(items), "digest": sync.digest(DIGEST_KEY, items),
            }  # fmt: skip
        return super().read(place, query)

    def write(self, place: str, body: dict[str, Any]) -> Reply:
        """Receive, ack, nack, acknowledge, answer, compare, repair."""
        if place == "queue/receive/":
            return self._receive(body)
        if place in {"queue/ack/", "queue/nack/"}:
            return self._settle(place, body["receipt"])
        if place == "sync/compare/":
            return self._compare(body)
        if place == "sync/repair/":
            for order_id in body["ids"]:
                message = {**self.orders[order_id]["message"], "attempt": 2, "possible_duplicate": True}
                self.lane.append({"message": message, "until": 0.0, "attempt": 1, "acked": False})
            return 200, {"repaired": body["ids"]}
        return self._step(*place.strip("/").split("/"))

    def _receive(self, body: dict[str, Any]) -> Reply:
        end = time.monotonic() + min(body["wait"], 1)
        acked = []
        for receipt in body["acks"]:
            status, told = self._settle("queue/ack/", receipt)
            acked.append({"receipt": receipt, **({} if status == 200 else {"code": told["code"]})})
        while True:
            found = list(self._lease(body["max"]))
            if found or time.monotonic() > end:
                return 200, {"items": found, "acked": acked}
            self.lock.release()
            time.sleep(0.05)
            self.lock.acquire()

    def _lease(self, most: int) -> Iterator[dict[str, Any]]:
        free = [row for row in self.lane if not row["acked"] and row["until"] < time.monotonic()]
        for row in free[:most]:
            row["attempt"] += 1
            row["until"] = time.monotonic() + self.settings["lease"]
            message = {**row["message"], "attempt": row["attempt"], "possible_duplicate": row["attempt"] > 1}
            yield {"receipt": f"{self.lane.index(row)}.{row['attempt']}", "lease_until": "", "message": message}

    def _settle(self, place: str, receipt: str) -> Reply:
        index, attempt = (int(part) for part in receipt.split("."))
        row = self.lane[index]
        if row["attempt"] != attempt or (row["until"] < time.monotonic() and not row["acked"]):
            return problem(409, "receipt_stale")
        row["acked"] = place == "queue/ack/"
        return 200, {"delivery_id": row["message"]["delivery_id"], "state": "transported", "lease_until": None}

    def _step(self, kind: str = "", subject: str = "", verb: str = "") -> Reply:
        order = self.orders.get(subject)
        if order is None or kind != "orders":
            return problem(404, "not_found")
        if verb in self.settings["refuse"]:
            return problem(*self.settings["refuse"][verb])
        if order["state"] in {"answered", "superseded"} or (order["state"] == "cancelled" and verb == "acknowledge"):
            return problem(409, "wrong_state")
        if order["state"] != "cancelled":
            order["state"] = {"acknowledge": "acknowledged", "answer": "answered"}[verb]
        order["answers"] += verb == "answer"
        return 200, {"id": subject, "status": order["state"], "available_at": order["available_at"]}

    def _items(self, scope: str, day: str) -> dict[str, str]:
        if scope == "open_holds":
            return {
                hold[
                    "id"
                ]: f"{hold['id']}|{hold['order']}|{hold['kind']}|{hold['canonical_end']}|{hold['amount_minor']}|{hold['currency']}"
                for hold in self.holds.values()
            }
        return {
            pk: f"{pk}|{order['state']}|{order['answers']}"
            for pk, order in self.orders.items()
            if order["available_at"][:10] == day
        }

    def _compare(self, body: dict[str, Any]) -> Reply:
        ours = self._items(body["scope"], body.get("day") or "")
        theirs = {item.partition("|")[0]: item for item in body["items"]}
        missing = [pk for pk in ours if pk not in theirs]
        unknown = [pk for pk in theirs if pk not in ours]
        different = [
            {"id": pk, "platform": ours[pk], "bank": theirs[pk]}
            for pk in ours
            if pk in theirs and ours[pk] != theirs[pk]
        ]
        if body["scope"] == "open_holds":
            proposed = dict.fromkeys([*missing, *unknown, *(part["id"] for part in different)], "check_hold")
        else:
            proposed = dict.fromkeys(missing, "redeliver")
            for part in different:
                behind = int(part["bank"].rpartition("|")[2]) > int(part["platform"].rpartition("|")[2])
                proposed[part["id"]] = "send_answer" if behind else "redeliver"
        return 200, {
            "missing_at_bank": missing, "unknown_to_platform": unknown, "different": different,
            "proposals": [{"id": pk, "proposal": proposal} for pk, proposal in proposed.items()],
        }  # fmt: skip


def main() -> None:
    """Serve until killed."""
    key_file, bank_id, bank_public = sys.argv[1:]
    key = keys.signing_key(PLATFORM_KEY, Path(key_file), "key")

    def made(url: str) -> StubPlatform:
        stub = StubPlatform(url, key)
        stub.bank_key = (bank_id, Ed25519PublicKey.from_public_bytes(base64.b64decode(bank_public)))
        return stub

    _listening, stage = server(("127.0.0.1", 0), made)
    print(stage.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
