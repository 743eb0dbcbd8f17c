"""The strict profile "antifraud-1" of RFC 9421 and RFC 9530, both directions; where keys come from is in `keys`.

Ed25519 only, fixed components in a fixed order, fixed parameters. Whoever sends anything else is refused: there is
nothing to negotiate and therefore nothing to downgrade.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from antifraud_connector.errors import SignatureFault

WINDOW_SECONDS = 300
LABEL, OVERLAP_LABEL = "af", "af2"
REQUEST = ("@method", "@target-uri", "content-digest", "antifraud-message-id", "antifraud-recipient")
RESPONSE = (
    "@status",
    "content-digest",
    "antifraud-message-id",
    "antifraud-recipient",
    "@method;req",
    "@target-uri;req",
)
MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
RECIPIENT = re.compile(r"[A-Za-z0-9._-]{1,64}")
HEADERS = ("Content-Digest", "Antifraud-Message-Id", "Antifraud-Recipient", "Signature-Input", "Signature")
_PARAMETERS = r";created=([1-9][0-9]{0,11});keyid=\"([A-Za-z0-9._-]{1,64})\";alg=\"ed25519\""
_SIGNATURE = re.compile(r"(af2?)=:([A-Za-z0-9+/]{86}==):")
_LONGEST = 4096


class KeyLookup(Protocol):
    """Finds the sender's key as it stands at that moment; raises SignatureFault key_unknown or key_revoked."""

    def __call__(self, key_id: str, moment: float) -> Ed25519PublicKey: ...


@dataclass(frozen=True)
class SigningKey:
    """Our private key and the id under which the other side registered its public half."""

    key_id: str
    private: Ed25519PrivateKey


@dataclass(frozen=True)
class Verified:
    """What a good signature says."""

    key_id: str
    created: int
    message_id: str


@dataclass(frozen=True)
class _Claim:
    label: str
    parameters: str  # as sent: the last line of the signature base
    created: int
    key_id: str
    signature: bytes


