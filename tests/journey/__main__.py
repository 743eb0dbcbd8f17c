"""`make journey`: from an empty database to the last figure. Exit status 1 where any count is wrong."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2

from antifraud import embedded
from tests.journey.police import Officer
from tests.journey.processes import ROOT, Processes

BASIS = "Anti-Telecom-Fraud Law art. 20"
A1, A2, B1 = "6222020000000000011", "6222020000000000029", "6217000000000000037"
AMOUNTS = {A1: 5_000_000, A2: 3_000_000, B1: 2_000_000}
PLANS: dict[str, dict[str, Any]] = {
    "bank_a": {
        f"stop:{A1}": {"outcome": "executed", "executed_minor": AMOUNTS[A1], "balance_minor": 6_000_000},
        f"stop:{A2}": {
            "outcome": "partial",
            "executed_minor": 1_000_000,
            "balance_minor": 1_000_000,
            "reason": "insufficient_balance",
        },
        f"stop_extend:{A1}": {"outcome": "executed"},
        f"stop_release:{A2}": {"outcome": "executed"},
    },
    "bank_b": {
        f"stop:{B1}": {"outcome": "mismatch", "mismatch_field": "name", "reason": "name_mismatch"},
        f"query_holder:{B1}": {"outcome": "refused", "reason": "missing_legal_document"},
    },
}
EXPECTED = {"cases": 1, "orders": 6, "delivered": 6, "answered": 6, "holds": 2, "expired": 1, "lost": 0}


class Journal:
    """What a bank process said, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.lines.append(json.loads(line))

    def received(self) -> dict[str, str]:
        """Order id → first time of receipt."""
        return {line["order"]: line["received"] for line in reversed(self.lines) if "order" in line}


class Story:
    """The officers' side; each step asks the API what became of it."""

    def __init__(self, url: str, people: dict[str, str], banks: dict[str, str]) -> None:
        self.people, self.banks = people, banks
        self.analyst = Officer(url, "analyst_a")
        self.approver = Officer(url, "approver_a")

    def file_case(self) -> str:
        """A report with its three accounts at two banks, accepted the same hour."""
        now = datetime.now(UTC)
        case = self.analyst.post(
            "cases/",
            {
                "reported_at": now.isoformat(), "occurred_at": (now - timedelta(hours=1)).isoformat(), "fraud_type": "rebate",
                "incident_number": "J-1", "loss_minor": sum(AMOUNTS.values()), "narrative": "Paid for tasks that never paid back.",
                "victims": [{"name": "张三", "phone": "13800138000"}],
            },
        )  # fmt: skip
        self.lines: dict[str, str] = {}
        for number, amount in AMOUNTS.items():
            bank = self.banks["bank_b" if number == B1 else "bank_a"]
            entered = self.analyst.post(
                "accounts/",
                {
                    "case": case["id"], "number": number, "institution": bank, "holder_name": "李四", "amount_minor": amount,
                    "at": (now - timedelta(minutes=50)).isoformat(),
                },
            )  # fmt: skip
            self.lines[number] = entered["id"]
        self.analyst.post(
            f"cases/{case['id']}/step/", {"verb": "accept", "on": now.date().isoformat(), "document_number": "ACC-1"}
        )
        return str(case["id"])

    def send(self, case: str, kind: str, lines: list[dict[str, Any]], **terms: Any) -> list[str]:
        """Draft, submit and approve; returns the ids of the issued orders."""
        body = {
            "case": case, "kind": kind, "lines": lines,
            "terms": {
                "legal_basis": BASIS, "second_officer": self.people["second_a"], "reason": "fraud", "instrument_type": "notice",
                "instrument_number": "N-1", "instrument_issued_on": datetime.now(UTC).date().isoformat(), **terms,
            },
        }  # fmt: skip
        issued = []
        for draft in self.analyst.post("orders/", body):
            submitted = self.analyst.post(f"orders/{draft['id']}/submit/", {})
            self.approver.post(f"orders/{draft['id']}/approve/", {"payload_sha256": submitted["payload_sha256"]})
            issued.append(str(draft["id"]))
        return issued

    def answered(self, ids: list[str], seconds: float = 30) -> list[dict[str, Any]]:
        """Wait until every one of the orders has its answer; raises where one has not in time."""
        end = time.monotonic() + seconds
        while True:
            orders = [self.analyst.get(f"orders/{order}/") for order in ids]
            if all(order["status"] == "answered" for order in orders):
                return orders
            if time.monotonic() > end:
                raise RuntimeError(f"not answered: {[(o['number'], o['status']) for o in orders]}")
            time.sleep(0.1)

    def holds(self) -> list[dict[str, Any]]:
        """All holds of the unit."""
        items: list[dict[str, Any]] = self.analyst.get("holds/")["items"]
        return items


