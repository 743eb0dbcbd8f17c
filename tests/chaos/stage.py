"""What every scenario stands on: one platform, its people and banks, a stock of orders, the ledger and the journals."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chaos import checker, facts
from tests.chaos.ledger import Ledger
from tests.chaos.load import Client, Load
from tests.chaos.platform import Platform
from tests.chaos.result import Result
from tests.chaos.sizes import Sizes

PULL_BANKS = ("bank00", "bank01", "bank02", "bank03")
MAKERS = 2
ANSWERED = "SELECT count(*) FROM accounts_order WHERE id = ANY(%s::uuid[]) AND status IN ('answered', 'cancelled', 'superseded')"


class Stage:
    """Built once for all scenarios of a run."""

    def __init__(self, platform: Platform, sizes: Sizes, seed: int) -> None:
        self.platform, self.sizes = platform, sizes
        self.rng = random.Random(seed)  # noqa: S311
        self.ledger = Ledger(platform.folder / "ledger.jsonl")
        self.journals: dict[str, Path] = {}
        self._accounts, self._numbers = 1, threading.Lock()
        made = platform.prepare()
        self.people: dict[str, str] = made["people"]
        self.banks: dict[str, dict[str, str]] = made["banks"]
        self._starts = 0
        # Every bank's data key is made here, one after the other: see the docstring of `stock`.
        self._make(
            [
                {
                    "kind": "lines",
                    "count": len(self.banks),
                    "banks": sorted(self.banks),
                    "first": self._first(len(self.banks)),
                }
            ]
        )

    @property
    def url(self) -> str:
        """PostgreSQL's superuser on the platform's database: sees every row."""
        return self.platform.admin_url

    def officer(self, place: int) -> Client:
        """Unit 00: 0 the operator, 1 the second officer, 2 the approver."""
        return Client(self.platform.url, f"unit00.{place}")

    def stock(
        self, count: int, *, kind: str = "submitted", banks: tuple[str, ...] = PULL_BANKS
    ) -> list[dict[str, Any]]:
        """`count` orders that wait for their approval, or accounts without one; two processes make them."""
        share = [count - count // MAKERS, *[count // MAKERS] * (MAKERS - 1)]
        found = self._make([{"kind": kind, "count": n, "banks": banks, "first": self._first(n)} for n in share])
        self.rng.shuffle(found)
        return found

    def _first(self, count: int) -> int:
        """The first of `count` account numbers that nobody else uses."""
        with self._numbers:
            first = self._accounts
            self._accounts += count
            return first

    def _make(self, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        with ThreadPoolExecutor(len(wanted)) as pool:
            outputs = pool.map(lambda one: self.platform.output("tests.chaos.stock", one), wanted)
            return [json.loads(line) for output in outputs for line in output.splitlines()]

    @contextmanager
    def pulling(self, codes: tuple[str, ...] = PULL_BANKS, **habits: Any) -> Iterator[Pullers]:
        """Bank systems that pull, one process each; their journals go on where former ones ended."""
        pullers = Pullers(self, codes, {"visibility": 30, "again": 0, "answers": 1} | habits)
        try:
            pullers.start()
            yield pullers
        finally:
            pullers.stop()

    def journal(self, code: str) -> Path:
        """The journal of a bank's system."""
        return self.journals.setdefault(code, self.platform.folder / f"journal-{code}.jsonl")

    def until(self, fact: Callable[[], bool], seconds: float, pause: float = 0.2) -> bool:
        """Wait for a fact; whether it came in time."""
        end = time.monotonic() + seconds
        while not fact():
            if time.monotonic() > end:
                return False
            time.sleep(pause)
        return True

    def drained(self, orders: list[str], seconds: float) -> bool:
        """Wait until each of the orders has its end."""
        return self.until(lambda: facts.rows(self.url, ANSWERED, orders)[0][0] >= len(orders), seconds, 0.5)

    def judge(self, result: Result, load: Load, *, seconds: float) -> Result:
        """Let the clients end, drain what was acknowledged, compare everything; figures and findings into the result."""
        ended = self.until(lambda: not load.running, load.longest)
        result.demand(ended, "a submitting client did not come to an end")
        tally = load.tally
        orders = sorted({*tally.acked, *tally.unknown})
        came = self.drained(tally.acked, seconds)
        result.demand(came, f"not every acknowledged order was answered within {seconds:.0f} s")
        result.demand(not tally.refused, f"refused: {tally.refused[:3]}")
        found = facts.collect(self.url, orders, self.ledger.path, self.journals)
        self.compare(result, found)
        result.orders, result.acked = load.count, len(tally.acked)
        result.more |= {
            "unknown": len(tally.unknown),
            "retried": tally.retried,
            "server_errors": dict(tally.server_errors),
        }
        return result

    def compare(self, result: Result, found: checker.Facts) -> None:
        """The checker's findings as figures and sentences."""
        findings = checker.check(found)
        again = checker.redeliveries(found)
        result.lost = len({f.subject for f in findings if f.rule in {"lost", "absent"}})
        result.doubled = len({f.subject for f in findings if f.rule == "doubled"})
        result.max_redelivery = max(again.values(), default=0)
        result.blame(findings)

    def log(self, text: str) -> None:
        """Progress, apart from the report."""
        print(f"  {text}", file=sys.stderr, flush=True)


class Pullers:
    """The pulling processes of some banks."""

    def __init__(self, stage: Stage, codes: tuple[str, ...], habits: dict[str, Any]) -> None:
        self.stage, self.codes, self.habits = stage, codes, habits
        self.names: dict[str, str] = {}

    def start(self) -> None:
        """All of them."""
        for code in self.codes:
            self.up(code)

    def up(self, code: str) -> None:
        """One bank's system."""
        stage = self.stage
        stage._starts += 1
        name = self.names[code] = f"{code}.{stage._starts}"
        process = stage.platform.start(name, "-m", "tests.chaos.bank", output=subprocess.DEVNULL)
        bank = stage.banks[code]
        setup = {
            "url": stage.platform.url, "client_id": bank["client_id"], "secret": bank["secret"], "journal": str(stage.journal(code)),
            "seed": stage.rng.random(), **self.habits,
        }  # fmt: skip
        if process.stdin is not None:
            process.stdin.write(json.dumps(setup) + "\n")
            process.stdin.flush()

    def kill(self, code: str) -> None:
        """SIGKILL, wherever it is."""
        process = self.stage.platform.running.pop(self.names.pop(code))
        process.kill()
        process.wait(10)

    def stop(self) -> None:
        """SIGTERM, then what is left by force."""
        processes = [self.stage.platform.running.pop(name) for name in self.names.values()]
        fallen = [process.args for process in processes if process.poll()]
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
        self.names.clear()
        if fallen and "dies" not in self.habits:
            raise RuntimeError(f"{len(fallen)} of the banks' systems ended by themselves; their logs say why")


class Meanwhile:
    """Something done again and again in a thread, to be compared with afterwards: a probe of what others notice."""

    def __init__(self, turn: Callable[[], None], pause: float) -> None:
        self._turn, self._pause = turn, pause
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._end.wait(self._pause):
            self._turn()

    def __enter__(self) -> Meanwhile:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join(30)
