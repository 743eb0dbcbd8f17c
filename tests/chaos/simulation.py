"""A lane in one small table of a real PostgreSQL, with relays that are right or broken on purpose, to try the checker on.

Everything that decides (commits, row locks, leases by the database's clock) is PostgreSQL's own; only bank and client are
lists. Each broken part differs from the right one in the one mistake that its name tells.
"""

from __future__ import annotations

import contextlib
import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from tests.chaos.checker import Ack, AttemptRow, DeliveryRow, Facts, Received, Step

LEASE = 0.15
SCHEMA = """
DROP SCHEMA IF EXISTS chaos CASCADE;
CREATE SCHEMA chaos;
CREATE TABLE chaos.entry (id text PRIMARY KEY, status text NOT NULL);
CREATE TABLE chaos.step (entry text, verb text, before text, after text);
CREATE TABLE chaos.answer (entry text PRIMARY KEY);
CREATE TABLE chaos.delivery (id bigserial PRIMARY KEY, subject text NOT NULL, state text NOT NULL DEFAULT 'ready',
  attempt int NOT NULL DEFAULT 0, lease_token uuid, lease_until timestamptz);
CREATE TABLE chaos.attempt (place bigserial, delivery bigint, number int, outcome text);
"""
GONE = "DROP SCHEMA IF EXISTS chaos CASCADE"
_CLAIM = """
UPDATE chaos.delivery SET attempt = attempt + 1, lease_token = %s, lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE id = ANY(ARRAY(SELECT id FROM chaos.delivery WHERE state = 'ready' AND COALESCE(lease_until, '-infinity') < clock_timestamp()
  ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED)) RETURNING id, subject, attempt
"""
_FENCED = (
    "UPDATE chaos.delivery SET state = %s, lease_token = NULL, lease_until = NULL WHERE id = %s AND lease_token = %s"
)
_UNFENCED = (
    "UPDATE chaos.delivery SET state = %s, lease_token = NULL, lease_until = NULL WHERE id = %s AND %s IS NOT NULL"
)
_ISSUED = (("draft", "", "draft"), ("submit", "draft", "awaiting_approval"), ("approve", "awaiting_approval", "issued"))


@dataclass(frozen=True)
class Claimed:
    """A delivery under a lease."""

    id: int
    subject: str
    attempt: int
    token: str


