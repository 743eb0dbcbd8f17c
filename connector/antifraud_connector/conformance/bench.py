"""What the cases are played with: events, signatures good and bad, the endpoint's answers, what the bank then asked."""

from __future__ import annotations

import ssl
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antifraud_connector import signatures, strict_json, wire
from antifraud_connector.conformance.stage import Stage
from antifraud_connector.errors import TransportFault
from antifraud_connector.signatures import SigningKey

DEADLINE_SECONDS = 10.0
CLOSED = 0  # instead of a status: the endpoint closed the connection
SILENT = -1  # nothing came before the deadline


@dataclass
class Notes:
    """What a case found wrong: (text's name, values)."""

    findings: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, name: str, **values: Any) -> None:
        """One finding."""
        self.findings.append((name, values))


@dataclass(frozen=True)
class Sent:
    """A request as it goes out."""

    body: bytes
    headers: dict[str, str]


class Bench:
    """One endpoint under test."""

    def __init__(self, url: str, stage: Stage, *, wait: float, context: ssl.SSLContext | None = None) -> None:
        self.url, self.stage, self.wait, self.context = url, stage, wait, context

    def event(
        self, topic: str = "order.issued", *, subject: str = "", seq: int = 1, status: str = "issued"
    ) -> dict[str, Any]:
        """A thin event, whose message the stage has from now on."""
        delivery, subject, attempt = str(uuid.uuid4()), subject or str(uuid.uuid4()), 1
        message = {
            "schema": "antifraud.delivery/1", "epoch": 1, "delivery_id": delivery, "topic": topic, "seq": seq, "attempt": attempt,
            "possible_duplicate": False, "order_id": subject, "order_number": f"TEST-{subject[:8]}", "status": status,
            "answer_due_at": None,
        }  # fmt: skip
        if topic == "order.issued":
            message |= {"payload": test_payload(subject), "payload_sha256": "0" * 64}
        with self.stage.lock:
            self.stage.messages[delivery] = message
        return {
            "schema": "antifraud.event/1", "epoch": 1, "delivery_id": delivery, "topic": topic, "subject_id": subject, "seq": seq,
            "attempt": attempt, "possible_duplicate": False, "priority": 10, "available_at": datetime.now(UTC).isoformat(),
        }  # fmt: skip

    def signed(
        self, event: dict[str, Any] | bytes, *, key: SigningKey | None = None, recipient: str = "", age: int = 0
    ) -> Sent:
        """The event as the platform sends it, or with one thing wrong."""
        if isinstance(event, bytes):
            body, message_id = event, uuid.uuid4().hex
        else:
            body, message_id = strict_json.write(event), f"{event['delivery_id']}.{event['attempt']}"
        headers = signatures.sign_request(
            [key or self.stage.key], method="POST", target_uri=self.url, body=body, message_id=message_id,
            recipient=recipient or self.stage.institution, now=int(time.time()) - age,
        )  # fmt: skip
        return Sent(body, {**headers, "Content-Type": "application/json"})

    def send(self, sent: Sent) -> int:
        """The endpoint's status, CLOSED or SILENT."""
        try:
            answer = wire.send(
                "POST", self.url, headers=sent.headers, body=sent.body, context=self.context, deadline=DEADLINE_SECONDS
            )
        except TransportFault as fault:
            return SILENT if str(fault) == "deadline" else CLOSED
        return answer.status

    def until(self, found: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait until that is so, at most `--wait` seconds."""
        end = time.monotonic() + (self.wait if seconds is None else seconds)
        while not found():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    # -- what the bank did --------------------------------------------------------------------------

    def fetched(self, event: dict[str, Any]) -> bool:
        """Whether the bank asked for the event's message."""
        return bool(self.stage.asked("GET", f"queue/{event['delivery_id']}/message/"))

    def answers(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """The answers that the bank gave to the order."""
        return self.stage.asked("POST", f"orders/{event['subject_id']}/answer/")

    def effects(self, event: dict[str, Any]) -> int:
        """How many different answers: a repetition under the same key is none."""
        return len({entry["key"] for entry in self.answers(event)})

    def executed(self, event: dict[str, Any]) -> bool:
        """Whether any answer says that money was held."""
        outcomes = {outcome(entry["body"]) for entry in self.answers(event)}
        return bool(outcomes & {"executed", "partial"})

    def acted_on(self, event: dict[str, Any]) -> bool:
        """Whether the bank did anything because of the event."""
        return self.fetched(event) or bool(self.answers(event))


def outcome(body: str) -> str:
    """The outcome in an answer's body, "" where there is none."""
    try:
        return str(strict_json.read(body).get("outcome", ""))
    except ValueError:
        return ""


def stranger(key_id: str) -> SigningKey:
    """A key that nobody registered."""
    return SigningKey(key_id, Ed25519PrivateKey.generate())


def test_payload(order_id: str) -> dict[str, Any]:
    """The content of a made-up stop; account and names belong to nobody."""
    return {
        "schema": "antifraud.order/1",
        "order": {"id": order_id, "number": f"TEST-{order_id[:8]}", "kind": "stop", "code": "", "urgency": "01", "emergency": False,
                  "original": None, "corrects": None},
        "case": {"number": "TEST", "incident_number": "TEST", "fraud_type": "rebate"},
        "target": {"number": "6222020000000000011", "name": "测试"},
        "measure": {"amount_minor": 1000, "currency": "CNY"},
    }  # fmt: skip
