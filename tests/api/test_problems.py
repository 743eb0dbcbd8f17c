"""problem+json: one shape for every refusal, the same bytes for absent and foreign, and nothing of the data."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.test import RequestFactory
from rest_framework import exceptions

from antifraud import db
from antifraud.api import problems
from antifraud.errors import AppError, Conflict, Forbidden, Invalid, NotFound, RateLimited, Superseded

REQUEST_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture(autouse=True)
def request_id() -> None:
    db.set_request_id(REQUEST_ID)


def handled(exc: Exception) -> Any:
    return problems.handle(exc, {"request": None})


def body(exc: Exception) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(handled(exc).content)
    return found


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (Superseded(), 409, "superseded"),
        (Forbidden(code="same_person"), 403, "same_person"),
        (exceptions.ValidationError({"a": ["x"]}), 422, "invalid"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.AuthenticationFailed("token 123 unknown"), 401, "not_authenticated"),
        (exceptions.PermissionDenied(), 403, "forbidden"),
        (exceptions.PermissionDenied(code="csrf_failed"), 403, "csrf_failed"),
        (PermissionDenied(), 403, "forbidden"),
        (Http404(), 404, "not_found"),
        (exceptions.NotFound(), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.UnsupportedMediaType("text/xml"), 415, "unsupported_media_type"),
        (exceptions.ParseError("at 6222021234567890123"), 400, "bad_request"),
        (exceptions.Throttled(wait=2.1), 429, "rate_limited"),
        (RequestDataTooBig("x"), 413, "too_large"),
        (SuspiciousOperation("x"), 400, "bad_request"),
        (OperationalError("server closed the connection"), 503, "unavailable"),
        (InterfaceError("connection already closed"), 503, "unavailable"),
    ],
)
def test_each_known_error_has_its_problem(exc: Exception, status: int, code: str) -> None:
    answer = handled(exc)
    told = json.loads(answer.content)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert (told["status"], told["code"], told["type"]) == (status, code, "about:blank")
    assert told["title"]
    assert told["detail"]
    assert "6222" not in answer.content.decode()
    assert told.get("instance") == (None if status == 404 else f"urn:uuid:{REQUEST_ID}")


@pytest.mark.parametrize("exc", [ValueError("x"), IntegrityError("x"), KeyError("x"), exceptions.APIException("x")])
def test_a_defect_stays_a_defect(exc: Exception) -> None:
    assert handled(exc) is None


def test_absent_and_foreign_are_the_same_bytes() -> None:
    seen = set()
    for exc in (
        Http404("No Order matches"),
        exceptions.NotFound("order 7"),
        NotFound("not yours", code="foreign", next_step="ask"),
        AppError("gone", code="gone", status=404, extra={"id": 7}),
    ):
        db.set_request_id(str(uuid.uuid4()))
        answer = handled(exc)
        seen.add((answer.status_code, answer["Content-Type"], answer.content))
    seen.add((404, problems.CONTENT_TYPE, problems.not_found(RequestFactory().get("/api/v1/none"), Http404()).content))
    assert len(seen) == 1


def test_field_errors_are_flattened() -> None:
    exc = exceptions.ValidationError(
        {
            "amount": [exceptions.ErrorDetail("too much", code="max_value")],
            "accounts": [{}, {"number": ["wrong"], "non_field_errors": ["unknown bank"]}],
            "non_field_errors": ["choose one"],
            "holder": {"name": "missing"},
        }
    )
    assert body(exc)["fields"] == [
        {"name": "amount", "code": "max_value", "messages": ["too much"]},
        {"name": "accounts.1.number", "code": "invalid", "messages": ["wrong"]},
        {"name": "accounts.1", "code": "invalid", "messages": ["unknown bank"]},
        {"name": "", "code": "invalid", "messages": ["choose one"]},
        {"name": "holder.name", "code": "invalid", "messages": ["missing"]},
    ]


def test_own_and_djangos_field_errors() -> None:
    assert body(Invalid(fields={"amount": ["Enter an amount.", "Use digits."]}))["fields"] == [
        {"name": "amount", "messages": ["Enter an amount.", "Use digits."]}
    ]
    assert body(DjangoValidationError({"amount": ["no"], "__all__": ["both"]}))["fields"] == [
        {"name": "amount", "messages": ["no"]},
        {"name": "", "messages": ["both"]},
    ]
    assert body(DjangoValidationError("no"))["fields"] == [{"name": "", "messages": ["no"]}]


def test_extra_facts_and_the_next_step_are_told_but_cannot_replace_the_rest() -> None:
    told = body(
        Conflict(next_step="Wait.", extra={"version": 7, "order": uuid.UUID(int=1), "status": 200, "code": "x"})
    )
    assert (told["status"], told["code"], told["version"], told["next_step"]) == (409, "conflict", 7, "Wait.")
    assert told["order"] == str(uuid.UUID(int=1))


def test_waiting_times_stand_in_the_header() -> None:
    assert handled(RateLimited(extra={"retry_after": 30}))["Retry-After"] == "30"
    assert handled(exceptions.Throttled(wait=2.1))["Retry-After"] == "3"
    assert handled(OperationalError("x"))["Retry-After"] == "1"
    assert "retry_after" not in body(RateLimited(extra={"retry_after": 30}))


def test_the_challenge_of_a_401_is_kept() -> None:
    exc = exceptions.NotAuthenticated()
    exc.auth_header = "Bearer"  # type: ignore[attr-defined]  # set by DRF's view
    assert handled(exc)["WWW-Authenticate"] == "Bearer"


def test_an_instance_needs_a_uuid() -> None:
    db.set_request_id("callers-own-id-7")
    assert "instance" not in body(Conflict())


def test_defects_and_unknown_addresses_under_api_are_problems_too() -> None:
    answer = problems.server_error(RequestFactory().get("/api/v1/x"))
    assert (answer.status_code, json.loads(answer.content)["code"]) == (500, "internal_error")
    assert (
        problems.bad_request(RequestFactory().get("/api/v1/x"), SuspiciousOperation("host"))["Content-Type"]
        == problems.CONTENT_TYPE
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Conflict(), 409),
        (Forbidden(), 403),
        (NotFound(), 404),
        (RateLimited(), 429),
        (Invalid(fields={"a": ["Enter a."]}), 422),
    ],
)
def test_pages_get_pages_and_htmx_gets_a_fragment(error: AppError, status: int) -> None:
    page = problems.answer(RequestFactory().get("/orders/"), error)
    assert page.status_code == status
    assert b"<html" in page.content
    fragment = problems.answer(RequestFactory().get("/orders/", headers={"HX-Request": "true"}), error)
    assert fragment.status_code == status
    assert b"<html" not in fragment.content
    assert b'role="alert"' in fragment.content
    assert str(error.message) in fragment.content.decode()


def test_pages_of_trouble_ask_nobody(django_assert_num_queries: Any) -> None:
    request = RequestFactory().get("/orders/")
    assert problems.server_error(request).status_code == 500
    unavailable = problems.answer(request, AppError(status=503, extra={"retry_after": 1}))
    assert (unavailable.status_code, unavailable["Retry-After"]) == (503, "1")


def test_a_page_escapes_what_it_says() -> None:
    page = problems.answer(RequestFactory().get("/orders/"), Conflict("<script>x</script>"))
    assert b"<script>x" not in page.content
