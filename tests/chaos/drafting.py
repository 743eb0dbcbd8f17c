"""Clients that draft orders by POST, one for each account, and what must be true of those drafts afterwards."""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from tests.chaos import facts
from tests.chaos.load import AMOUNT, BASIS, insist
from tests.chaos.result import Result
from tests.chaos.stage import Stage

THREADS = 6
RATE = 12.0  # a second: slow enough that requests are underway until the last kill
PATIENCE = 90.0
_DRAFTED = """
SELECT i.id::text, o.id::text FROM accounts_involvement i
JOIN accounts_order o ON o.case_id = i.case_id AND o.account_id = i.account_id WHERE i.id = ANY(%s::uuid[])
"""
_AUDITED = """
SELECT object_id::text, count(*) FROM af_audit_auditentry WHERE verb = 'order.draft' AND outcome = 'ok'
AND object_id = ANY(%s::uuid[]) GROUP BY object_id
"""


def body_of(stage: Stage, line: dict[str, Any], amount: int = AMOUNT) -> dict[str, Any]:
    """What drafts a stop of this account."""
    return {
        "case": line["case"], "kind": "stop", "lines": [{"involvement_id": line["involvement"], "amount_minor": amount}],
        "terms": {
            "legal_basis": BASIS, "second_officer": stage.people["unit00.1"], "reason": "fraud", "instrument_type": "notice",
            "instrument_number": "N-1", "instrument_issued_on": datetime.now(UTC).date().isoformat(), "mode": "limited", "urgency": "02",
        },
    }  # fmt: skip


class Drafting:
    """Threads that draft one order for each line under a key of its own, and ask again while the outcome is unknown."""

    def __init__(self, stage: Stage, lines: list[dict[str, Any]]) -> None:
        self.stage, self.lines = stage, lines
        self.client = stage.officer(0)
        self.told: dict[str, str] = {}
        self.refused: list[str] = []
        self.retried = self.underway = 0
        self._lock = threading.Lock()
        self.began = time.monotonic()
        self._waiting: queue.SimpleQueue[tuple[int, dict[str, Any]]] = queue.SimpleQueue()
        for place, line in enumerate(lines):
            self._waiting.put((place, line))
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]

    def __enter__(self) -> Drafting:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        for thread in self._threads:
            thread.join(PATIENCE + len(self.lines))

    @property
    def running(self) -> bool:
        """Whether requests are still to be made."""
        return not self._waiting.empty()

    def _work(self) -> None:
        while True:
            try:
                place, line = self._waiting.get_nowait()
            except queue.Empty:
                return
            time.sleep(max(0.0, self.began + place / RATE - time.monotonic()))
            key = f"draft-{line['involvement']}"
            with self._lock:
                self.underway += 1
            told = insist(self.client, "orders/", body_of(self.stage, line), key, until=time.monotonic() + PATIENCE)
            with self._lock:
                self.underway -= 1
                self._note(line["involvement"], key, told)

    def _note(self, involvement: str, key: str, told: Any) -> None:
        if told is None:
            self.refused.append("no answer")
            return
        self.retried += told.tries > 1
        if told.answer.status_code != 201:
            self.refused.append(f"{told.answer.status_code} {told.answer.text[:200]}")
            return
        self.told[involvement] = told.answer.json()[0]["id"]
        self.stage.ledger.note(kind="drafted", key=key, order=self.told[involvement])

    def judge(self, result: Result) -> None:
        """Each account has the one order that its client was told of, begun once in the audit log."""
        found = facts.rows(self.stage.url, _DRAFTED, [line["involvement"] for line in self.lines])
        counts = Counter(involvement for involvement, _order in found)
        result.doubled = sum(number - 1 for number in counts.values())
        kept = dict(found)
        result.lost = sum(kept.get(involvement) != order for involvement, order in self.told.items())
        audited = dict(facts.rows(self.stage.url, _AUDITED, list(kept.values())))
        wrong = [order for order in kept.values() if audited.get(order) != 1]
        result.demand(not wrong, f"drafts that were not begun exactly once in the audit log: {wrong[:3]}")
        result.demand(result.doubled == 0, f"{result.doubled} accounts with more than one order")
        result.demand(result.lost == 0, f"{result.lost} acknowledged drafts are not there")
        result.demand(not self.refused, f"refused: {self.refused[:3]}")
        result.demand(set(kept) == set(self.told), "drafts exist that no client was told of, or the other way round")
