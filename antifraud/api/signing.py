"""What is signed at the machines' door: the answers that go out, the address that a signature names; whose keys count is a floor's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from antifraud import db
from antifraud.api.problems import RETRY_AFTER, answer
from antifraud.crypto import signing
from antifraud.crypto.keyring import KeyRefused
from antifraud.crypto.signing import Verified
from antifraud.errors import Unavailable
from antifraud.logs import get_logger

RETRY_SECONDS = 5
log = get_logger(__name__)
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


@dataclass(frozen=True)
class SignedRequest:
    """A message that was verified: exactly what arrived, and the row id of the key that signed it."""

    key: UUID
    verified: Verified
    method: str
    target_uri: str
    headers: dict[str, str]
    body: bytes


def target_uri(request: HttpRequest) -> str:
    """The address as the caller wrote it: the public origin of the interface (a proxy may have replaced it), path, query."""
    origin = settings.API_ORIGIN.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    return f"{origin}{request.get_full_path()}"


def set_machine(request: HttpRequest, user: Any) -> None:
    """Remember whose system asks, from the token alone: its answer is signed, also where the message is then refused."""
    request.machine = user  # type: ignore[attr-defined]


def set_signed(request: HttpRequest, signed: SignedRequest | None) -> None:
    """Keep the verified original for the handler that files it as evidence."""
    request.signed = signed  # type: ignore[attr-defined]


def signed_request(request: Any) -> SignedRequest | None:
    """The verified original of a DRF request; None where it came unsigned, or from a person."""
    return getattr(request._request, "signed", None)


class SignedResponseMiddleware:
    """Signs every answer to a known machine: refusals, 204 and 304 as well. Only X-Request-ID is set outside of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the five headers of the profile; the message id is the X-Request-ID of the same answer."""
        response = self.get_response(request)
        machine = getattr(request, "machine", None)
        if machine is None or not isinstance(response, HttpResponse):
            return response
        try:
            headers = _headers(request, response, machine)
        except (KeyRefused, ImproperlyConfigured) as refused:
            # Nothing unsigned is given out; the caller asks again under the same idempotency key.
            log.error("answer not signed", exc_info=refused)
            return answer(request, Unavailable(extra={RETRY_AFTER: RETRY_SECONDS}))
        for name, value in headers.items():
            response[name] = value
        return response


def _headers(request: HttpRequest, response: HttpResponse, machine: Any) -> dict[str, str]:
    bodiless = request.method == "HEAD" or response.status_code in BODILESS
    return signing.sign_response(
        status=response.status_code,
        body=b"" if bodiless else response.content,
        message_id=db.current_request_id(),
        recipient=machine.institution.code,
        method=str(request.method),
        target_uri=target_uri(request),
    )
