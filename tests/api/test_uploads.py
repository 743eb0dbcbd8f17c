"""Forms that are too large are refused by their announced length, before anything of them is kept."""

from __future__ import annotations

import io
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from antifraud.uploads import LARGER, MEGABYTE, USUAL, BoundedUploadHandler, FormTooLarge, limit_of


def test_pages_of_statements_take_more_than_the_others() -> None:
    assert limit_of(f"/cases/{uuid.uuid4()}/statements/") == 1024 * MEGABYTE
    assert limit_of(f"/queue/{uuid.uuid4()}/") == 260 * MEGABYTE
    assert limit_of(f"/orders/{uuid.uuid4()}/record/") == 280 * MEGABYTE
    assert limit_of(f"/cases/{uuid.uuid4()}/files/") == limit_of("/me/login/") == USUAL
    assert limit_of(f"/x/cases/{uuid.uuid4()}/statements/") == USUAL
    assert all(limit > USUAL for _pattern, limit in LARGER)


@pytest.mark.parametrize(("length", "refused"), [(USUAL, False), (USUAL + 1, True)])
def test_the_bound_is_the_announced_length(length: int, refused: bool) -> None:
    handler = BoundedUploadHandler()
    if refused:
        with pytest.raises(RequestDataTooBig):
            handler.handle_raw_input(io.BytesIO(), {"PATH_INFO": "/me/login/"}, length, b"x")
    else:
        handler.handle_raw_input(io.BytesIO(), {"PATH_INFO": "/me/login/"}, length, b"x")


STATEMENTS = f"/cases/{uuid.uuid4()}/statements/"


@pytest.mark.parametrize(
    ("user", "length", "limit"),
    [
        (SimpleNamespace(is_authenticated=True), 1024 * MEGABYTE, None),
        (SimpleNamespace(is_authenticated=True), 1024 * MEGABYTE + 1, 1024),
        (AnonymousUser(), USUAL, None),
        (AnonymousUser(), USUAL + 1, 25),
        (None, USUAL + 1, 25),
    ],
    ids=["somebody", "somebody, too much", "a stranger", "a stranger, too much", "nobody asked yet"],
)
def test_only_who_is_logged_in_may_send_much(user: Any, length: int, limit: int | None) -> None:
    handler = BoundedUploadHandler(SimpleNamespace(user=user))  # type: ignore[arg-type]
    if limit is None:
        handler.handle_raw_input(io.BytesIO(), {"PATH_INFO": STATEMENTS}, length, b"x")
        return
    with pytest.raises(FormTooLarge) as refusal:
        handler.handle_raw_input(io.BytesIO(), {"PATH_INFO": STATEMENTS}, length, b"x")
    assert refusal.value.megabytes == limit


@pytest.mark.django_db
def test_a_form_of_a_stranger_that_is_too_large_gets_no_further(monkeypatch: Any) -> None:
    monkeypatch.setattr("antifraud.uploads.USUAL", 1000)
    stranger = Client(enforce_csrf_checks=True)
    stranger.get("/me/login/")  # with the page's cookie a form is read to look for its token
    large = stranger.post("/me/login/", {"file": SimpleUploadedFile("a.csv", b"x" * 2000)})
    assert large.status_code == 413
    assert "Nothing was kept" in large.content.decode()
    small = stranger.post("/me/login/", {"file": SimpleUploadedFile("a.csv", b"x" * 10)})
    assert small.status_code == 403
