"""The signature profile "antifraud-1" (RFC 9421, Ed25519) on both sides; who has which key and what was seen is not here."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from antifraud.crypto import keyring
from antifraud.crypto.signature_errors import (
    DigestMismatch,
    KeyRevoked,
    KeyUnknown,
    SignatureExpired,
    SignatureInvalid,
    SignatureMalformed,
    SignatureMissing,
    WrongRecipient,
)

TOLERANCE_SECONDS = 300
LABELS = ("af", "af2")
CONTENT_DIGEST = "Content-Digest"
MESSAGE_ID = "Antifraud-Message-Id"
RECIPIENT = "Antifraud-Recipient"
SIGNATURE_INPUT = "Signature-Input"
SIGNATURE = "Signature"
HEADERS = (CONTENT_DIGEST, MESSAGE_ID, RECIPIENT, SIGNATURE_INPUT, SIGNATURE)
REQUEST_COMPONENTS = '("@method" "@target-uri" "content-digest" "antifraud-message-id" "antifraud-recipient")'
RESPONSE_COMPONENTS = (
    '("@status" "content-digest" "antifraud-message-id" "antifraud-recipient" "@method";req "@target-uri";req)'
)
NAME_PATTERN = r"[A-Za-z0-9._-]{1,64}"
_NAME = re.compile(NAME_PATTERN)
_PARAMETERS = rf';created=(?P<created>[1-9][0-9]{{0,11}});keyid="(?P<key>{NAME_PATTERN})";alg="ed25519"'
_SIGNATURE = r":([A-Za-z0-9+/]{86}==):"


@dataclass(frozen=True)
class PublicKey:
    """A key of the sender: 32 raw bytes of Ed25519, and when it may be used."""

    key_id: str
    public_key: bytes
    not_before: datetime
    not_after: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Signer:
    """A private key that stays where it is: its id, and what signs bytes with it."""

    key_id: str
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Verified:
    """What a valid message says of itself; whether its id was seen before is the caller's to know."""

    key_id: str
    created: int
    message_id: str


def sign_request(
    *, method: str, target_uri: str, body: bytes, message_id: str, recipient: str, now: int | None = None,
    signers: Sequence[Signer] | None = None,
) -> dict[str, str]:  # fmt: skip
    """The five headers of a request, signed by the platform's live keys or by `signers` (newest first, two at most).

    `body` is exactly what is sent. Raises ValueError for a message id or recipient outside of the profile.
    """
    digest = content_digest(body)
    base = _request_base(method, target_uri, digest, message_id, recipient)
    return _signed(REQUEST_COMPONENTS, base, digest, message_id, recipient, now, signers)


def sign_response(
    *, status: int, body: bytes, message_id: str, recipient: str, method: str, target_uri: str, now: int | None = None,
    signers: Sequence[Signer] | None = None,
) -> dict[str, str]:  # fmt: skip
    """The five headers of an answer to the request (`method`, `target_uri`); otherwise as `sign_request`."""
    digest = content_digest(body)
    base = _response_base(status, digest, message_id, recipient, method, target_uri)
    return _signed(RESPONSE_COMPONENTS, base, digest, message_id, recipient, now, signers)


def verify_request(
    *, method: str, target_uri: str, headers: Mapping[str, str], body: bytes, recipient: str, keys: Iterable[PublicKey],
    now: int | None = None,
) -> Verified:  # fmt: skip
    """Check a request against the sender's own `keys`; every signature in it must hold.

    `recipient` is the code of the one who checks. Raises the errors of `signature_errors`, all of them AppErrors.
    """
    sent = _sent(headers)
    base = _request_base(method, target_uri, sent[CONTENT_DIGEST], sent[MESSAGE_ID], sent[RECIPIENT])
    return _verified(REQUEST_COMPONENTS, base, sent, body, recipient, keys, now)


def verify_response(
    *, status: int, headers: Mapping[str, str], body: bytes, recipient: str, method: str, target_uri: str,
    keys: Iterable[PublicKey], now: int | None = None,
) -> Verified:  # fmt: skip
    """Check an answer as a bank does that knows all of the platform's keys; otherwise as `verify_request`."""
    sent = _sent(headers)
    base = _response_base(status, sent[CONTENT_DIGEST], sent[MESSAGE_ID], sent[RECIPIENT], method, target_uri)
    return _verified(RESPONSE_COMPONENTS, base, sent, body, recipient, keys, now)


def content_digest(body: bytes) -> str:
    """The value of Content-Digest (RFC 9530) for exactly these bytes."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether a message claims to be signed; one that claims it must hold."""
    return not {SIGNATURE.lower(), SIGNATURE_INPUT.lower()}.isdisjoint(name.lower() for name in headers)


def signature_base(lines: str, components: str, created: int, key_id: str) -> bytes:
    """The bytes under the signature: RFC 9421 §2.5, the parameters as the last line."""
    return f'{lines}"@signature-params": {_parameters(components, created, key_id)}'.encode()


def platform_signers() -> list[Signer]:
    """The platform's live signing keys: the newest, and during an overlap the one before it."""
    provider = keyring.current()
    return [_platform_signer(provider, key_id) for key_id in provider.signer_ids()[: len(LABELS)]]


