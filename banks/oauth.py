"""Which machine clients may have an access token and for how long (RFC 9700); the endpoint is `antifraud.api.token`."""

from __future__ import annotations

import functools
import secrets
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from oauth2_provider.oauth2_validators import OAuth2Validator

from antifraud.api.token import basic_pair
from banks.models.user import User

LONGEST_SECONDS = 600


class MachineClientValidator(OAuth2Validator):  # type: ignore[misc]
    """Client credentials and nothing else; no refresh tokens, no redirects, no consent of a person."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """True for a live confidential client with the right secret, sent by the Basic header or in the form.

        Exactly one hash is computed whoever asks, so that time does not tell which ids exist.
        """
        encoded = self._extract_basic_auth(request)
        name, secret = basic_pair(encoded) if encoded else (request.client_id or "", request.client_secret or "")
        client = self._load_application(name, request) if name else None
        right = check_password(secret, client.client_secret if client else _nobodys_secret())
        return client is not None and right and is_live(client)

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Always: there are no public clients."""
        return True

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Never: an id without its secret proves nothing."""
        return False

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Only client_credentials, and only for clients registered for it."""
        return grant_type == "client_credentials" and bool(client.allows_grant_type(client.GRANT_CLIENT_CREDENTIALS))

    def validate_response_type(self, *args: Any, **kwargs: Any) -> bool:
        """Never: there is no authorisation endpoint."""
        return False

    def _save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> Any:
        """Store the token's checksum; never for longer than ten minutes, whatever the settings say."""
        token["expires_in"] = min(int(token.get("expires_in", LONGEST_SECONDS)), LONGEST_SECONDS)
        token.pop("refresh_token", None)
        return super()._save_bearer_token(token, request, *args, **kwargs)


def is_live(client: Any) -> bool:
    """Whether the client is confidential, hashes its secret, and acts as an active machine user of its own active institution."""
    user = client.user
    return bool(
        client.client_type == client.CLIENT_CONFIDENTIAL
        and client.hash_client_secret
        and user is not None
        and user.role == User.Role.MACHINE
        and user.is_active
        and user.institution_id == client.institution_id
        and client.institution.is_active
    )


@functools.cache
def _nobodys_secret() -> str:
    """A hash that no secret opens, made with the same work as the real ones."""
    return make_password(secrets.token_urlsafe(32))
