"""Collects what the checker compares: the database read as its superuser, and the files that the platform cannot write."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg2

from tests.chaos.checker import Ack, AttemptRow, DeliveryRow, Facts, Received, Step
from tests.chaos.ledger import read

_ORDERS = "SELECT id::text, status FROM accounts_order WHERE id = ANY(%s::uuid[])"
_DELIVERIES = """
SELECT d.id::text, i.code, d.topic, d.subject_id::text, d.state, d.attempt, extract(epoch FROM d.created_at)::float8,
  extract(epoch FROM d.available_at)::float8
FROM banks_delivery d JOIN banks_institution i ON i.id = d.institution_id WHERE d.subject_id = ANY(%s::uuid[])
"""
_ATTEMPTS = """
SELECT a.delivery_id::text, a.number, a.outcome, a.door, a.id FROM banks_attempt a
JOIN banks_delivery d ON d.id = a.delivery_id WHERE d.subject_id = ANY(%s::uuid[]) ORDER BY a.id
"""
_STEPS = """
SELECT object_id::text, verb, payload FROM af_audit_auditentry
WHERE object_type = 'order' AND outcome = 'ok' AND object_id = ANY(%s::uuid[])
"""
_ANSWERS = "SELECT order_id::text FROM accounts_answer WHERE order_id = ANY(%s::uuid[])"
_HOLDS = "SELECT order_id::text FROM accounts_hold WHERE order_id = ANY(%s::uuid[])"


@contextlib.contextmanager
def connected(url: str) -> Iterator[Any]:
    """A cursor with autocommit on a connection of its own."""
    connection = psycopg2.connect(url, connect_timeout=5)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def rows(url: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """All rows of one statement."""
    with connected(url) as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def change(url: str, statement: str, *values: Any) -> int:
    """Run a statement that changes something; how many rows."""
    with connected(url) as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def collect(url: str, orders: Sequence[str], ledger: Path, journals: dict[str, Path]) -> Facts:
    """The facts about `orders`: everything else in the files and tables is left out."""
    wanted = set(orders)
    ids = sorted(wanted)
    lines = [line for line in read(ledger) if line["kind"] == "issued" and line["order"] in wanted]
    said = [(bank, line) for bank, path in journals.items() for line in read(path) if line.get("order", "") in wanted]
    return Facts(
        acks=[Ack(line["order"], line["key"], line["said"]) for line in lines],
        orders=dict(rows(url, _ORDERS, ids)),
        deliveries=[DeliveryRow(*row) for row in rows(url, _DELIVERIES, ids)],
        attempts=[AttemptRow(*row) for row in rows(url, _ATTEMPTS, ids)],
        steps=_steps(rows(url, _STEPS, ids)),
        answers=[row[0] for row in rows(url, _ANSWERS, ids)],
        holds=[row[0] for row in rows(url, _HOLDS, ids)],
        received=[
            Received(bank, line["order"], line["delivery"], line["topic"], line["attempt"], line["status"])
            for bank, line in said
            if line["kind"] == "received"
        ],
        effects=[line["order"] for _bank, line in said if line["kind"] == "effect"],
        told_answered=[line["order"] for _bank, line in said if line["kind"] == "answer" and line["http"] < 300],
        accepted_acks=[
            (line["delivery"], line["attempt"]) for _bank, line in said if line["kind"] == "ack" and line["http"] < 300
        ],
    )


def _steps(found: list[tuple[Any, ...]]) -> list[Step]:
    steps = []
    for order, verb, payload in found:
        detail = json.loads(bytes(payload))["detail"]
        if "to" in detail:
            steps.append(Step(order, verb, detail.get("from", ""), detail["to"]))
    return steps
