"""Who speaks at the API: a person by session, an institution's system by access token; what they may do is the policy's."""

from __future__ import annotations

import hashlib
from typing import Any

from oauth2_provider.models import get_access_token_model
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

SCOPE = "exchange"
# Columns of the token and its client that no check reads: every call of a machine would fetch them.
_UNREAD = (
    "token", "id_token", "source_refresh_token", "created", "updated", "application__redirect_uris",
    "application__post_logout_redirect_uris", "application__client_secret", "application__name", "application__algorithm",
    "application__allowed_origins", "application__created", "application__updated",
)  # fmt: skip
LONGEST_TOKEN = 512
MACHINE_CHALLENGE = 'Bearer realm="antifraud"'
SESSION_CHALLENGE = 'Session realm="antifraud"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session with its CSRF check; refuses users whose institution no longer takes part."""

    def authenticate(self, request: Any) -> tuple[Any, None] | None:
        """(user, None), or None where nobody is logged in; raises PermissionDenied (csrf_failed)."""
        found = super().authenticate(request)
        if found is None or not is_admitted(found[0]):
            return None
        return found[0], None

    def enforce_csrf(self, request: Any) -> None:
        """As DRF's, without telling the reader which of the checks failed.

        Django's own request is handed on: to look for a form field, DRF's would read and parse the whole message here.
        """
        try:
            super().enforce_csrf(request._request)
        except PermissionDenied:
            raise PermissionDenied(code="csrf_failed") from None

    def authenticate_header(self, request: Any) -> str:
        """What makes a missing log-in a 401 instead of a 403."""
        return SESSION_CHALLENGE


class MachineTokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer …` with a token of the client-credentials grant; the caller is the client's machine user.

    The token is read from the header alone (never from the address or the body) and found by its SHA-256.
    """

    def authenticate(self, request: Any) -> tuple[Any, Any] | None:
        """(machine user, token), or None without such a header; every wrong token gets the same AuthenticationFailed."""
        scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = _token(raw.strip())
        user = token.application.user if token is not None and token.application is not None else None
        if token is None or user is None or not _is_live(token.application, user):
            raise AuthenticationFailed
        if not token.is_valid([SCOPE]) or not token.allows_audience(request.build_absolute_uri(request.path)):
            raise AuthenticationFailed
        return user, token

    def authenticate_header(self, request: Any) -> str:
        """The challenge of every 401: this class stands first in the settings."""
        return MACHINE_CHALLENGE


def is_admitted(user: Any) -> bool:
    """Whether the user and the user's institution take part at present."""
    return bool(user.is_active and user.institution.is_active)


def _is_live(client: Any, user: Any) -> bool:
    """A token is worth nothing once its client, its machine user or the institution is switched off."""
    own = client.institution_id == user.institution_id
    return own and user.role == "machine" and is_admitted(user) and bool(client.is_usable(None))


def _token(raw: str) -> Any:
    if not raw or len(raw) > LONGEST_TOKEN:
        return None
    checksum = hashlib.sha256(raw.encode("utf-8", "surrogateescape")).hexdigest()
    tokens = get_access_token_model()._base_manager.select_related("application__user__institution").defer(*_UNREAD)
    # One checksum, one row: `first()` would order it, for which Django hashes every selected column of a wide join.
    return next(iter(tokens.filter(token_checksum=checksum).order_by()[:1]), None)
