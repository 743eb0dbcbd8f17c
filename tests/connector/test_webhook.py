"""The webhook door: what it believes and refuses, killed at every step, and a change of doors with orders underway."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from antifraud_connector import keys, signatures, strict_json, wire
from antifraud_connector.errors import TransportFault
from antifraud_connector.faults import VARIABLE
from antifraud_connector.signatures import SigningKey

from tests.connector.bank import Bank, new_message, thin, until
from tests.connector.stub_platform import PLATFORM_KEY

STEPS = ["event_verified", "event_journaled", "event_answered", "message_fetched", "effect_journaled", "answer_posted"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


Change = Callable[[dict[str, str]], None]


def unchanged(headers: dict[str, str]) -> None:
    """As it was signed."""


def without_signature(headers: dict[str, str]) -> None:
    del headers["Signature"], headers["Signature-Input"]


def for_another(headers: dict[str, str]) -> None:
    headers["Antifraud-Recipient"] = "bank_b"


def other_digest(headers: dict[str, str]) -> None:
    headers["Content-Digest"] = signatures.content_digest(b"{}")


class Hook:
    """The endpoint of a bank, and the platform's hand that posts to it."""

    def __init__(self, bank: Bank) -> None:
        self.bank, self.port = bank, free_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        bank.configure(f'kind = "webhook"\nlisten = "127.0.0.1:{self.port}"\nurl = "{self.url}"')
        self.key = keys.signing_key(PLATFORM_KEY, bank.platform_key, "key")

    def start(self, **environment: str) -> Any:
        process = self.bank.start(**environment)
        until(self._listens)
        return process

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def known(self, **changes: Any) -> dict[str, Any]:
        """A message that can be fetched, although nothing is in the lane."""
        message = new_message(**changes)
        self.bank.control("deliver", message)
        return message

    def post(self, event: dict[str, Any], *, attempt: int = 1, age: int = 0, change: Change = unchanged) -> int:
        """The status; 0 where the connection broke."""
        body, message_id = strict_json.write(event), f"{event['delivery_id']}.{attempt}"
        headers = signatures.sign_request(
            [self.key], method="POST", target_uri=self.url, body=body, message_id=message_id, recipient="bank_a",
            now=int(time.time()) - age,
        )  # fmt: skip
        headers["Content-Type"] = "application/json"
        change(headers)
        try:
            return wire.send("POST", self.url, headers=headers, body=body).status
        except TransportFault:
            return 0

    def push(self, event: dict[str, Any]) -> None:
        """As the platform does: again and again with a new attempt, until 2xx."""
        for attempt in range(1, 40):
            if 200 <= self.post({**event, "attempt": attempt}, attempt=attempt) < 300:
                return
            time.sleep(0.2)
        raise AssertionError("the endpoint never took the event")


@pytest.fixture
def hook(bank: Bank) -> Hook:
    return Hook(bank)


def test_an_event_is_taken_fetched_and_answered_once(hook: Hook, bank: Bank) -> None:
    message = hook.known()
    hook.start()
    assert hook.post(thin(message)) == 202
    assert hook.post(thin(message, 2), attempt=2) == 200
    until(lambda: bank.finished(message["order_id"]))
    assert bank.effects(message["order_id"]) == len(bank.runs(message["order_id"])) == 1
    assert len(bank.answers(message["order_id"])) == 1


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step(hook: Hook, bank: Bank, step: str) -> None:
    message = hook.known()
    killed = hook.start(**{VARIABLE: step})
    taken = hook.post(thin(message))
    assert killed.wait(20) == -signal.SIGKILL
    hook.start()
    if not 200 <= taken < 300:
        hook.push({**thin(message), "attempt": 2})
    until(lambda: bank.finished(message["order_id"]))
    assert bank.effects(message["order_id"]) == 1
    assert len({entry["key"] for entry in bank.answers(message["order_id"])}) == 1
    assert bank.control("log")["orders"][message["order_id"]]["answers"] == 1


@pytest.mark.parametrize(
    ("change", "age", "status"),
    [
        (without_signature, 0, 401),
        (for_another, 0, 401),
        (other_digest, 0, 401),
        (unchanged, 310, 401),
        (unchanged, -310, 401),
    ],
)
def test_what_is_not_the_platforms_is_refused_and_has_no_effect(
    hook: Hook, bank: Bank, change: Change, age: int, status: int
) -> None:
    message = hook.known()
    hook.start()
    assert hook.post(thin(message), age=age, change=change) == status
    hook.key = SigningKey(PLATFORM_KEY, keys.signing_key("x", bank.bank_key, "key").private)
    assert hook.post(thin(message)) == 401
    with bank.journal() as journal:
        assert journal.rows("SELECT * FROM deliveries") == journal.rows("SELECT * FROM message_ids") == []
    assert bank.runs(message["order_id"]) == []


def test_a_replay_is_refused(hook: Hook, bank: Bank) -> None:
    message = hook.known()
    hook.start()
    assert hook.post(thin(message)) == 202
    assert hook.post(thin(message)) == 409


def test_a_change_of_doors_neither_loses_nor_doubles(hook: Hook, bank: Bank) -> None:
    both, pulled = bank.deliver(), bank.deliver()
    process = hook.start()
    assert hook.post(thin(both)) == 202
    until(lambda: bank.finished(both["order_id"]))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    bank.configure()
    bank.start()
    until(lambda: bank.finished(pulled["order_id"]))
    until(lambda: all(row["acked"] for row in bank.control("log")["lane"]))
    for message in (both, pulled):
        assert bank.effects(message["order_id"]) == len(bank.runs(message["order_id"])) == 1
        assert bank.control("log")["orders"][message["order_id"]]["answers"] == 1


def test_a_flood_of_slow_senders_does_not_close_the_door(hook: Hook, bank: Bank) -> None:
    message = hook.known()
    hook.start()
    slow = [socket.create_connection(("127.0.0.1", hook.port)) for _ in range(20)]
    try:
        for connection in slow:
            connection.sendall(b"POST /hook HTTP/1.1\r\nContent-Length: 500\r\n")
        begin = time.monotonic()
        assert hook.post(thin(message)) == 202
        assert time.monotonic() - begin < 3
    finally:
        for connection in slow:
            connection.close()
