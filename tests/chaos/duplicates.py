"""T12, T13, T14: the same thing said many times, at once, out of order, or by somebody who may not say it."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg2

from tests.chaos import checker, facts
from tests.chaos.drafting import body_of
from tests.chaos.ledger import read
from tests.chaos.load import AMOUNT, Client, Load
from tests.chaos.result import Result
from tests.chaos.stage import Stage

TIMES = 3
ROUNDS = 5
_MADE = """
SELECT count(*) FROM accounts_order o JOIN accounts_involvement i ON i.case_id = o.case_id AND i.account_id = o.account_id
WHERE i.id = %s
"""
_STEPS = "SELECT count(*) FROM af_audit_auditentry WHERE object_id = %s AND outcome = 'ok' AND verb = ANY(%s)"
_RAW = (
    "UPDATE accounts_order SET approver_id = operator_id WHERE id = %s",
    "UPDATE accounts_order SET approver_id = second_officer_id WHERE id = %s",
    "UPDATE accounts_order SET second_officer_id = operator_id WHERE id = %s",
    "UPDATE af_approvals_approvalrequest SET checker_id = maker_id WHERE subject_id = %s",
)


def at_once(count: int, call: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """`count` calls that leave together, each from a thread of its own."""
    gate = threading.Barrier(count)

    def one(number: int) -> httpx.Response:
        gate.wait(30)
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def t12(stage: Stage) -> Result:
    """Each message comes three times, shuffled; each answer is sent three times, the last under another key."""
    result = Result(12)
    orders = stage.stock(stage.sizes.copies)
    habits: dict[str, Any] = {"again": TIMES - 1, "answers": TIMES}
    with stage.pulling(**habits), Load(stage.officer(2), stage.ledger, orders, rate=20) as load:
        stage.judge(result, load, seconds=120)
    wanted = {order["order"] for order in orders}
    lines = [line for path in stage.journals.values() for line in read(path) if line.get("order") in wanted]
    came = Counter(line["delivery"] for line in lines if line["kind"] == "received")
    result.demand(set(came.values()) == {TIMES}, f"messages did not come {TIMES} times: {sorted(set(came.values()))}")
    said: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        if line["kind"] == "answer":
            said.setdefault(line["order"], []).append(line)
    for order, answers in said.items():
        same = {(line["http"], line["text"]) for line in answers if not line["other_key"]}
        result.demand(len(same) == 1, f"{order}: the same answer was answered in {len(same)} ways")
        result.demand(
            all(line["http"] == 409 for line in answers if line["other_key"]), f"{order}: a second answer was taken"
        )
    result.more["messages"] = sum(came.values())
    return result


def t13(stage: Stage) -> Result:
    """Parallel POSTs under one key make one order; the same key with another body is refused."""
    result, count = Result(13), stage.sizes.parallel
    line = stage.stock(2, kind="lines")[0]
    client, key = stage.officer(0), f"parallel-{uuid.uuid4()}"
    body = body_of(stage, line)
    answers = at_once(count, lambda _number: client.post("orders/", body, key))
    codes = Counter(answer.status_code for answer in answers)
    told = {answer.json()[0]["id"] for answer in answers if answer.status_code == 201}
    fresh = [a for a in answers if a.status_code == 201 and a.headers.get("Idempotent-Replayed") != "true"]
    busy = [answer for answer in answers if answer.status_code == 409]
    result.demand(len(told) == 1 and len(fresh) == 1, f"{len(told)} orders were told, {len(fresh)} of them as new")
    result.demand(set(codes) <= {201, 409}, f"answers: {dict(codes)}")
    result.demand(all(answer.json()["code"] == "in_progress" for answer in busy), "a 409 that is not in_progress")
    made = facts.rows(stage.url, _MADE, line["involvement"])[0][0]
    others = at_once(count, lambda number: client.post("orders/", body_of(stage, line, AMOUNT + 1 + number), key))
    refused = sum(a.status_code == 422 and a.json()["code"] == "idempotency_key_reused" for a in others)
    result.demand(refused == count, f"another body under the key: {Counter(a.status_code for a in others)}")
    after = facts.rows(stage.url, _MADE, line["involvement"])[0][0]
    result.demand(made == after == 1, f"{after} orders in the database")
    result.orders, result.acked, result.doubled = 1, len(told), max(0, after - 1)
    result.more |= {"answers": {str(code): number for code, number in sorted(codes.items())}, "refused": refused}
    return result


def t14(stage: Stage) -> Result:
    """Approve, reject and cancel at once: what was told is what the log says; nobody approves their own."""
    result, per_verb = Result(14), max(2, stage.sizes.decisions // 3)
    operator, second, approver = (stage.officer(place) for place in range(3))
    orders = stage.stock(ROUNDS + 1)
    told: Counter[str] = Counter()
    for order in orders[:ROUNDS]:
        told += _decide(stage, result, order, per_verb, operator, approver)
    own = orders[ROUNDS]
    for client in (operator, second):
        answer = client.post(
            f"orders/{own['order']}/approve/", {"payload_sha256": own["sha256"]}, f"own-{uuid.uuid4()}"
        )
        result.demand(answer.status_code == 403, f"an officer of the order approved it: {answer.status_code}")
    _refuse_raw(stage, result, own["order"])
    status = facts.rows(stage.url, "SELECT status FROM accounts_order WHERE id = %s", own["order"])[0][0]
    result.demand(status == "awaiting_approval", f"the officers' own attempts left the order {status}")
    result.orders, result.acked = len(orders), sum(told.values())
    found = facts.collect(stage.url, [order["order"] for order in orders], stage.ledger.path, {})
    result.blame([*checker.unaudited(found), *checker.regressed(found), *checker.doubled(found)])
    result.more["told"] = dict(told)
    return result


def _decide(
    stage: Stage, result: Result, order: dict[str, Any], per_verb: int, operator: Client, approver: Client
) -> Counter[str]:
    """One order, three verbs at once; each 2xx has its row in the log, and only one decision was taken."""
    path, reason = f"orders/{order['order']}", {"reason": "changed our mind"}
    asked: list[tuple[str, Client, dict[str, Any]]] = [
        ("approve", approver, {"payload_sha256": order["sha256"]}), ("reject", approver, reason), ("cancel", operator, reason),
    ]  # fmt: skip
    calls = asked * per_verb
    stage.rng.shuffle(calls)

    def call(number: int) -> httpx.Response:
        verb, client, body = calls[number]
        return client.post(f"{path}/{verb}/", body, f"{verb}-{number}-{order['order']}")

    answers = at_once(len(calls), call)
    told = Counter(verb for (verb, _, _), answer in zip(calls, answers, strict=True) if answer.is_success)
    odd = Counter(answer.status_code for answer in answers if not answer.is_success and answer.status_code != 409)
    result.demand(not odd, f"{order['order']}: answers {dict(odd)}")
    for verb in ("approve", "reject", "cancel"):
        logged = facts.rows(stage.url, _STEPS, order["order"], [f"order.{verb}"])[0][0]
        result.demand(told[verb] == logged <= 1, f"{order['order']}: {verb} told {told[verb]}, logged {logged}")
    result.demand(told["approve"] + told["reject"] <= 1, f"{order['order']}: approved and rejected")
    result.demand(not (told["reject"] and told["cancel"]), f"{order['order']}: rejected and cancelled")
    result.demand(sum(told.values()) >= 1, f"{order['order']}: nobody won")
    return told


def _refuse_raw(stage: Stage, result: Result, order: str) -> None:
    """Not even the database's superuser can write that one person was two."""
    for statement in _RAW:
        try:
            changed = facts.change(stage.url, statement, order)
        except psycopg2.errors.CheckViolation:
            continue
        result.fault(f"raw SQL changed {changed} rows: {statement}")
