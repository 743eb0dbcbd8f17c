"""The frame of every write through the API: one unit of work, carried out once per key (R8); what it does is a service's."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.http.request import RawPostDataException
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import UnsupportedMediaType

from antifraud import db
from antifraud.api.models import IdempotencyRecord
from antifraud.api.problems import RETRY_AFTER
from antifraud.errors import BadRequest, Conflict, Invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_DAYS = 90
KEPT_HEADERS = ("ETag", "Location")
LOCK_NOT_AVAILABLE = "55P03"
_KEY = re.compile(r"[\x20-\x7e]{8,255}")
_VERSION = re.compile(r'"(\d{1,18})"')

Handler = Callable[..., HttpResponse]


def writes(action: Callable[..., Any]) -> Handler:
    """A viewset's handler that changes something: runs in one unit of work, at most once per Idempotency-Key.

    The rendered answer is stored in the same transaction and given again, byte for byte, with
    `Idempotent-Replayed: true`. An error rolls everything back, so the key may be used again.
    Raises BadRequest (idempotency_key_missing, idempotency_key_invalid), Conflict (in_progress) and
    Invalid (idempotency_key_reused).
    """

    @functools.wraps(action)
    def run(view: Any, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        key = _key_of(request)
        with db.unit_of_work(request.user):
            record = _claim(request, key) if key else None
            if record is not None and record.http_status is not None:
                return _replay(record)
            answer = _rendered(view, request, action(view, request, *args, **kwargs), args, kwargs)
            if answer.status_code >= 400:
                transaction.set_rollback(True)
            elif record is not None:
                _keep(record, answer)
            return answer

    return opens_own_unit(run)


def opens_own_unit(handler: Handler) -> Handler:
    """Mark a handler that opens its units of work itself, as a long poll must: none may be open while it waits (R5)."""
    handler.opens_unit = True  # type: ignore[attr-defined]
    return handler


def expected_version(request: Any) -> int | None:
    """The version that the caller saw, from `If-Match: "7"`; None where the header is absent or `*`.

    Raises BadRequest (if_match_invalid): a condition that cannot be read must not be passed over.
    """
    text = request.headers.get("If-Match", "").strip()
    if text in {"", "*"}:
        return None
    found = _VERSION.fullmatch(text)
    if found is None:
        raise BadRequest(_('Send If-Match as one version in quotes, as in "7".'), code="if_match_invalid")
    return int(found[1])


def etag(version: int) -> str:
    """The ETag of an object's version, to be sent back as If-Match."""
    return f'"{version}"'


def _key_of(request: Any) -> str | None:
    """The key; machine clients must send one with POST and PATCH, people at a browser need not."""
    key: str | None = request.headers.get(HEADER)
    if key is None:
        if request.auth is not None and request.method in {"POST", "PATCH"}:
            raise BadRequest(
                _("Send an Idempotency-Key header, and the same one when you repeat the request."),
                code="idempotency_key_missing",
            )
        return None
    if not _KEY.fullmatch(key):
        raise BadRequest(
            _("An Idempotency-Key has 8 to 255 printable ASCII characters."), code="idempotency_key_invalid"
        )
    return key


def _claim(request: Any, key: str) -> IdempotencyRecord:
    """Insert first: the unique index makes a parallel twin wait until the first one has committed or failed."""
    mine = IdempotencyRecord(
        principal=request.user.id,
        institution_id=request.user.institution_id,
        key=key,
        method_path=f"{request.method} {request.path}",
        body_sha256=hashlib.sha256(_body(request)).digest(),
    )
    try:
        IdempotencyRecord.objects.bulk_create([mine], ignore_conflicts=True)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) != LOCK_NOT_AVAILABLE:
            raise
        raise Conflict(
            _("The first request with this key is still being carried out. Ask again in a moment."),
            code="in_progress",
            extra={RETRY_AFTER: 1},
        ) from error
    kept = IdempotencyRecord.objects.get(principal=mine.principal, key=key)
    if (kept.method_path, bytes(kept.body_sha256)) != (mine.method_path, mine.body_sha256):
        raise Invalid(
            _("This Idempotency-Key has named another request. Use a new key for a new request."),
            code="idempotency_key_reused",
        )
    return kept


def _body(request: Any) -> bytes:
    """The raw message; a form that the CSRF check has consumed already is no JSON and is refused as such."""
    try:
        body: bytes = request._request.body
    except RawPostDataException:
        raise UnsupportedMediaType(request.content_type) from None
    return body


def _rendered(view: Any, request: Any, response: Any, args: Any, kwargs: Any) -> HttpResponse:
    """The answer as it will be sent, made inside the transaction: what cannot be rendered must not be committed."""
    response = view.finalize_response(request, response, *args, **kwargs)
    if hasattr(response, "render"):
        response.render()
    answer = HttpResponse(response.content, status=response.status_code)
    del answer["Content-Type"]
    for name in ("Content-Type", *KEPT_HEADERS):
        if name in response:
            answer[name] = response[name]
    return answer


def _keep(record: IdempotencyRecord, answer: HttpResponse) -> None:
    record.http_status = answer.status_code
    record.response = answer.content.decode("utf-8")
    record.content_type = answer.get("Content-Type", "")
    record.headers = {name: answer[name] for name in KEPT_HEADERS if name in answer}
    record.save(update_fields=["http_status", "response", "content_type", "headers"])


def _replay(record: IdempotencyRecord) -> HttpResponse:
    content = record.response.open() if record.response is not None else ""
    answer = HttpResponse(content.encode(), status=record.http_status, headers=record.headers)
    del answer["Content-Type"]
    if record.content_type:
        answer["Content-Type"] = record.content_type
    answer[REPLAYED] = "true"
    return answer


def prune() -> int:
    """Forget answers older than ninety days: longer than any client repeats a request (R8). For the scheduler."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM af_api_idempotencyrecord WHERE created_at < clock_timestamp() - make_interval(days => %s)",
            [KEPT_DAYS],
        )
        return int(cursor.rowcount)
