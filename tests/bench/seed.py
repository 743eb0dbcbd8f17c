"""Fill a migrated database with cases by COPY: encrypted account numbers, grants, orders; shaped like real work.

Every row is one that the services would write. What only a page's body shows (narrative, approved payload) is left
empty here: the cases that the bench opens are made by the services themselves, on top of this mass.
"""

from __future__ import annotations

import io
import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
from django.contrib.auth.models import Group
from django.db.models import Model

from accounts.models import AccountGrant, InvolvedAccount, Involvement, Order, OrderGrant
from antifraud import policy
from antifraud.crypto.blind import blind_index
from antifraud.crypto.fields import seal_for
from antifraud.db import unit_of_work
from banks.models import Delivery, Institution, Lane, LegalProfile, User, WorkCalendar
from cases.models import Case, CaseGrant
from cases.rules.fraud_types import FRAUD_TYPES

BANKS, UNITS, PEOPLE_EACH = 20, 20, 3
CHUNK = 10_000
SEAL_AT_ONCE = 2_000


class World:
    """Twenty banks, twenty units under one bureau, a centre; three people each (120 and a few)."""

    def __init__(self) -> None:
        self.profile = LegalProfile.objects.get(code="CN")
        self.calendar = WorkCalendar.objects.get(code="CN")
        self.centre = self._institution("centre", "centre", None)
        self.bureau = self._institution("bureau", "police", None)
        self.units = [self._institution(f"unit{n:02}", "police", self.bureau) for n in range(UNITS)]
        self.banks = [self._institution(f"bank{n:02}", "bank", None) for n in range(BANKS)]
        for bank in self.banks:
            Lane.objects.create(institution=bank)
        self.people = {body.code: self._people(body) for body in [self.centre, *self.units, *self.banks]}

    def _institution(self, code: str, kind: str, parent: Institution | None) -> Institution:
        return Institution.objects.create(
            code=code, kind=kind, name=code.title(), parent=parent, group=Group.objects.create(name=code),
            legal_profile=self.profile, calendar=self.calendar, bank_code=code.upper() if kind == "bank" else "",
        )  # fmt: skip

    def _people(self, body: Institution) -> list[User]:
        roles = ["risk_officer"] * 3 if body.kind == "bank" else ["analyst", "analyst", "approver"]
        people = [
            User(
                username=f"{body.code}.{n}",
                full_name=f"{body.code} {n}",
                role=role,
                institution=body,
                language="en",
                password="!",
            )
            for n, role in enumerate(roles[:PEOPLE_EACH])
        ]
        return User.objects.bulk_create(people)


