"""What is measured: each scene is one request of one person, over HTTP, and its statement count in process."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Order
from accounts.services.accounts import involved_account_add
from accounts.services.orders.draft import orders_draft
from accounts.services.orders.inputs import OrderLine, OrderTerms
from accounts.services.orders.submit import order_submit
from accounts.services.transfers import transfer_record
from antifraud.db import unit_of_work
from banks.models import User
from cases.models import Case
from cases.services.cases import CaseInput, case_file
from cases.services.victims import VictimInput

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
BASIS = "Anti-Telecom-Fraud Law art. 20"
READS, WRITES = 200, 60


@dataclass(frozen=True)
class Scene:
    """`prepare` makes what `act` needs, outside of the clock; `statements` counts the same request in process."""

    name: str
    prepare: Callable[[], Any]
    act: Callable[[Any], None]
    statements: Callable[[], int | None]
    count: int = READS


class Actors:
    """People with sessions, as HTTP clients and as in-process clients."""

    def __init__(self, world: Any, url: str) -> None:
        self.world, self.url = world, url
        self.http: dict[str, httpx.Client] = {}
        self.inside: dict[str, Client] = {}

    def person(self, code: str, place: int = 0) -> User:
        """The n-th person of an institution."""
        found: User = self.world.people[code][place]
        return found

    def client(self, user: User) -> httpx.Client:
        """A keep-alive client with the person's session and a CSRF token."""
        if user.username not in self.http:
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = BACKEND
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.create()
            token = uuid.uuid4().hex
            cookies = {"sessionid": str(session.session_key), "csrftoken": token}
            headers = {"X-CSRFToken": token, "Referer": self.url}
            self.http[user.username] = httpx.Client(
                base_url=self.url, cookies=cookies, headers=headers, timeout=30, trust_env=False
            )
        return self.http[user.username]

    def statements(self, user: User, path: str, body: dict[str, Any] | None = None) -> int:
        """How many statements the request sends, counted in process on the same database."""
        if user.username not in self.inside:
            self.inside[user.username] = Client()
            self.inside[user.username].force_login(user, backend=BACKEND)
        client = self.inside[user.username]
        for _ in range(2):  # the first fills the caches of the process
            with CaptureQueriesContext(connection) as seen:
                if body is None:
                    client.get(path)
                else:
                    client.post(path, body, content_type="application/json")
        return len(seen)


def scenes(actors: Actors) -> list[Scene]:
    """The list of performance.md: lists, details, forbidden detail, create with push, bank queue."""
    analyst, bank = actors.person("centre"), actors.person("bank00")
    unit, other = actors.person("unit00"), actors.person("unit01")
    case = _case(unit)
    foreign = Case.objects.filter(unit=other.institution).values_list("id", flat=True)[0]
    return [
        _get(actors, "case list, analyst", analyst, "/cases/"),
        _get(actors, "case list, one unit", unit, "/cases/"),
        _get(actors, "order list, bank (API)", bank, "/api/v1/orders/?limit=50"),
        _get(actors, "case detail, allowed", unit, f"/cases/{case.id}/"),
        _get(actors, "case detail, forbidden", unit, f"/cases/{foreign}/", status=404),
        _get(actors, "bank queue", bank, "/queue/"),
        _file(actors, unit),
        _issue(actors),
    ]


def _get(actors: Actors, name: str, user: User, path: str, *, status: int = 200) -> Scene:
    def act(_: Any) -> None:
        answer = actors.client(user).get(path)
        if answer.status_code != status:
            raise RuntimeError(f"{path}: {answer.status_code}")

    return Scene(name, lambda: None, act, lambda: actors.statements(user, path))


def _file(actors: Actors, user: User) -> Scene:
    def body() -> dict[str, Any]:
        return {
            "reported_at": "2026-01-02T03:04:05Z", "fraud_type": "rebate", "narrative": "Paid for tasks.", "incident_number": "B-1",
            "victims": [{"name": "张三", "phone": "13800138000"}],
        }  # fmt: skip

    def act(ready: dict[str, Any]) -> None:
        actors.client(user).post("/api/v1/cases/", json=ready).raise_for_status()

    return Scene("file a case", body, act, lambda: actors.statements(user, "/api/v1/cases/", body()), WRITES)


def _case(user: User) -> Case:
    with unit_of_work(user) as work:
        return case_file(
            by=user,
            data=CaseInput(
                reported_at=work.now,
                fraud_type="rebate",
                narrative="Paid for tasks.",
                incident_number="B-2",
                victims=(VictimInput("张三"),),
            ),
        )


def _issue(actors: Actors) -> Scene:
    operator, second, approver = (actors.person("unit00", place) for place in range(3))
    numbers = iter(range(10**6))

    def submitted() -> Order:
        case = _case(operator)
        with unit_of_work(operator) as work:
            account = involved_account_add(
                by=operator,
                case=case,
                number=f"62290{next(numbers):014d}",
                institution=actors.world.banks[0],
                holder_name="李四",
            )
            transfer_record(
                by=operator,
                case=case,
                to_account=account.account,
                amount_minor=10_000,
                at=work.now - timedelta(hours=1),
            )
            terms = OrderTerms(
                legal_basis=BASIS, second_officer=second, urgency="02", mode="limited", reason="fraud", instrument_type="notice",
                instrument_number="N-1", instrument_issued_on=work.now.date(),
            )  # fmt: skip
            order = orders_draft(
                by=operator, case=case, kind="stop", lines=[OrderLine(account.id, amount_minor=10_000)], terms=terms
            )[0]
            return order_submit(by=operator, order_id=order.id)

    def body(order: Order) -> dict[str, str]:
        return {"payload_sha256": bytes(order.payload_sha256 or b"").hex()}

    def act(order: Order) -> None:
        actors.client(approver).post(f"/api/v1/orders/{order.id}/approve/", json=body(order)).raise_for_status()

    def statements() -> int:
        actors.statements(approver, "/api/v1/orders/")
        order = submitted()
        client = actors.inside[approver.username]
        with CaptureQueriesContext(connection) as seen:
            client.post(f"/api/v1/orders/{order.id}/approve/", body(order), content_type="application/json")
        return len(seen)

    return Scene("issue an order with push", submitted, act, statements, WRITES)