def content_digest(body: bytes) -> str:
    """RFC 9530 over the exact bytes, also over none."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def sign_request(
    keys: Sequence[SigningKey],
    *,
    method: str,
    target_uri: str,
    body: bytes,
    message_id: str,
    recipient: str,
    now: int | None = None,
) -> dict[str, str]:
    """The five headers of a signed request; a second key signs as well during key overlap."""
    values = {"@method": method, "@target-uri": target_uri}
    return _sign(keys, REQUEST, values, body, message_id, recipient, now)


def sign_response(
    keys: Sequence[SigningKey], *, status: int, body: bytes, message_id: str, recipient: str, method: str, target_uri: str,
    now: int | None = None,
) -> dict[str, str]:  # fmt: skip
    """The five headers of a signed answer to `method` on `target_uri`."""
    values = {"@status": str(status), "@method;req": method, "@target-uri;req": target_uri}
    return _sign(keys, RESPONSE, values, body, message_id, recipient, now)


def verify_request(
    *, method: str, target_uri: str, headers: Mapping[str, Sequence[str]], body: bytes, recipient: str, key_of: KeyLookup,
    now: int | None = None,
) -> Verified:  # fmt: skip
    """What was signed. `headers` maps lower-case names to all values sent. Raises SignatureFault."""
    return _verify(REQUEST, {"@method": method, "@target-uri": target_uri}, headers, body, recipient, key_of, now)


def verify_response(
    *, status: int, method: str, target_uri: str, headers: Mapping[str, Sequence[str]], body: bytes, recipient: str, key_of: KeyLookup,
    now: int | None = None,
) -> Verified:  # fmt: skip
    """What was signed in the answer to our own request. Raises SignatureFault."""
    values = {"@status": str(status), "@method;req": method, "@target-uri;req": target_uri}
    return _verify(RESPONSE, values, headers, body, recipient, key_of, now)


def signature_base(covered: Sequence[str], values: Mapping[str, str], parameters: str) -> bytes:
    """RFC 9421 §2.5: one line per component, the parameters last."""
    lines = [f"{_quoted(name)}: {values[name]}" for name in covered]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode()


def _quoted(name: str) -> str:
    """`@method;req` is the component "@method" with the parameter req."""
    bare, _, parameter = name.partition(";")
    return f'"{bare}"' + (f";{parameter}" if parameter else "")


def _components(covered: Sequence[str]) -> str:
    return "(" + " ".join(_quoted(name) for name in covered) + ")"


def _sign(
    keys: Sequence[SigningKey],
    covered: Sequence[str],
    values: dict[str, str],
    body: bytes,
    message_id: str,
    recipient: str,
    now: int | None,
) -> dict[str, str]:
    values |= {
        "content-digest": content_digest(body),
        "antifraud-message-id": message_id,
        "antifraud-recipient": recipient,
    }
    created = int(time.time()) if now is None else now
    inputs, signatures = [], []
    for label, key in zip((LABEL, OVERLAP_LABEL), keys, strict=False):
        parameters = f'{_components(covered)};created={created};keyid="{key.key_id}";alg="ed25519"'
        made = base64.b64encode(key.private.sign(signature_base(covered, values, parameters))).decode()
        inputs.append(f"{label}={parameters}")
        signatures.append(f"{label}=:{made}:")
    return {
        "Content-Digest": values["content-digest"],
        "Antifraud-Message-Id": message_id,
        "Antifraud-Recipient": recipient,
        "Signature-Input": ", ".join(inputs),
        "Signature": ", ".join(signatures),
    }


def _verify(
    covered: Sequence[str], values: dict[str, str], headers: Mapping[str, Sequence[str]], body: bytes, recipient: str, key_of: KeyLookup,
    now: int | None,
) -> Verified:  # fmt: skip
    """Form first, then digest, every signature that is there, its time, and at last the recipient."""
    if not any(headers.get(name) for name in ("signature", "signature-input")):
        raise SignatureFault("signature_missing")
    sent = {name: _only(headers, name.lower()) for name in HEADERS}
    claims = _claims(covered, sent["Signature-Input"], sent["Signature"])
    if not MESSAGE_ID.fullmatch(sent["Antifraud-Message-Id"]) or not RECIPIENT.fullmatch(sent["Antifraud-Recipient"]):
        raise SignatureFault("signature_malformed")
    if not hmac.compare_digest(sent["Content-Digest"].encode(), content_digest(body).encode()):
        raise SignatureFault("digest_mismatch")
    values |= {name.lower(): sent[name] for name in HEADERS[:3]}
    moment = time.time() if now is None else now
    for claim in claims:
        _hold(claim, signature_base(covered, values, claim.parameters), key_of, moment)
    if sent["Antifraud-Recipient"] != recipient:
        raise SignatureFault("wrong_recipient", 403)
    return Verified(claims[0].key_id, claims[0].created, sent["Antifraud-Message-Id"])


def _hold(claim: _Claim, base: bytes, key_of: KeyLookup, moment: float) -> None:
    try:
        key_of(claim.key_id, moment).verify(claim.signature, base)
    except InvalidSignature:
        raise SignatureFault("signature_invalid") from None
    if abs(moment - claim.created) > WINDOW_SECONDS:
        raise SignatureFault("signature_expired")


def _only(headers: Mapping[str, Sequence[str]], name: str) -> str:
    found = headers.get(name, ())
    if len(found) != 1 or len(found[0]) > _LONGEST or not found[0].isascii():
        raise SignatureFault("signature_malformed")
    return found[0]


def _claims(covered: Sequence[str], inputs: str, signatures: str) -> list[_Claim]:
    """Both lists name the same labels in the same order: `af`, or `af` and `af2`."""
    pattern = re.compile(rf"(af2?)=({re.escape(_components(covered))}{_PARAMETERS})")
    found = _each(pattern.fullmatch, inputs)
    made = _each(_SIGNATURE.fullmatch, signatures)
    labels = [match[1] for match in found]
    one_each = len({match[4] for match in found}) == len(found)
    if labels not in ([LABEL], [LABEL, OVERLAP_LABEL]) or labels != [match[1] for match in made] or not one_each:
        raise SignatureFault("signature_malformed")
    return [
        _Claim(match[1], match[2], int(match[3]), match[4], _decoded(signed[2]))
        for match, signed in zip(found, made, strict=True)
    ]


def _each(match: Callable[[str], re.Match[str] | None], text: str) -> list[re.Match[str]]:
    found = [match(part) for part in text.split(", ")]
    if not all(found):
        raise SignatureFault("signature_malformed")
    return [part for part in found if part]


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise SignatureFault("signature_malformed") from None
    if len(raw) != 64 or base64.b64encode(raw).decode() != text:
        raise SignatureFault("signature_malformed")
    return raw
