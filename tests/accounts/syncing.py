"""A bank's own books for the tests of reconciliation, and its system's calls."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from uuid import UUID

from accounts.models import Order
from antifraud import db
from tests.accounts.answering import bank_order
from tests.cast import World


class Books:
    """What the bank has written down by itself: id → canonical item."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.items: dict[str, str] = {}

    def write(self, order: Order, state: str = "issued", answers: int = 0) -> None:
        """One order as the bank knows it."""
        self.items[str(order.id)] = f"{order.id}|{state}|{answers}"

    def get(self, **query: str) -> dict[str, Any]:
        """The platform's digest."""
        answer = self.client.get("/api/v1/sync/digest/", query)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def agrees(self, **query: str) -> bool:
        """Whether the bank computes the same digest, independently of the platform's code."""
        found = self.get(**query)
        total = bytes(32)
        for item in self.items.values():
            mac = hmac.new(bytes.fromhex(found["key"]), item.encode(), hashlib.sha256).digest()
            total = bytes(a ^ b for a, b in zip(total, mac, strict=True))
        return bool((found["count"], found["digest"]) == (len(self.items), total.hex()))

    def post(self, verb: str, body: dict[str, Any]) -> Any:
        """A POST of the bank's system."""
        return self.client.post(f"/api/v1/sync/{verb}/", json.dumps(body), content_type="application/json")

    def compare(self, **body: Any) -> dict[str, Any]:
        """What differs."""
        answer = self.post("compare", {"items": list(self.items.values()), **body})
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def repair(self, *ids: UUID | str) -> dict[str, Any]:
        """Ask for orders again."""
        answer = self.post("repair", {"ids": [str(key) for key in ids]})
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found


def today() -> str:
    """The UTC day of the legal clock."""
    return db.app_now().date().isoformat()


def orders_of_bank_a(world: World, count: int) -> list[Order]:
    """Orders that have arrived at bank A."""
    return [bank_order(world) for _ in range(count)]
