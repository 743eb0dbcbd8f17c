"""How a refusal is answered: `application/problem+json` (RFC 9457) under /api/, a page or a fragment elsewhere."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.core.serializers.json import DjangoJSONEncoder
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions

from antifraud import db
from antifraud.api import denials
from antifraud.errors import AppError, BadRequest, Forbidden, Invalid, NotFound, RateLimited, Unavailable
from antifraud.logs import get_logger
from antifraud.uploads import FormTooLarge

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER = "retry_after"
_TEMPLATES = {404: "404.html", 500: "500.html"}
_RESERVED = {"type", "title", "status", "code", "detail", "instance", "fields", "next_step", RETRY_AFTER}
log = get_logger(__name__)

_LOG_IN = AppError(_("Log in, or send a valid access token."), code="not_authenticated", status=401)
# What DRF itself raises. Its own sentences may quote the input and are never passed on.
_DRF: tuple[tuple[type[exceptions.APIException], AppError], ...] = (
    (exceptions.NotAuthenticated, _LOG_IN),
    (exceptions.AuthenticationFailed, _LOG_IN),
    (
        exceptions.MethodNotAllowed,
        AppError(_("This address does not know this method."), code="method_not_allowed", status=405),
    ),
    (exceptions.NotAcceptable, AppError(_("The answer exists only as JSON."), code="not_acceptable", status=406)),
    (
        exceptions.UnsupportedMediaType,
        AppError(_("Send the message as application/json."), code="unsupported_media_type", status=415),
    ),
    (exceptions.ParseError, BadRequest(_("The message cannot be read."))),
)


class CsrfFailed(Forbidden):
    """A browser's request without the token that its page was given."""

    code = "csrf_failed"
    message = _("This form has expired. Go back, reload the page and send it again.")


def handle(exc: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. None for what nobody foresaw: Django then answers by `middleware.server_error`.

    The answer is a plain HttpResponse, so that its bytes do not depend on the view's renderer: a foreign object
    and an absent one must not differ (R31).
    """
    error = translate(exc)
    if error is None:
        return None
    log.info("refused", code=error.code, status=error.status)
    request = context.get("request")
    if request is not None:
        denials.note(request, error)
    return render(error, headers=_headers(exc))


def translate(exc: Exception) -> AppError | None:
    """The AppError that stands for `exc`, or None for a defect (which must stay visible as one)."""
    if isinstance(exc, NotFound | Http404 | exceptions.NotFound):
        return NotFound()
    if isinstance(exc, AppError):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        return Invalid(fields=dict(_flatten(exc.detail)))
    if isinstance(exc, ValidationError):
        return Invalid(fields=_django_fields(exc))
    if isinstance(exc, exceptions.Throttled):
        return RateLimited(extra={RETRY_AFTER: math.ceil(getattr(exc, "wait", None) or 1)})
    if isinstance(exc, exceptions.PermissionDenied | PermissionDenied):
        return CsrfFailed() if _is_csrf(exc) else Forbidden()
    if isinstance(exc, OperationalError | InterfaceError):
        log.error("database unavailable", exc_info=exc)
        return Unavailable(extra={RETRY_AFTER: 1})
    if isinstance(exc, FormTooLarge | RequestDataTooBig):
        return _too_large(exc)
    if isinstance(exc, SuspiciousOperation):
        return BadRequest()
    return next((error for kind, error in _DRF if isinstance(exc, kind)), None)


def _too_large(exc: Exception) -> AppError:
    if not isinstance(exc, FormTooLarge):
        return BadRequest(_("The message is too large."), code="too_large", status=413)
    text = _("This page takes at most {limit} MB at once. Nothing was kept; go back and send fewer or smaller files.")
    return BadRequest(str(text).format(limit=exc.megabytes), code="too_large", status=413)


def render(error: AppError, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The problem document of one error. A 404 is always the same bytes: no `instance`, no own sentence (R31)."""
    if error.status == HTTPStatus.NOT_FOUND:
        error = NotFound()
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": str(error.message),
    }
    if error.status != HTTPStatus.NOT_FOUND and (instance := _instance()):
        body["instance"] = instance
    if error.next_step:
        body["next_step"] = str(error.next_step)
    if error.fields:
        body["fields"] = [_field(name, messages) for name, messages in error.fields.items()]
    body |= {name: value for name, value in error.extra.items() if name not in _RESERVED}
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), cls=DjangoJSONEncoder)
    answer = HttpResponse(content, status=error.status, content_type=CONTENT_TYPE, headers=dict(headers or {}))
    if RETRY_AFTER in error.extra:
        answer["Retry-After"] = str(error.extra[RETRY_AFTER])
    return answer


