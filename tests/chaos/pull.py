"""T16: the pull door's leases, receipts and what a dying consumer leaves behind."""

from __future__ import annotations

import subprocess
import time
import uuid
from typing import Any

import httpx

from tests.chaos import checker, facts
from tests.chaos.ledger import read
from tests.chaos.load import Load
from tests.chaos.result import Result
from tests.chaos.stage import Stage
from tests.journey.bank import Bank

OWN, OTHER = "bank04", "bank05"
LEASE = 30
DYING, HELD = 4, 3
_ROW = "SELECT state, attempt, lease_token::text, lease_until, transported_at FROM banks_delivery WHERE id = %s"
_READY = "SELECT count(*) FROM banks_delivery d JOIN banks_institution i ON i.id = d.institution_id WHERE i.code = %s AND state = 'ready'"
_UNTIL = "SELECT id::text, extract(epoch FROM lease_until)::float8 FROM banks_delivery WHERE id = ANY(%s::uuid[])"
_NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"


class Door(Bank):
    """One bank's system, in the hands of the scenario."""

    def say(self, verb: str, **body: Any) -> httpx.Response:
        """POST to the queue; no answer is an error here."""
        if time.monotonic() > self.token_until:
            self._log_in()
        return self.http.post(f"/api/v1/queue/{verb}/", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})

    def take(self, most: int, wait: int = 0) -> list[dict[str, Any]]:
        """Receive."""
        items: list[dict[str, Any]] = self.say("receive", max=most, wait=wait, visibility=LEASE).json()["items"]
        return items


def t16(stage: Stage) -> Result:
    """A consumer dies after receiving; others extend, come late, or show what is not theirs."""
    result = Result(16)
    orders = stage.stock(DYING + HELD, banks=(OWN,))
    with Load(stage.officer(2), stage.ledger, orders, rate=50) as load:
        ready = stage.until(lambda: facts.rows(stage.url, _READY, OWN)[0][0] >= len(orders), 30)
    result.demand(ready, "the orders did not come into the lane")
    door, other = (Door({"url": stage.platform.url, **stage.banks[code]}) for code in (OWN, OTHER))
    dead = _die(stage, DYING)
    held = door.take(HELD)
    result.demand(len(dead) == DYING and len(held) == HELD, f"{len(dead)} and {len(held)} deliveries were received")
    if not result.passed:
        return result
    extended, late, quick = held
    answer = door.say("extend", receipt=extended["receipt"], seconds=LEASE)
    result.demand(answer.status_code == 200, f"extend: {answer.status_code}")
    _refused(stage, result, other, quick, "foreign", {404})
    _refused(stage, result, door, {**quick, "receipt": _forged(quick["receipt"])}, "forged", {404})
    result.demand(not door.take(10), "what is leased was offered again")
    _come_again(stage, result, door, [*dead, *(item["message"]["delivery_id"] for item in (late, quick))])
    _refused(stage, result, door, late, "stale", {409})
    _acks(result, door, extended)
    _compare(stage, result, load)
    return result


def _compare(stage: Stage, result: Result, load: Load) -> None:
    """The rules that hold although the bank of this test answers nothing."""
    found = facts.collect(stage.url, load.tally.acked, stage.ledger.path, {OWN: stage.journal(OWN)})
    result.blame([*checker.absent(found), *checker.stale(found), *checker.unaudited(found)])
    result.orders, result.acked = load.count, len(load.tally.acked)


def _die(stage: Stage, most: int) -> list[str]:
    """A process of the bank receives `most` deliveries and is killed at once; which they were."""
    path = stage.journal(OWN)
    setup = {"visibility": LEASE, "again": 0, "answers": 1, "dies": most}
    with stage.pulling((OWN,), **setup) as pullers:
        name = pullers.names[OWN]
        process: subprocess.Popen[str] = stage.platform.running[name]
        stage.until(lambda: process.poll() is not None, 30, 0.02)
    return [line["delivery"] for line in read(path) if line["kind"] == "received"]


def _forged(receipt: str) -> str:
    place = len(receipt) // 2
    return receipt[:place] + ("A" if receipt[place] != "A" else "B") + receipt[place + 1 :]


def _refused(stage: Stage, result: Result, door: Door, item: dict[str, Any], what: str, codes: set[int]) -> None:
    """Ack, extend and nack with a receipt that is no good: refused, and the row is as it was."""
    before = facts.rows(stage.url, _ROW, item["message"]["delivery_id"])
    receipt = item["receipt"]
    answers = [
        door.say("ack", receipt=receipt),
        door.say("extend", receipt=receipt, seconds=LEASE),
        door.say("nack", receipt=receipt, reason="no good"),
    ]
    said = [answer.status_code for answer in answers]
    result.demand(set(said) <= codes, f"{what} receipt: {said}")
    after = facts.rows(stage.url, _ROW, item["message"]["delivery_id"])
    result.demand(before == after, f"{what} receipt: the delivery changed from {before} to {after}")


def _come_again(stage: Stage, result: Result, door: Door, wanted: list[str]) -> None:
    """Each of them is offered again within a second of its lease's end, and not before it."""
    ends = dict(facts.rows(stage.url, _UNTIL, wanted))
    came: dict[str, tuple[float, int]] = {}
    deadline = time.monotonic() + LEASE + 10
    with facts.connected(stage.url) as cursor:
        while len(came) < len(wanted) and time.monotonic() < deadline:
            for item in door.take(10):
                cursor.execute(_NOW)
                message = item["message"]
                came[message["delivery_id"]] = (cursor.fetchone()[0], message["attempt"])
            time.sleep(0.1)
    result.demand(set(came) == set(wanted), f"offered again: {len(came)} of {len(wanted)}")
    late = [at - ends[delivery] for delivery, (at, _attempt) in came.items() if delivery in ends]
    result.demand(min(late, default=0) >= 0, f"offered {-min(late, default=0):.2f} s before the lease's end")
    result.demand(
        max(late, default=99) <= stage.sizes.grace, f"offered {max(late, default=99):.2f} s after the lease's end"
    )
    result.demand(all(attempt == 2 for _at, attempt in came.values()), f"attempts: {sorted(came.values())}")
    result.max_redelivery = 1
    result.more["visible_after"] = round(max(late, default=99), 2)


def _acks(result: Result, door: Door, extended: dict[str, Any]) -> None:
    """The extended lease still holds, its ack counts once, also when it is sent twice."""
    said = [door.say("ack", receipt=extended["receipt"]).status_code for _ in range(2)]
    result.demand(said == [200, 200], f"ack of the extended lease: {said}")
    said = [door.say("nack", receipt=extended["receipt"], reason="too late").status_code]
    result.demand(said == [409], f"nack after the ack: {said}")