def copy(connection: Any, model: type[Model], columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY rows in PostgreSQL's text form; bytes as hexadecimal bytea."""
    names = ", ".join(f'"{model._meta.get_field(name).column}"' for name in columns)
    with connection.cursor() as cursor:
        for chunk in _chunks(rows):
            cursor.copy_expert(f"COPY {model._meta.db_table} ({names}) FROM STDIN", chunk)


def _chunks(rows: Iterable[tuple[Any, ...]]) -> Iterator[io.StringIO]:
    buffer = io.StringIO()
    for count, row in enumerate(rows, 1):
        buffer.write("\t".join(_cell(value) for value in row) + "\n")
        if count % CHUNK == 0:
            buffer.seek(0)
            yield buffer
            buffer = io.StringIO()
    buffer.seek(0)
    yield buffer


def _cell(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, bytes):
        return r"\\x" + value.hex()
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def fill(world: World, count: int, admin_url: str) -> None:
    """`count` cases over two years with one account and one answered order each; a bank sees count / 20 of them."""
    rng = random.Random(1)  # noqa: S311
    connection = psycopg2.connect(admin_url)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no foreign-key checks: the rows are consistent
    facts = list(_facts(world, count, rng))
    _copy_cases(connection, world, facts)
    _copy_accounts(connection, world, facts)
    _copy_orders(connection, world, facts)
    _copy_grants(connection, world, facts)
    connection.commit()
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('case_number_seq', %s), setval('order_number_seq', %s)", [count + 1, count + 1])
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")  # what the mass left to write must not be written while pages are measured
    connection.close()


def _facts(world: World, count: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    start = datetime.now(UTC) - timedelta(days=730)
    step = timedelta(days=729) / count
    kinds = list(FRAUD_TYPES)
    for number in range(count):
        yield {
            "n": number + 1, "case": uuid.UUID(int=rng.getrandbits(128), version=4), "order": uuid.UUID(int=rng.getrandbits(128), version=4),
            "account": uuid.UUID(int=rng.getrandbits(128), version=4), "at": start + number * step, "unit": world.units[number % UNITS],
            "bank": world.banks[(number // UNITS) % BANKS], "fraud": rng.choice(kinds), "amount": rng.randrange(10_000, 50_000_000),
        }  # fmt: skip


def _copy_cases(connection: Any, world: World, facts: list[dict[str, Any]]) -> None:
    columns = [
        "id", "number", "incident_number", "unit", "jurisdiction", "status", "version", "fraud_type", "fraud_subtype", "reported_at",
        "logged_at", "first_account_at", "loss_minor", "currency", "is_express", "legal_profile", "operator", "created_by",
        "open_orders", "open_holds", "accounts_total", "held_minor",
    ]  # fmt: skip
    people = {unit.id: world.people[unit.code][0].id for unit in world.units}
    copy(
        connection, Case, columns,
        (
            (
                f["case"], f"A{f['at'].year}-{f['n']:07d}", f"I{f['n']}", f["unit"].id, "", "accepted", 2, f["fraud"], "", f["at"], f["at"],
                f["at"], f["amount"], "CNY", False, world.profile.id, people[f["unit"].id], people[f["unit"].id], 0, 0, 1, 0,
            )
            for f in facts
        ),
    )  # fmt: skip


def _copy_accounts(connection: Any, world: World, facts: list[dict[str, Any]]) -> None:
    def sealed(f: dict[str, Any]) -> tuple[Any, ...]:
        number = f"62220{f['n']:014d}"
        cell = seal_for(InvolvedAccount(id=f["account"], institution=f["bank"]), "number", number)
        index = blind_index("account.number", number)
        return f["account"], f["bank"].id, "card", bytes(cell) if cell else None, index, 1, "involved", f["at"]

    def rows() -> Iterator[tuple[Any, ...]]:
        # In small units of work: one that is idle while COPY writes would be ended by the server (R44).
        for start in range(0, len(facts), SEAL_AT_ONCE):
            with unit_of_work(world.people["centre"][0]):
                batch = [sealed(f) for f in facts[start : start + SEAL_AT_ONCE]]
            yield from batch

    copy(
        connection, InvolvedAccount, ["id", "institution", "kind", "number", "number_index", "index_version", "risk", "created_at"],
        rows(),
    )  # fmt: skip
    columns = [
        "id",
        "case",
        "account",
        "role",
        "level",
        "state",
        "stop_count",
        "stop_limit",
        "entered_by",
        "entered_at",
    ]
    copy(
        connection, Involvement, columns,
        (
            (uuid.uuid4(), f["case"], f["account"], "involved", 1, "confirmed", 1, 2, world.people[f["unit"].code][0].id, f["at"])
            for f in facts
        ),
    )  # fmt: skip


def _copy_orders(connection: Any, world: World, facts: list[dict[str, Any]]) -> None:
    columns = [
        "id", "number", "kind", "status", "version", "case", "account", "institution", "unit", "operator", "second_officer", "approver",
        "urgency", "emergency", "legal_basis", "instrument_type", "instrument_number", "mode", "amount_minor", "currency",
        "with_sub_accounts", "with_interest", "major_case", "join_waiting_list", "payload_sha256", "legal_profile", "answer_minutes", "created_at",
        "issued_at", "available_at", "answer_due_at", "acknowledged_at", "answered_at", "outcome", "ended_reason", "error_field",
        "trigger",
    ]  # fmt: skip

    def row(f: dict[str, Any]) -> tuple[Any, ...]:
        analyst, second, approver = (person.id for person in world.people[f["unit"].code])
        open_order = f["n"] > len(facts) - 60 * BANKS  # the newest are open: every bank has a queue of some sixty
        status = "issued" if open_order else "answered"
        answered = None if open_order else f["at"] + timedelta(minutes=9)
        return (
            f["order"], f"O{f['at'].year}-{f['n']:08d}", "stop", status, 3, f["case"], f["account"], f["bank"].id, f["unit"].id, analyst, second,
            approver, "02", False, "Anti-Telecom-Fraud Law art. 20", "", "", "limited", f["amount"], "CNY", True, False, False, False,
            bytes(32), world.profile.id, 15, f["at"], f["at"], f["at"], f["at"] + timedelta(minutes=15), answered, answered,
            "" if open_order else "executed", "", "", "",
        )  # fmt: skip

    copy(connection, Order, columns, (row(f) for f in facts))
    columns = [
        "id", "institution", "topic", "subject_id", "case_id", "priority", "state", "attempt", "created_at", "next_at",
        "lease_total_seconds", "available_at", "transported_at", "door", "error",
    ]  # fmt: skip
    copy(
        connection, Delivery, columns,
        (
            (
                uuid.uuid4(), f["bank"].id, "order.issued", f["order"], f["case"], 10, "transported", 1, f["at"], f["at"], 0, f["at"],
                f["at"], "inbox", "",
            )
            for f in facts
        ),
    )  # fmt: skip


def _copy_grants(connection: Any, world: World, facts: list[dict[str, Any]]) -> None:
    columns = [
        "group",
        "permission",
        "content_object",
        "purpose",
        "legal_basis",
        "sort_at",
        "granted_at",
        "granted_by_id",
        "revoked_reason",
    ]
    by = world.people["centre"][0].id
    shared = [world.centre.group_id, world.bureau.group_id]

    def rows(model: type[Model], key: str, *, bank: bool) -> Iterator[tuple[Any, ...]]:
        permission = policy.view_permission_id(model)
        for f in facts:
            groups = [*shared, f["unit"].group_id, *([f["bank"].group_id] if bank else [])]
            for group in groups:
                yield (group, permission, f[key], "case work", "incident", f["at"], f["at"], by, "")

    copy(connection, CaseGrant, columns, rows(Case, "case", bank=False))
    copy(connection, OrderGrant, columns, rows(Order, "order", bank=True))
    copy(connection, AccountGrant, columns, rows(InvolvedAccount, "account", bank=True))
