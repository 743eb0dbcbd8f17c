"""The token endpoint of institutions' systems (RFC 6749 client credentials); whose client it is, `banks.oauth` decides."""

from __future__ import annotations

import base64
import binascii
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_ip_address
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.views import TokenView as ToolkitTokenView

from antifraud.logs import get_logger

LONGEST_BODY = 8192
RETRY_AFTER = "900"  # the cool-off of settings.AXES_COOLOFF_TIME
log = get_logger(__name__)


@method_decorator(csrf_exempt, name="dispatch")
class TokenView(ToolkitTokenView):  # type: ignore[misc]
    """POST `grant_type=client_credentials` with the client's id and secret: a bearer token for ten minutes.

    Errors have OAuth's own form (RFC 6749 §5.2), not problem+json, because OAuth libraries read them. An unknown
    client, a wrong secret and a client that was switched off get the same bytes. Wrong attempts are counted in
    PostgreSQL with those of people's log-ins (axes): five from one address close that client for that address.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The token, or 400/401/429 with `error`."""
        if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
            return _refusal("invalid_request", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        # The prefix keeps a client's count apart from that of a person with the same name.
        counted = {"username": f"client:{_storable(given_credentials(request)[0])}"}
        if not AxesProxyHandler.is_allowed(request, counted):
            log.warning("token refused", reason="too many attempts")
            refused = _refusal("slow_down", HTTPStatus.TOO_MANY_REQUESTS)
            refused["Retry-After"] = RETRY_AFTER
            return refused
        answer: HttpResponse = self.authorization_flow_token_response(request)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            return _refuse_client(request, counted)
        if answer.status_code == HTTPStatus.OK:
            AxesProxyHandler.reset_attempts(username=counted["username"], ip_address=get_client_ip_address(request))
        return answer


def given_credentials(request: HttpRequest) -> tuple[str, str]:
    """Client id and secret as sent, unchecked, "" where missing: by the Authorization header (Basic), else the form."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return basic_pair(encoded)
    return request.POST.get("client_id", ""), request.POST.get("client_secret", "")


def basic_pair(encoded: str) -> tuple[str, str]:
    """The two parts of a Basic credential, each form-encoded in it (RFC 6749 §2.3.1); empty texts where unreadable."""
    try:
        name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _refuse_client(request: HttpRequest, counted: dict[str, str]) -> HttpResponse:
    """Count the failure. Axes would keep the form's fields, the secret among them, and answer with a page of its own."""
    request.POST = QueryDict()
    AxesProxyHandler.user_login_failed(TokenView, counted, request)
    request.axes_locked_out = False  # type: ignore[attr-defined]
    log.warning("token refused", reason="invalid client")
    refused = _refusal("invalid_client", HTTPStatus.UNAUTHORIZED)
    refused["WWW-Authenticate"] = 'Basic realm="antifraud"'
    return refused


def _storable(name: str) -> str:
    return "".join(letter for letter in name[:200] if letter.isprintable())


def _refusal(error: str, status: int) -> HttpResponse:
    return HttpResponse(json.dumps({"error": error}), status=status, content_type="application/json")