def _platform_signer(provider: keyring.KeyProvider, key_id: str) -> Signer:
    return Signer(key_id, lambda message: provider.sign_as(key_id, message))


def _parameters(components: str, created: int, key_id: str) -> str:
    return f'{components};created={created};keyid="{key_id}";alg="ed25519"'


def _request_base(method: str, target_uri: str, digest: str, message_id: str, recipient: str) -> str:
    return (
        f'"@method": {method}\n"@target-uri": {target_uri}\n"content-digest": {digest}\n'
        f'"antifraud-message-id": {message_id}\n"antifraud-recipient": {recipient}\n'
    )


def _response_base(status: int, digest: str, message_id: str, recipient: str, method: str, target_uri: str) -> str:
    return (
        f'"@status": {status}\n"content-digest": {digest}\n"antifraud-message-id": {message_id}\n'
        f'"antifraud-recipient": {recipient}\n"@method";req: {method}\n"@target-uri";req: {target_uri}\n'
    )


def _signed(
    components: str, lines: str, digest: str, message_id: str, recipient: str, now: int | None,
    signers: Sequence[Signer] | None,
) -> dict[str, str]:  # fmt: skip
    if not _NAME.fullmatch(message_id) or not _NAME.fullmatch(recipient):
        raise ValueError("message ids and institution codes have 1 to 64 of A-Z a-z 0-9 . _ -")
    created = int(time.time()) if now is None else now
    labelled = list(zip(LABELS, platform_signers() if signers is None else signers, strict=False))
    signed = [
        (label, signer.key_id, signer.sign(signature_base(lines, components, created, signer.key_id)))
        for label, signer in labelled
    ]
    return {
        CONTENT_DIGEST: digest,
        MESSAGE_ID: message_id,
        RECIPIENT: recipient,
        SIGNATURE_INPUT: ", ".join(f"{label}={_parameters(components, created, key)}" for label, key, _ in signed),
        SIGNATURE: ", ".join(f"{label}=:{base64.b64encode(value).decode()}:" for label, _, value in signed),
    }


def _sent(headers: Mapping[str, str]) -> dict[str, str]:
    """The five headers under their usual names, each of them there once and well formed as far as it is one word."""
    if not is_signed(headers):
        raise SignatureMissing
    found: dict[str, str] = {}
    usual = {name.lower(): name for name in HEADERS}
    for name, value in headers.items():
        known = usual.get(name.lower())
        if known in found:
            raise SignatureMalformed
        if known is not None:
            found[known] = value
    if len(found) != len(HEADERS):
        raise SignatureMalformed
    if not _NAME.fullmatch(found[MESSAGE_ID]) or not _NAME.fullmatch(found[RECIPIENT]):
        raise SignatureMalformed
    return found


def _verified(
    components: str, lines: str, sent: Mapping[str, str], body: bytes, recipient: str, keys: Iterable[PublicKey],
    now: int | None,
) -> Verified:  # fmt: skip
    signatures = _parsed(components, sent[SIGNATURE_INPUT], sent[SIGNATURE])
    if sent[CONTENT_DIGEST] != content_digest(body):
        raise DigestMismatch
    moment = int(time.time()) if now is None else now
    own = {key.key_id: key for key in keys}
    for created, key_id, value in signatures:
        key = _live(own.get(key_id), moment)
        _hold(key, signature_base(lines, components, created, key_id), value)
        if abs(moment - created) > TOLERANCE_SECONDS:
            raise SignatureExpired
    if sent[RECIPIENT] != recipient:
        raise WrongRecipient
    created, key_id, _value = signatures[0]
    return Verified(key_id, created, sent[MESSAGE_ID])


def _parsed(components: str, inputs: str, values: str) -> list[tuple[int, str, bytes]]:
    """(created, key id, signature) of label `af`, and of `af2` where it is there; one spelling only."""
    given, signed = inputs.split(", "), values.split(", ")
    if not 1 <= len(given) == len(signed) <= len(LABELS):
        raise SignatureMalformed
    found = []
    for label, parameters, value in zip(LABELS, given, signed, strict=False):
        terms = re.fullmatch(f"{label}={re.escape(components)}{_PARAMETERS}", parameters)
        encoded = re.fullmatch(f"{label}={_SIGNATURE}", value)
        if terms is None or encoded is None:
            raise SignatureMalformed
        raw = base64.b64decode(encoded[1])
        # The last letter has bits that no byte uses: another letter there would be another spelling.
        if base64.b64encode(raw).decode() != encoded[1]:
            raise SignatureMalformed
        found.append((int(terms["created"]), terms["key"], raw))
    if len({key_id for _created, key_id, _raw in found}) != len(found):
        raise SignatureMalformed
    return found


def _live(key: PublicKey | None, now: int) -> PublicKey:
    if key is None:
        raise KeyUnknown
    moment = datetime.fromtimestamp(now, UTC)
    if key.revoked_at is not None:  # whenever it was: a signature can be dated back
        raise KeyRevoked
    if moment < key.not_before or (key.not_after is not None and key.not_after <= moment):
        raise KeyUnknown
    return key


def _hold(key: PublicKey, message: bytes, signature: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise SignatureInvalid from None
