"""A write happens once for its key, whoever repeats it and however fast; errors leave nothing behind (R8)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from antifraud.api import idempotency
from antifraud.api.models import IdempotencyRecord

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("example")]
KEY = "9f4f2f0a-7a52-4a2b-8f3e-000000000001"
Happened = Callable[[str], int]


def note(
    client: Client, word: str = "hello", *, key: str | None = KEY, path: str = "/api/v1/notes", raw: str = ""
) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(path, raw or f'{{"word": "{word}"}}', content_type="application/json", headers=headers)


def test_the_same_key_gives_the_same_bytes_and_one_effect(machine: Client, happened: Happened) -> None:
    first, second = note(machine), note(machine)
    assert (first.status_code, first["Content-Type"]) == (201, "application/json")
    assert (second.status_code, second.content, second["Content-Type"]) == (201, first.content, "application/json")
    assert second["Location"] == first["Location"]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert happened("example.note") == 1


def test_the_kept_answer_is_encrypted(machine: Client) -> None:
    note(machine)
    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM af_api_idempotencyrecord r")
        (row,) = cursor.fetchone()
        cursor.execute("SELECT encode(response, 'escape') FROM af_api_idempotencyrecord")
        (sealed,) = cursor.fetchone()
    assert "6222021234567890123" not in row + sealed


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ('{"word": "other"}', "/api/v1/notes"),
        ('{"word":"hello"}', "/api/v1/notes"),
        ('{"word": "hello"}', "/api/v1/notes/refuse"),
    ],
)
def test_the_same_key_for_another_request_is_refused(raw: str, path: str, machine: Client, happened: Happened) -> None:
    note(machine)
    answer = note(machine, raw=raw, path=path)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert happened("example.note") == 1


def test_a_machine_must_send_a_key_and_a_person_need_not(
    machine: Client, log_in: Callable[[Any], Client], world: Any, happened: Happened
) -> None:
    answer = note(machine, key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert happened("example.note") == 0
    person = log_in(world.risk_a)
    assert note(person, key=None).status_code == note(person, key=None).status_code == 201
    assert happened("example.note") == 2
    assert IdempotencyRecord.objects.count() == 0


def test_a_person_may_send_a_key(log_in: Callable[[Any], Client], world: Any, happened: Happened) -> None:
    person = log_in(world.risk_a)
    assert note(person).content == note(person).content
    assert happened("example.note") == 1


@pytest.mark.parametrize("key", ["short", "x" * 256, "with\ttab-in-it", "schlüssel-über"])
def test_an_odd_key_is_refused(key: str, machine: Client, happened: Happened) -> None:
    answer = note(machine, key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")
    assert happened("example.note") == 0


def test_keys_of_two_principals_have_nothing_to_do_with_each_other(
    machine: Client, log_in: Callable[[Any], Client], world: Any, happened: Happened
) -> None:
    mine, theirs, colleagues = note(machine), note(log_in(world.risk_b)), note(log_in(world.risk_a))
    assert len({mine.json()["id"], theirs.json()["id"], colleagues.json()["id"]}) == 3
    assert happened("example.note") == 3


@pytest.mark.parametrize(("word", "status"), [("collide", 409), ("x" * 21, 422), ("teapot", 418), ("database", 503)])
def test_an_error_rolls_back_and_frees_the_key(word: str, status: int, machine: Client, happened: Happened) -> None:
    assert note(machine, word).status_code == status
    assert happened("example.note") == 0
    assert IdempotencyRecord.objects.count() == 0
    assert note(machine).status_code == 201


def test_deleting_needs_no_key_and_replays_an_empty_answer(machine: Client, happened: Happened) -> None:
    path = f"/api/v1/notes/{uuid.uuid4()}"
    assert machine.delete(path).status_code == 204
    first = machine.delete(path, headers={"Idempotency-Key": KEY})
    second = machine.delete(path, headers={"Idempotency-Key": KEY})
    assert (first.status_code, first.content) == (second.status_code, second.content) == (204, b"")
    assert "Content-Type" not in second
    assert happened("example.delete") == 2


def test_a_form_is_no_json(log_in: Callable[[Any], Client], world: Any, happened: Happened) -> None:
    strict = log_in(world.risk_a)
    strict.handler.enforce_csrf_checks = True
    token = "a" * 32
    strict.cookies["csrftoken"] = token
    answer = strict.post("/api/v1/notes", {"word": "hello"}, headers={"Idempotency-Key": KEY, "X-CSRFToken": token})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert happened("example.note") == 0


def test_a_large_body_is_refused_before_it_is_read_as_json(machine: Client) -> None:
    answer = note(machine, raw='{"word": "' + "x" * 1_100_000 + '"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    answer = note(machine, raw='{"word": "' + "x" * 6_000_000 + '"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_the_unit_of_work_is_the_callers(machine: Client) -> None:
    answer = note(machine, path="/api/v1/notes/refuse")
    assert answer.json() == {"unit": True}


@pytest.mark.parametrize(
    ("header", "status"),
    [('"1"', 200), ("*", 200), (None, 200), ('"2"', 409), ("1", 400), ('W/"1"', 400), ('"x"', 400)],
)
def test_the_version_seen_is_respected(
    header: str | None, status: int, log_in: Callable[[Any], Client], world: Any, happened: Happened
) -> None:
    headers = {"If-Match": header} if header else {}
    answer = log_in(world.admin).patch(
        f"/api/v1/users/{world.risk_a.id}", "{}", content_type="application/json", headers=headers
    )
    assert answer.status_code == status
    assert happened("example.change") == (1 if status == 200 else 0)
    if status == 200:
        assert answer["ETag"] == '"2"'
    if status == 400:
        assert answer.json()["code"] == "if_match_invalid"


class TestParallel:
    """Twins on connections of their own."""

    pytestmark = pytest.mark.django_db(transaction=True)

    def test_ten_twins_are_one(self, machine: Client, happened: Happened) -> None:
        token = machine.defaults["HTTP_AUTHORIZATION"]
        start = threading.Barrier(10)

        def ask(_: int) -> tuple[int, bytes]:
            start.wait()
            try:
                answer = note(Client(headers={"Authorization": token}))
                return answer.status_code, answer.content
            finally:
                connections.close_all()

        with ThreadPoolExecutor(10) as pool:
            answers = set(pool.map(ask, range(10)))
        assert len(answers) == 1
        assert next(iter(answers))[0] == 201
        assert happened("example.note") == 1

    def test_a_twin_that_waits_too_long_is_told_so(self, machine: Client, happened: Happened, world: Any) -> None:
        from antifraud import db

        token = machine.defaults["HTTP_AUTHORIZATION"]

        def ask() -> Any:
            try:
                return note(Client(headers={"Authorization": token}))
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            with db.unit_of_work(world.machine_a):
                IdempotencyRecord.objects.create(
                    principal=world.machine_a.id,
                    institution_id=world.bank_a.id,
                    key=KEY,
                    method_path="",
                    body_sha256=b"",
                )
                answer = pool.submit(ask).result(timeout=10)
            assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (409, "in_progress", "1")
            assert happened("example.note") == 0


def test_answers_are_forgotten_after_ninety_days(world: Any, act: Any) -> None:
    """An older record goes, a younger one stays."""
    with act(world.admin):
        for key, days in (("older-one", 91), ("younger-one", 89)):
            kept = IdempotencyRecord.objects.create(
                principal=world.admin.id,
                institution_id=world.admin.institution_id,
                key=key,
                method_path="POST /",
                body_sha256=b"x",
            )
            IdempotencyRecord.objects.filter(pk=kept.pk).update(created_at=timezone.now() - timedelta(days=days))
        assert idempotency.prune() == 1
        assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["younger-one"]
