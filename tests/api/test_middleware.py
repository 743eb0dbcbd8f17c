"""The request's id, the access line, no caching, and refusals of pages."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from antifraud import db
from antifraud.api.middleware import AppErrorMiddleware, NoStoreMiddleware, RequestIdMiddleware, csrf_failure
from antifraud.errors import Conflict, NotFound

ASK = RequestFactory()


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse(db.current_request_id())


@pytest.mark.parametrize("offered", ["abcDEF12", "0f8fad5b-d9cb-469f-a165-70867728950e", "a" * 64])
def test_a_well_formed_id_is_kept(offered: str) -> None:
    answer = RequestIdMiddleware(ok)(ASK.get("/", headers={"X-Request-ID": offered}))
    assert answer["X-Request-ID"] == offered
    assert answer.content.decode() == offered  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "offered", ["", "short", "a" * 65, "with space", "a_b_c_d_e", "6222021234567890123", "evil\r\nX: 1", "é" * 9]
)
def test_any_other_id_is_replaced(offered: str) -> None:
    request = ASK.get("/")
    request.META["HTTP_X_REQUEST_ID"] = offered
    answer = RequestIdMiddleware(ok)(request)
    assert uuid.UUID(answer["X-Request-ID"]).version == 4


def test_the_access_line_has_the_path_and_no_query(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="antifraud.access"):
        RequestIdMiddleware(ok)(ASK.get("/orders/?name=secret"))
    (record,) = caplog.records
    line: Any = record.msg
    assert (line["event"], line["method"], line["path"], line["status"]) == ("request", "GET", "/orders/", 200)
    assert "secret" not in str(line)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/static/app.css"])
def test_probes_and_static_files_are_quiet_unless_they_fail(path: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="antifraud.access"):
        RequestIdMiddleware(ok)(ASK.get(path))
        assert caplog.records == []
        RequestIdMiddleware(lambda _: HttpResponse(status=503))(ASK.get(path))
    assert len(caplog.records) == 1


def test_nothing_but_static_files_may_be_kept() -> None:
    def cached(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Cache-Control": "max-age=3600"})

    assert NoStoreMiddleware(cached)(ASK.get("/orders/"))["Cache-Control"] == "no-store"
    assert NoStoreMiddleware(cached)(ASK.get("/static/x.css"))["Cache-Control"] == "max-age=3600"


def test_a_refusal_becomes_an_answer_and_a_defect_does_not() -> None:
    middleware = AppErrorMiddleware(ok)
    assert middleware.process_exception(ASK.get("/x/"), ValueError("x")) is None
    for exception, status in ((Conflict(), 409), (NotFound(), 404), (OperationalError("away"), 503)):
        answer = middleware.process_exception(ASK.get("/x/"), exception)
        assert answer is not None
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "kind"), [("/x/", "text/html; charset=utf-8"), ("/api/v1/x", "application/problem+json")]
)
def test_a_stale_form_is_told_so(path: str, kind: str) -> None:
    answer = csrf_failure(ASK.post(path), reason="CSRF cookie not set.")
    assert (answer.status_code, answer["Content-Type"]) == (403, kind)
    assert b"cookie" not in answer.content


@pytest.mark.django_db
def test_a_denied_page_leaves_a_row_in_the_diary(world: Any, rf: RequestFactory, act: Callable[..., Any]) -> None:
    from antifraud.audit.models import AuditEntry
    from antifraud.errors import Forbidden

    request = rf.post("/orders/")
    request.user = world.analyst_a
    answer = AppErrorMiddleware(ok).process_exception(request, Forbidden())
    assert answer is not None
    assert answer.status_code == 403
    (row,) = AuditEntry.objects.filter(verb="access.deny")
    assert (row.outcome, row.actor_id) == ("denied", world.analyst_a.id)
