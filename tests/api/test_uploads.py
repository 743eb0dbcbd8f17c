"""Forms that are too large are refused by their announced length, before anything of them is kept."""

from __future__ import annotations

import io
import os
import tempfile
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from antifraud.uploads import (
    LARGER,
    MEGABYTE,
    USUAL,
    BoundedUploadHandler,
    FormTooLarge,
    NamelessUploadHandler,
    limit_of,
)


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


def test_a_large_file_has_no_name_on_the_disk(tmp_path: Path, monkeypatch: Any) -> None:
    """While the form is read nothing of it can be found in the temporary folder, and nothing is left by a dead process."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[list[str]] = []
    body = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("流水 May.csv", b"6222021234567890," * 200_000)})
    request = RequestFactory().generic("POST", "/", body, content_type=MULTIPART_CONTENT)
    write = NamelessUploadHandler.receive_data_chunk

    def looked(handler: NamelessUploadHandler, raw_data: bytes, start: int) -> None:
        write(handler, raw_data, start)
        seen.append(os.listdir(tmp_path))

    monkeypatch.setattr(NamelessUploadHandler, "receive_data_chunk", looked)
    file = request.FILES["file"]
    assert {*map(tuple, seen)} == {()}
    assert (file.name, file.size, file.read(17)) == ("流水 May.csv", 17 * 200_000, b"6222021234567890,")
    assert b"".join(file.chunks()) == b"6222021234567890," * 200_000
    assert os.fstat(file.fileno()).st_nlink == 0
    file.close()


def test_an_interrupted_form_gives_its_room_back() -> None:
    handler = NamelessUploadHandler()
    handler.upload_interrupted()
    handler.new_file("file", "a.csv", "text/csv", None)
    handler.receive_data_chunk(b"x", 0)
    whole = handler.file_complete(1)
    assert whole.read() == b"x"
    handler.new_file("file", "b.csv", "text/csv", None)
    handler.receive_data_chunk(b"y", 0)
    handler.upload_interrupted()
    assert whole.closed
    assert [file.closed for file in handler.files] == [True, True]