def is_api(request: HttpRequest) -> bool:
    """Whether the address belongs to the machines' door."""
    return request.path.startswith("/api/")


# -- pages -----------------------------------------------------------------------------------------


def answer(request: HttpRequest, error: AppError) -> HttpResponse:
    """The refusal as problem+json, as htmx fragment or as page, by who asks."""
    if is_api(request):
        return render(error)
    if error.status == HTTPStatus.NOT_FOUND:
        error = NotFound()
    context = {"error": error, "status": error.status, "request_id": db.current_request_id()}
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # Without the request: the frame of other pages asks the database who is logged in.
        content = loader.render_to_string(_TEMPLATES.get(error.status, "error.html"), context)
    elif request.headers.get("HX-Request") == "true":
        content = loader.render_to_string("ui/alert_fragment.html", context, request)
    else:
        content = loader.render_to_string(_TEMPLATES.get(error.status, "error.html"), context, request)
    response = HttpResponse(content, status=error.status)
    if RETRY_AFTER in error.extra:
        response["Retry-After"] = str(error.extra[RETRY_AFTER])
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: a suspicious message (unknown host, too many fields); says nothing of what was found."""
    return answer(request, translate(exception) or BadRequest())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    error = translate(exception) or Forbidden()
    denials.note(request, error)
    return answer(request, error)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404: an unknown address answers as an absent object does (R31)."""
    return answer(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: a defect. The reader gets the request's id to tell, nothing else.

    Also a database that is away before any view was reached: middlewares ask it who is logged in.
    """
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return answer(request, Unavailable(extra={RETRY_AFTER: 1}))
    sentence = _("Something went wrong on our side. Check the state of your action before you repeat it.")
    return answer(request, AppError(sentence, code="internal_error", status=500))


# -- parts of the document -------------------------------------------------------------------------


def _instance() -> str:
    """The request's id as URN; a caller's own id that is no UUID stands only in the X-Request-ID header."""
    try:
        return UUID(db.current_request_id()).urn
    except ValueError:
        return ""


def _field(name: str, messages: Sequence[Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name}
    code = next((m.code for m in messages if isinstance(m, exceptions.ErrorDetail)), None)
    if code:
        told["code"] = code
    return told | {"messages": [str(message) for message in messages]}


def _flatten(detail: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """DRF's nested errors as ("accounts.0.number", [messages]); the name "" is the message as a whole."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = name in {"non_field_errors", NON_FIELD_ERRORS}
            yield from _flatten(inner, path if own else _joined(path, name))
    elif isinstance(detail, list | tuple):
        here = [item for item in detail if not isinstance(item, Mapping | list | tuple)]
        if here:
            yield path, here
        for index, item in enumerate(detail):
            if isinstance(item, Mapping | list | tuple):
                yield from _flatten(item, _joined(path, index))
    else:
        yield path, [detail]


def _joined(path: str, name: str | int) -> str:
    return f"{path}.{name}" if path else str(name)


def _django_fields(exc: ValidationError) -> dict[str, list[Any]]:
    if not hasattr(exc, "error_dict"):
        return {"": list(exc.messages)}
    return {("" if name == NON_FIELD_ERRORS else name): list(texts) for name, texts in exc.message_dict.items()}


def _is_csrf(exc: Exception) -> bool:
    return isinstance(exc, exceptions.PermissionDenied) and exc.get_codes() == "csrf_failed"


def _headers(exc: Exception) -> dict[str, str]:
    challenge = getattr(exc, "auth_header", None)
    return {"WWW-Authenticate": challenge} if challenge else {}