@dataclass
class Simulation:
    """The table, the client's ledger and the bank's journal."""

    url: str
    acks: list[Ack] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    bank_dedupes: bool = True
    _bank: threading.Lock = field(default_factory=threading.Lock)

    def connect(self) -> Any:
        """A connection that commits when told."""
        return psycopg2.connect(self.url)

    def begin(self) -> None:
        """Empty tables."""
        with contextlib.closing(self.connect()) as link, link, link.cursor() as cursor:
            cursor.execute(SCHEMA)

    def end(self) -> None:
        """No tables."""
        with contextlib.closing(self.connect()) as link, link, link.cursor() as cursor:
            cursor.execute(GONE)

    # -- the submitting side

    def write(self, link: Any, order: str) -> None:
        """The order, its history and its delivery, in the connection's open transaction."""
        with link.cursor() as cursor:
            cursor.execute("INSERT INTO chaos.entry VALUES (%s, 'issued')", [order])
            for verb, before, after in _ISSUED:
                cursor.execute("INSERT INTO chaos.step VALUES (%s, %s, %s, %s)", [order, verb, before, after])
            cursor.execute("INSERT INTO chaos.delivery (subject) VALUES (%s)", [order])

    def ack(self, order: str) -> None:
        """The client is told 2xx."""
        self.acks.append(Ack(order, f"key-{order}", order))

    def submit(self, link: Any, order: str) -> None:
        """As it should be: commit, then tell."""
        self.write(link, order)
        link.commit()
        self.ack(order)

    def submit_ack_before_commit(self, link: Any, order: str, *, dies: bool) -> None:
        """Broken: tell, then commit; where the process dies in between, nothing is there."""
        self.write(link, order)
        self.ack(order)
        if dies:
            link.rollback()
        else:
            link.commit()

    # -- the bank

    def post(self, link: Any, claimed: Claimed) -> None:
        """The bank receives, acts (once, where it dedupes) and answers once."""
        with self._bank:
            status = "answered" if claimed.subject in self.effects else "issued"
            self.received.append(
                Received("bank", claimed.subject, str(claimed.id), "order.issued", claimed.attempt, status)
            )
            is_new = claimed.subject not in self.effects
            if is_new or not self.bank_dedupes:
                self.effects.append(claimed.subject)
            if is_new:
                self._answer(link, claimed.subject)

    def _answer(self, link: Any, order: str) -> None:
        with link.cursor() as cursor:
            cursor.execute("INSERT INTO chaos.answer VALUES (%s)", [order])
            cursor.execute("UPDATE chaos.entry SET status = 'answered' WHERE id = %s", [order])
            cursor.execute("INSERT INTO chaos.step VALUES (%s, 'answer', 'issued', 'answered')", [order])
        link.commit()

    # -- the relay

    def claim(self, link: Any) -> list[Claimed]:
        """Lease what is due."""
        token = str(uuid.uuid4())
        with link.cursor() as cursor:
            cursor.execute(_CLAIM, [token, LEASE])
            found = [Claimed(row[0], row[1], row[2], token) for row in cursor.fetchall()]
        link.commit()
        return found

    def finish(self, link: Any, claimed: Claimed, state: str, *, fenced: bool = True) -> bool:
        """Write the result and its attempt where the lease is ours; without the fence, wherever it is."""
        with link.cursor() as cursor:
            cursor.execute(_FENCED if fenced else _UNFENCED, [state, claimed.id, claimed.token])
            ours = bool(cursor.rowcount)
            if ours:
                cursor.execute(
                    "INSERT INTO chaos.attempt (delivery, number, outcome) VALUES (%s, %s, %s)",
                    [claimed.id, claimed.attempt, state],
                )
        link.commit()
        return ours

    def relay(self, link: Any, *, dies: Callable[[str], bool] = lambda _where: False) -> int:
        """One round as it should be: claim, post, finish with the fence; `dies(where)` cuts it short."""
        claimed = self.claim(link)
        for one in claimed:
            if dies("before"):
                return len(claimed)
            self.post(link, one)
            if dies("after"):
                return len(claimed)
            self.finish(link, one, "transported")
        return len(claimed)

    def relay_by_cursor(self, link: Any, last: int) -> int:
        """Broken: everything above the highest id that was seen; ids are given before they are committed."""
        with link.cursor() as cursor:
            cursor.execute("SELECT id, subject FROM chaos.delivery WHERE id > %s ORDER BY id", [last])
            rows = cursor.fetchall()
        link.commit()
        for number, subject in rows:
            self.post(link, Claimed(number, subject, 1, ""))
            with link.cursor() as cursor:
                cursor.execute("UPDATE chaos.delivery SET state = 'transported', attempt = 1 WHERE id = %s", [number])
            link.commit()
            last = number
        return last

    def relay_ack_before_post(self, link: Any, *, dies: bool) -> None:
        """Broken: transported first, posted then."""
        for one in self.claim(link):
            self.finish(link, one, "transported")
            if not dies:
                self.post(link, one)

    def crowd(self, seed: int, *, workers: int, rounds: int) -> None:
        """Right relays side by side that die again and again at places of the seed's choice."""
        threads = [threading.Thread(target=self._member, args=(seed + number, rounds)) for number in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    def _member(self, seed: int, rounds: int) -> None:
        rng = random.Random(seed)  # noqa: S311
        with contextlib.closing(self.connect()) as link:
            for _ in range(rounds):
                self.relay(link, dies=lambda _where: rng.random() < 0.2)
                threading.Event().wait(rng.uniform(0, LEASE / 2))

    # -- what the checker gets

    def facts(self) -> Facts:
        """The same kinds of facts as those of a real run."""
        with contextlib.closing(self.connect()) as link, link, link.cursor() as cursor:

            def rows(statement: str) -> list[tuple[Any, ...]]:
                cursor.execute(statement)
                found: list[tuple[Any, ...]] = cursor.fetchall()
                return found

            return Facts(
                acks=list(self.acks), received=list(self.received), effects=list(self.effects),
                orders=dict(rows("SELECT id, status FROM chaos.entry")),
                deliveries=[
                    DeliveryRow(str(number), "bank", "order.issued", subject, state, attempt)
                    for number, subject, state, attempt in rows("SELECT id, subject, state, attempt FROM chaos.delivery")
                ],
                attempts=[
                    AttemptRow(str(delivery), number, outcome, "webhook", place)
                    for delivery, number, outcome, place in rows("SELECT delivery, number, outcome, place FROM chaos.attempt")
                ],
                steps=[Step(*row) for row in rows("SELECT entry, verb, before, after FROM chaos.step")],
                answers=[row[0] for row in rows("SELECT entry FROM chaos.answer")],
            )  # fmt: skip
