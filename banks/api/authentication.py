"""A machine at the door: its token, then its signature over the raw bytes, both before anything in the message is read (R23)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from antifraud import db
from antifraud.api.authentication import MachineTokenAuthentication
from antifraud.api.parsers import MAXIMUM_BYTES, TooLarge
from antifraud.api.signing import SignedRequest, set_machine, set_signed, target_uri
from antifraud.crypto import signing
from antifraud.crypto.signature_errors import SignatureMissing
from antifraud.crypto.signing import PublicKey
from antifraud.errors import AppError, Forbidden
from banks.models import InstitutionKey, User
from banks.selectors.keys import keys_of, must_sign
from banks.services.keys import message_accept, message_refuse

SIGNED_PATHS = ("/api/v1/orders/", "/api/v1/holds/", "/api/v1/alerts/", "/api/v1/sync/", "/api/v1/refunds/")
CONTENT = "/content/"  # bytes whose SHA-256 a signed message has told before
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class SignedMachineAuthentication(MachineTokenAuthentication):
    """The token says whose system it is, the signature that the message is that institution's own.

    A message that carries a signature must hold on every address. What commits a bank (SIGNED_PATHS) must carry one
    as soon as the institution has a key; an institution that never had one sends unsigned.
    """

    def authenticate(self, request: Any) -> tuple[Any, Any] | None:
        """(machine user, token); raises the errors of `crypto.signature_errors`, and TooLarge before reading."""
        found = super().authenticate(request)
        if found is None:
            return None
        user, token = found
        set_machine(request._request, user)
        try:
            set_signed(request._request, _verified(request._request, user))
        except AppError as error:
            # The one who asks is known, so that nobody authenticates again while the refusal is answered.
            request.user, request.auth = user, token
            _note(user, error)
            raise
        return user, token


def _verified(request: HttpRequest, user: User) -> SignedRequest | None:
    if not signing.is_signed(request.headers):
        if _commits(request) and must_sign(user.institution_id):
            raise SignatureMissing
        return None
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAXIMUM_BYTES:
        raise TooLarge
    body, method, uri = request.body, str(request.method), target_uri(request)
    keys = {key.key_id: key for key in keys_of(user.institution_id)}
    verified = signing.verify_request(
        method=method, target_uri=uri, headers=request.headers, body=body, recipient=settings.PLATFORM_CODE,
        keys=[_public(key) for key in keys.values()],
    )  # fmt: skip
    with db.unit_of_work(user):
        message_accept(by=user, message_id=verified.message_id)
    headers = {name: request.headers[name] for name in signing.HEADERS}
    return SignedRequest(keys[verified.key_id].pk, verified, method, uri, headers, body)


def _commits(request: HttpRequest) -> bool:
    path = request.path_info
    return request.method not in READING and path.startswith(SIGNED_PATHS) and not path.endswith(CONTENT)


def _public(key: InstitutionKey) -> PublicKey:
    return PublicKey(key.key_id, bytes(key.public_key), key.not_before, key.not_after, key.revoked_at)


def _note(user: User, error: AppError) -> None:
    """The diary's row; a refusal with 403 gets one as every denial does."""
    if not isinstance(error, Forbidden):
        with db.unit_of_work(user):
            message_refuse(by=user, code=error.code)
