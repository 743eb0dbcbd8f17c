"""Viewsets: deny by default, rows narrowed before a handler runs, absent = foreign, filters that tell nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from rest_framework.decorators import action
from rest_framework.response import Response

from antifraud.api.idempotency import opens_own_unit, writes
from antifraud.api.viewsets import ListMixin, PolicyViewSet
from antifraud.audit.models import AuditEntry
from banks.models import User
from banks.policy import Action
from tests.api import example

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("example")]
LogIn = Callable[[Any], Client]


def test_a_view_that_says_nothing_can_be_used_by_nobody(log_in: LogIn, world: Any, client: Client) -> None:
    assert client.get("/api/v1/undeclared").status_code == 401
    answer = log_in(world.admin).get("/api/v1/undeclared")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert b"secret" not in answer.content


def test_an_action_that_is_not_in_the_table_is_refused(log_in: LogIn, world: Any) -> None:
    answer = log_in(world.admin).get("/api/v1/users/bare")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_nobody_is_told_to_log_in(client: Client) -> None:
    for answer in (
        client.get("/api/v1/users"),
        client.get(f"/api/v1/users/{uuid.uuid4()}"),
        client.post("/api/v1/notes"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
        assert answer["WWW-Authenticate"] == 'Bearer realm="antifraud"'


def test_a_list_holds_what_the_policy_lets_the_reader_see(log_in: LogIn, world: Any) -> None:
    seen = log_in(world.analyst_a).get("/api/v1/users").json()
    assert {item["username"] for item in seen["items"]} == {
        f"{n}_a" for n in ("analyst", "second", "approver", "duty", "supervisor")
    }
    everybody = log_in(world.admin).get("/api/v1/users?limit=200").json()
    assert len(everybody["items"]) == User.objects.count()


def test_a_role_without_the_action_sees_no_list(log_in: LogIn, world: Any) -> None:
    answer = log_in(world.risk_a).get("/api/v1/users")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_foreign_and_absent_are_the_same_bytes(log_in: LogIn, world: Any) -> None:
    reader = log_in(world.analyst_a)
    paths = [f"/api/v1/users/{pk}" for pk in (world.analyst_b.id, uuid.uuid4(), "not-a-uuid", "7")] + [
        "/api/v1/nowhere"
    ]
    answers = [reader.get(path) for path in paths]
    assert {(answer.status_code, answer["Content-Type"], answer.content) for answer in answers} == {
        (404, "application/problem+json", answers[0].content)
    }
    assert {tuple(sorted(set(answer.headers) - {"X-Request-ID", "Content-Length"})) for answer in answers[:2]} == {
        tuple(sorted(set(answers[0].headers) - {"X-Request-ID", "Content-Length"}))
    }
    assert b"instance" not in answers[0].content


def test_own_is_seen_and_known_but_not_allowed_is_403(
    log_in: LogIn, world: Any, happened: Callable[[str], int]
) -> None:
    reader = log_in(world.analyst_a)
    assert reader.get(f"/api/v1/users/{world.second_a.id}").json() == {
        "id": str(world.second_a.id),
        "username": "second_a",
    }
    answer = reader.patch(f"/api/v1/users/{world.second_a.id}", "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert happened("example.change") == 0
    (row,) = AuditEntry.objects.filter(verb="access.deny")
    assert (row.outcome, row.actor_id) == ("denied", world.analyst_a.id)


@pytest.mark.parametrize("method", ["put", "delete", "post", "options", "trace"])
def test_methods_without_an_action_are_405(method: str, log_in: LogIn, world: Any) -> None:
    answer = getattr(log_in(world.admin), method)(f"/api/v1/users/{world.risk_a.id}")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_reading_handlers_run_in_the_readers_unit_of_work(log_in: LogIn, world: Any) -> None:
    assert log_in(world.admin).get("/api/v1/unit").json() == {"principal": str(world.admin.id)}


def test_pages_follow_each_other(log_in: LogIn, world: Any) -> None:
    reader = log_in(world.analyst_a)
    first = reader.get("/api/v1/users?limit=3").json()
    second = reader.get(f"/api/v1/users?limit=3&cursor={first['next_cursor']}").json()
    names = [item["username"] for item in first["items"] + second["items"]]
    assert names == sorted(names)
    assert len(names) == 5
    assert (first["previous_cursor"], second["next_cursor"]) == (None, None)
    assert reader.get(f"/api/v1/users?limit=3&cursor={second['previous_cursor']}").json()["items"] == first["items"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=0", 400, "limit_invalid"),
        ("cursor=x", 400, "cursor_invalid"),
        ("role=analyst", 400, "unknown_parameter"),
        ("password=x", 400, "unknown_parameter"),
        ("username__startswith=a", 400, "unknown_parameter"),
        ("institution=x", 422, "invalid"),
        ("username=%00", 422, "invalid"),
    ],
)
def test_only_the_listed_parameters_are_taken(query: str, status: int, code: str, log_in: LogIn, world: Any) -> None:
    answer = log_in(world.analyst_a).get(f"/api/v1/users?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_filter_on_a_relation_does_not_tell_what_exists(log_in: LogIn, world: Any) -> None:
    reader = log_in(world.analyst_a)
    foreign = reader.get(f"/api/v1/users?institution={world.unit_b.id}")
    absent = reader.get(f"/api/v1/users?institution={uuid.uuid4()}")
    assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)
    assert foreign.json()["items"] == []
    assert len(reader.get(f"/api/v1/users?institution={world.unit_a.id}").json()["items"]) == 5


def test_a_defect_is_a_problem_without_its_reason(client: Client) -> None:
    client.raise_request_exception = False
    answer = client.get("/api/v1/broken")
    assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (
        500,
        "application/problem+json",
        "internal_error",
    )
    assert b"6222" not in answer.content
    assert answer.json()["instance"] == f"urn:uuid:{answer['X-Request-ID']}"


def test_answers_are_not_kept_by_anybody(log_in: LogIn, world: Any) -> None:
    assert log_in(world.admin).get("/api/v1/users")["Cache-Control"] == "no-store"


def test_the_list_costs_the_same_for_any_length(
    log_in: LogIn, world: Any, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    reader = log_in(world.admin)
    reader.get("/api/v1/users?limit=1")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        reader.get("/api/v1/users?limit=1")
    with CaptureQueriesContext(connection) as many:
        reader.get("/api/v1/users?limit=30")
    assert len(few) == len(many)


def test_the_unfiltered_rows_cannot_be_had_outside_of_a_request() -> None:
    view = example.UserViewSet()
    assert list(view.get_queryset()) == []


def test_a_handler_that_writes_without_its_frame_cannot_be_defined() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Bare\.create writes"):

        class Bare(PolicyViewSet[User]):
            def create(self, request: Any) -> Response:
                return Response()

    with pytest.raises(ImproperlyConfigured, match="answer writes"):

        class Extra(PolicyViewSet[User]):
            @action(detail=True, methods=["post"])
            def answer(self, request: Any) -> Response:
                return Response()

    class Framed(ListMixin, PolicyViewSet[User]):
        @writes
        def create(self, request: Any) -> Response:
            return Response()

        @opens_own_unit
        @action(detail=True, methods=["post"])
        def receive(self, request: Any) -> Response:
            return Response()


def test_all_fields_cannot_be_opened_for_filters_at_once() -> None:
    with pytest.raises(ImproperlyConfigured, match="one by one"):

        class Everything(PolicyViewSet[User]):
            filterset_fields = "__all__"


def test_a_view_without_a_queryset_is_a_defect() -> None:
    class Nothing(PolicyViewSet[User]):
        policy_actions = {"list": Action.USER_VIEW}

    with pytest.raises(ImproperlyConfigured, match="names no queryset"):
        Nothing().get_queryset()
