"""What surrounds every request: its id, its access line, no caching; how a refusal is answered is in `problems`."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from antifraud import db
from antifraud.api import denials, problems
from antifraud.errors import AppError
from antifraud.logs import get_logger, masked

Handler = Callable[[HttpRequest], HttpResponseBase]
HEADER = "X-Request-ID"
# The one answer that is the same for everybody: the platform's public keys.
KEPT_PATHS = {"/api/v1/keys/": "public, max-age=60"}
QUIET_PATHS = frozenset({"/livez", "/readyz"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
log = get_logger("antifraud.access")


class RequestIdMiddleware:
    """Gives each request an id for log lines, audit rows and the answer, and writes one access line."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with X-Request-ID. The line holds the path, never the query string or a body (R21)."""
        started = time.monotonic()
        request_id = wanted_id(request.headers.get(HEADER, ""))
        db.set_request_id(request_id)
        response = self.get_response(request)
        response[HEADER] = request_id
        quiet = response.status_code < 400 and (request.path in QUIET_PATHS or _is_static(request))
        say = log.debug if quiet else log.info
        spent = round((time.monotonic() - started) * 1000)
        say("request", method=request.method, path=request.path, status=response.status_code, ms=spent)
        return response


def wanted_id(offered: str) -> str:
    """The caller's id where it is well formed, else a new UUID.

    One that looks like an account or telephone number is replaced as well: it would stand in every audit row.
    """
    if _REQUEST_ID.fullmatch(offered) and masked(offered) == offered:
        return offered
    return str(uuid.uuid4())


class NoStoreMiddleware:
    """No page and no answer is kept by browsers or proxies (R43); only static files and the list of public keys are."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Set the header even where a view chose another one."""
        response = self.get_response(request)
        if not _is_static(request):
            kept = KEPT_PATHS.get(request.path) if response.status_code == HTTPStatus.OK else None
            response["Cache-Control"] = kept or "no-store"
        return response


class AppErrorMiddleware:
    """Turns a refusal raised in a page's view into a page, or into a fragment for htmx, with the same status."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Only exceptions matter here."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The refusal's answer; None for a defect, and under /api/ for what DRF has already seen."""
        known = isinstance(exception, AppError | OperationalError | InterfaceError)
        error = problems.translate(exception) if known else None
        if error is None:
            return None
        log.info("refused", code=error.code, status=error.status)
        denials.note(request, error)
        return problems.answer(request, error)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW. `reason` names the check that failed; it goes to the log, not to the reader."""
    log.warning("csrf refused", reason=reason)
    return problems.answer(request, problems.CsrfFailed())


def _is_static(request: HttpRequest) -> bool:
    return request.path.startswith(str(settings.STATIC_URL))
