"""A bank for the tests: its connector as a process that can be killed, the stub platform beside it, its own books of effects."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from antifraud_connector import keys
from antifraud_connector.journal import Journal

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20.0
BANK_KEY = "bank_a-1"
# The bank's own programme: it keeps one file per order with one line per run, and executes an order that it has not in its books.
PROGRAMME = """
import json, os, sys
from pathlib import Path
order = json.load(sys.stdin)
books = Path(sys.argv[1])
with (books / f"{order['order_id']}.runs").open("a") as runs:
    runs.write(json.dumps({"again": order["possible_duplicate"], "cancelled": order["cancelled"]}) + "\\n")
try:
    os.close(os.open(books / f"{order['order_id']}.effect", os.O_CREAT | os.O_EXCL))
except FileExistsError:
    assert order["possible_duplicate"], "executed before, and nobody said that it may be a duplicate"
print(json.dumps({"outcome": "executed", "handled_by": "core", "executed_minor": 1000}))
"""


class Bank:
    """Folder, key, stub platform and connector of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.books = folder, folder / "books"
        self.books.mkdir()
        self.platform_key, self.bank_key = folder / "platform.pem", folder / "bank.pem"
        keys.generate(self.platform_key)
        self.public = keys.printed(keys.generate(self.bank_key))
        self.programme = folder / "programme.py"
        self.programme.write_text(PROGRAMME)
        (folder / "secret").write_text("secret\n")
        self.running: list[subprocess.Popen[str]] = []
        self.log = (folder / "connector.log").open("a")
        stub = self._start(
            "-m", "tests.connector.stub_platform", str(self.platform_key), BANK_KEY, self.public, out=subprocess.PIPE
        )
        assert stub.stdout is not None
        self.url = stub.stdout.readline().strip()
        self.config = folder / "connector.toml"
        self.configure()

    def configure(self, door: str = 'kind = "pull"\nwait = 1', plugin: str = "", **more: str) -> None:
        """Write the settings; `more` are further sections."""
        command = json.dumps([sys.executable, str(self.programme), str(self.books)])
        sections = {
            "platform": f'url = "{self.url}"', "institution": 'code = "bank_a"', "client": 'id = "bank"\nsecret_file = "secret"',
            "signing": f'key_id = "{BANK_KEY}"\nkey_file = "bank.pem"', "door": door,
            "plugin": plugin or f'kind = "command"\ncommand = {command}', "journal": 'file = "journal.sqlite"', **more,
        }  # fmt: skip
        self.config.write_text("".join(f"[{name}]\n{text}\n" for name, text in sections.items()))

    def _start(self, *words: str, out: Any = None, **more: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'connector'}:{ROOT}", **more}
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=out or self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """`antifraud-connector run` in a process of its own."""
        return self._start("-m", "antifraud_connector", "run", "--config", str(self.config), **environment)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of the connector, to its end."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "connector")}
        return subprocess.run(
            [sys.executable, "-m", "antifraud_connector", *words],
            cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def close(self) -> None:
        """End what was started here."""
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self.log.close()

    # -- the platform's side ------------------------------------------------------------------------

    def control(self, what: str, body: Any = None) -> dict[str, Any]:
        """The stub's control door."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/control/{what}", data=data, timeout=10) as answer:  # noqa: S310 (loopback)
            found: dict[str, Any] = json.load(answer)
        return found

    def deliver(self, topic: str = "order.issued", **changes: Any) -> dict[str, Any]:
        """A message in the bank's lane."""
        message = new_message(topic, **changes)
        self.control("deliver", message)
        return message

    def lost(self) -> str:
        """An order in the platform's books whose delivery is done, and of which the bank knows nothing."""
        message = new_message()
        self.control("order", {"order_id": message["order_id"], "state": "issued", "answers": 0, "message": message})
        return str(message["order_id"])

    def asked(self, path: str) -> list[dict[str, Any]]:
        """What the connector asked of a path."""
        return [entry for entry in self.control("log")["log"] if entry["path"] == path]

    def answers(self, order_id: str) -> list[dict[str, Any]]:
        """The answers that came for an order, repetitions included."""
        return self.asked(f"orders/{order_id}/answer/")

    # -- the bank's side ----------------------------------------------------------------------------

    def effects(self, order_id: str) -> int:
        """How often the order was carried out."""
        return len(list(self.books.glob(f"{order_id}.effect")))

    def runs(self, order_id: str) -> list[dict[str, Any]]:
        """How often the programme was asked about the order."""
        path = self.books / f"{order_id}.runs"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """The journal, read beside the running connector."""
        found = Journal(self.folder / "journal.sqlite")
        try:
            yield found
        finally:
            found.close()

    def finished(self, order_id: str) -> bool:
        """Answered by the platform's word and by the journal's."""
        with self.journal() as journal:
            row = journal.row("SELECT state FROM answers WHERE subject_id = ?", order_id)
        return row is not None and row["state"] == "posted"


def until(found: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until that is so; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


def new_message(
    topic: str = "order.issued", *, seq: int = 1, order_id: str = "", status: str = "", **changes: Any
) -> dict[str, Any]:
    """A full message as the platform sends it."""
    order_id = order_id or str(uuid.uuid4())
    message = {
        "schema": "antifraud.delivery/1", "epoch": 1, "delivery_id": str(uuid.uuid4()), "topic": topic, "seq": seq, "attempt": 1,
        "possible_duplicate": False, "order_id": order_id, "order_number": "X-1",
        "status": status or ("issued" if topic == "order.issued" else "cancelled"), "answer_due_at": None,
        "available_at": datetime.now(UTC).isoformat(), **changes,
    }  # fmt: skip
    if topic == "order.issued":
        message.setdefault("payload", {"order": {"id": order_id, "kind": "stop", "original": None}})
    return message


def thin(message: dict[str, Any], attempt: int = 1) -> dict[str, Any]:
    """The event that announces a message."""
    return {
        "schema": "antifraud.event/1", "epoch": 1, "delivery_id": message["delivery_id"], "topic": message["topic"],
        "subject_id": message["order_id"], "seq": message["seq"], "attempt": attempt, "possible_duplicate": attempt > 1,
        "priority": 10, "available_at": message["available_at"],
    }  # fmt: skip