def play(story: Story) -> tuple[str, list[str]]:
    """Six orders: three stops and a query, then one extension and one release."""
    case = story.file_case()
    stops = [{"involvement_id": story.lines[number], "amount_minor": AMOUNTS[number]} for number in (A1, A2, B1)]
    sent = story.send(case, "stop", stops, mode="limited", urgency="02")
    sent += story.send(case, "query_holder", [{"involvement_id": story.lines[B1]}])
    first = story.answered(sent)
    outcomes = sorted(order["outcome"] for order in first)
    if outcomes != ["executed", "mismatch", "partial", "refused"]:
        raise RuntimeError(f"unexpected outcomes: {outcomes}")
    held = {hold["order"]: hold["id"] for hold in story.holds()}
    follow = story.send(case, "stop_extend", [{"hold_id": held[sent[0]]}])
    follow += story.send(case, "stop_release", [{"hold_id": held[sent[1]]}])
    story.answered(follow)
    return case, sent + follow


def wait_expired(story: Story, order: str, owner_url: str, seconds: float = 30) -> int:
    """Move the legal clock beyond the extended stop; the scheduler must end it by the database's clock."""
    before = {hold["order"]: hold["status"] for hold in story.holds()}
    if before[order] != "extended":
        raise RuntimeError(f"the hold should be extended: {before}")
    connection = psycopg2.connect(owner_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("""UPDATE app_clock SET "offset" = interval '97 hours'""")
    connection.close()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        expired = len([hold for hold in story.holds() if hold["status"] == "expired"])
        if expired:
            return expired
        time.sleep(0.2)
    return 0


def percentile95(milliseconds: list[float]) -> float:
    """Nearest rank."""
    ordered = sorted(milliseconds)
    return ordered[max(0, -(-95 * len(ordered) // 100) - 1)]


def run(folder: Path) -> int:
    """Servers, processes, story, figures."""
    servers = embedded.ensure(folder / "servers", durable=False)
    try:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "antifraud.settings.test", "SECRET_KEY": secrets.token_urlsafe(48), "DATABASE_URL": servers.app_url,
            "REDIS_URL": servers.redis_url, "ANTIFRAUD_DATA": str(folder), "ANTIFRAUD_KEY_FILE": str(folder / "keys.json"),
        }  # fmt: skip
        subprocess.run(
            [sys.executable, "-m", "tests.prepare"],
            cwd=ROOT,
            env={**environment, "DATABASE_URL": servers.owner_url},
            check=True,
        )
        made = subprocess.run(
            [sys.executable, "-m", "tests.journey.prepare"],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return tell(folder, environment, json.loads(made.stdout), servers.owner_url)
    finally:
        servers.stop()


def tell(folder: Path, environment: dict[str, str], made: dict[str, Any], owner_url: str) -> int:
    """Play the story and compare the figures; returns the exit status."""
    with Processes(environment, folder) as processes:
        processes.start_platform()
        journals = {}
        for code, client in made["clients"].items():
            bank = processes.start(f"bank-{code}", "-m", "tests.journey.bank", output=subprocess.PIPE)
            setup = {"url": processes.url, "plan": PLANS[code], **{k: client[k] for k in ("client_id", "secret")}}
            if bank.stdin is not None:
                bank.stdin.write(json.dumps(setup) + "\n")
                bank.stdin.flush()
            journals[code] = Journal(bank)
        story = Story(processes.url, made["people"], {c: v["institution"] for c, v in made["clients"].items()})
        case, sent = play(story)
        expired = wait_expired(story, sent[0], owner_url)
        orders = [story.analyst.get(f"orders/{order}/") for order in sent]
        received = {order: at for journal in journals.values() for order, at in journal.received().items()}
        holds = story.holds()
    waits = [
        (datetime.fromisoformat(received[o["id"]]) - datetime.fromisoformat(o["issued_at"])).total_seconds() * 1000
        for o in orders
        if o["id"] in received
    ]
    found = {
        "cases": int(bool(case)), "orders": len(orders), "delivered": len(waits),
        "answered": sum(o["status"] == "answered" for o in orders), "holds": len(holds), "expired": expired,
        "lost": len(orders) - len(waits),
    }  # fmt: skip
    released = sum(hold["status"] == "lift_confirmed" for hold in holds)
    figures = " ".join(f"{name}={value}" for name, value in found.items())
    print(f"journey: {figures} p95_issue_to_bank_ms={percentile95(waits):.0f}")
    return 0 if found == EXPECTED and released == 1 else 1


def main() -> int:
    """A folder of its own, removed at the end; kept with the processes' logs where the journey fails."""
    folder = Path(tempfile.mkdtemp(prefix="antifraud-journey-", dir="/tmp"))
    folder.chmod(0o755)
    status = 1
    try:
        status = run(folder)
    finally:
        if status == 0:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"journey: failed; the processes' logs are in {folder}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
