"""Test vectors of the signature profile, for banks that write their own; made from fixed keys that must never be used elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antifraud.crypto import signing
from antifraud.crypto.signing import PublicKey, Signer

NOW = 1_800_000_000
PLATFORM, BANK = "platform", "bank_a"
ORIGIN = "https://exchange.example"
ANSWER = f"{ORIGIN}/api/v1/orders/0f8fad5b-d9cb-469f-a165-70867728950e/answer/"
QUEUE = f"{ORIGIN}/api/v1/queue/receive/"
HOOK = "https://hooks.bank-a.example/antifraud"
BODY = '{"outcome":"executed","handled_by":"王芳","executed_minor":500000}'.encode()
EVENT = (
    b'{"schema":"antifraud.event/1","epoch":1,"delivery_id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","topic":"order.issued",'
    b'"subject_id":"0f8fad5b-d9cb-469f-a165-70867728950e","seq":1,"attempt":1,"possible_duplicate":false,"priority":10,'
    b'"available_at":"2027-01-15T08:00:00+00:00"}'
)
# owner, key id, not before, not after, revoked at (unix seconds)
KEYS: tuple[tuple[str, str, int, int | None, int | None], ...] = (
    (PLATFORM, "platform-1", NOW - 86400, NOW + 604800, None),
    (PLATFORM, "platform-2", NOW - 3600, None, None),
    (BANK, "bank-1", NOW - 86400, None, None),
    (BANK, "bank-0", NOW - 172800, None, NOW - 60),
)


def vectors() -> dict[str, Any]:
    """The whole file: keys, messages that hold, messages that do not and by which code they are refused."""
    return {
        "profile": "antifraud-1",
        "note": "The private keys are published here: never use them for anything else.",
        "tolerance_seconds": signing.TOLERANCE_SECONDS,
        "keys": [_key(*terms) for terms in KEYS],
        "vectors": [*_accepted(), *_refused()],
    }


def public_keys(owner: str) -> list[PublicKey]:
    """What the receiver knows of one sender."""
    return [
        PublicKey(key_id, _private(key_id).public_key().public_bytes_raw(), _moment(start), _end(end), _end(revoked))
        for whose, key_id, start, end, revoked in KEYS
        if whose == owner
    ]


def _accepted() -> list[dict[str, Any]]:
    both, bank = ("platform-2", "platform-1"), ("bank-1",)
    return [
        _request("answer", BANK, bank, ANSWER, BODY, "m-0001"),
        _request("acknowledgement without a body", BANK, bank, ANSWER.replace("answer", "acknowledge"), b"", "m-0002"),
        _request("oldest that is taken", BANK, bank, ANSWER, BODY, "m-0003", created=NOW - 300),
        _request("webhook, two keys overlap", PLATFORM, both, HOOK, EVENT, "7c9e6679-7425-40de-944b-e07fc1f90ae7.1"),
        _response("queue answer", ("platform-2",), 200, b'{"items":[]}', QUEUE, "POST"),
        _response("queue answer, two keys overlap", both, 200, b'{"items":[]}', QUEUE, "POST"),
        _response("problem", both, 409, b'{"type":"about:blank","status":409,"code":"message_replayed"}', ANSWER, "POST"),
        _response("answer without a body", both, 204, b"", ANSWER, "POST"),
    ]  # fmt: skip


def _refused() -> list[dict[str, Any]]:
    bank = ("bank-1",)
    good = _request("", BANK, bank, ANSWER, BODY, "m-0100")
    answer = _response("", ("platform-2",), 200, b'{"items":[]}', QUEUE, "POST")
    signed, inputs = good["headers"]["Signature"], good["headers"]["Signature-Input"]
    raw = bytearray(base64.b64decode(signed[4:-1]))
    raw[5] ^= 1
    return [
        _changed(good, "body: one bit flipped", "digest_mismatch", body=BODY[:10] + bytes([BODY[10] ^ 1]) + BODY[11:]),
        _changed(good, "body: written anew with blanks", "digest_mismatch", body=BODY.replace(b",", b", ")),
        _changed(good, "signature: one bit flipped", "signature_invalid", Signature=f"af=:{_b64(bytes(raw))}:"),
        _changed(good, "signature: other spelling of the same bytes", "signature_malformed", Signature=_respelt(signed)),
        _changed(good, "message id: one bit flipped", "signature_invalid", **{signing.MESSAGE_ID: "m-0101"}),
        _changed(good, "created: one second later", "signature_invalid",
                 **{signing.SIGNATURE_INPUT: inputs.replace(str(NOW), str(NOW + 1))}),
        _changed(good, "algorithm exchanged", "signature_malformed",
                 **{signing.SIGNATURE_INPUT: inputs.replace("ed25519", "hmac-sha256")}),
        _changed(good, "components in another order", "signature_malformed",
                 **{signing.SIGNATURE_INPUT: inputs.replace('"@method" "@target-uri"', '"@target-uri" "@method"')}),
        _changed(good, "unknown label", "signature_malformed", **{signing.SIGNATURE_INPUT: f"sig1{inputs[2:]}"}),
        _changed(good, "other address", "signature_invalid", target_uri=ANSWER + "?x=1"),
        _changed(good, "other method", "signature_invalid", method="PUT"),
        _changed(good, "not signed", "signature_missing", Signature=None, **{signing.SIGNATURE_INPUT: None}),
        _request("revoked key", BANK, ("bank-0",), ANSWER, BODY, "m-0102", code="key_revoked"),
        _request("key that nobody registered", BANK, ("bank-9",), ANSWER, BODY, "m-0103", code="key_unknown"),
        _request("key of another sender", BANK, ("platform-2",), ANSWER, BODY, "m-0104", code="key_unknown"),
        _request("too old", BANK, bank, ANSWER, BODY, "m-0105", created=NOW - 301, code="signature_expired"),
        _request("from the future", BANK, bank, ANSWER, BODY, "m-0106", created=NOW + 301, code="signature_expired"),
        _request("for somebody else", BANK, bank, ANSWER, BODY, "m-0107", recipient="bank_b", code="wrong_recipient"),
        _changed(answer, "answer with another status", "signature_invalid", status=500),
        _changed(answer, "answer to another question", "signature_invalid", target_uri=ANSWER),
    ]  # fmt: skip


def _request(
    name: str, sender: str, key_ids: Sequence[str], uri: str, body: bytes, message_id: str, *, created: int = NOW,
    recipient: str = "", code: str = "",
) -> dict[str, Any]:  # fmt: skip
    receiver = PLATFORM if sender == BANK else BANK
    seen: list[str] = []
    headers = signing.sign_request(
        method="POST", target_uri=uri, body=body, message_id=message_id, recipient=recipient or receiver, now=created,
        signers=[_signer(key_id, seen) for key_id in key_ids],
    )  # fmt: skip
    parts = {"kind": "request", "sender": sender, "receiver": receiver, "method": "POST", "target_uri": uri}
    return _vector(name, code, parts, body, headers, seen)


def _response(name: str, key_ids: Sequence[str], status: int, body: bytes, uri: str, method: str) -> dict[str, Any]:
    seen: list[str] = []
    headers = signing.sign_response(
        status=status, body=body, message_id="c5f3ab12-0001", recipient=BANK, method=method, target_uri=uri, now=NOW,
        signers=[_signer(key_id, seen) for key_id in key_ids],
    )  # fmt: skip
    parts = {"kind": "response", "sender": PLATFORM, "receiver": BANK, "method": method, "target_uri": uri}
    return _vector(name, "", parts | {"status": status}, body, headers, seen)


def _vector(
    name: str, code: str, parts: dict[str, Any], body: bytes, headers: dict[str, str], bases: list[str]
) -> dict[str, Any]:
    return {
        "name": name,
        "accepted": not code,
        "code": code or None,
        **parts,
        "receivers_clock": NOW,
        "body_base64": _b64(body),
        "headers": headers,
        "signature_bases": bases,
    }


def _changed(good: dict[str, Any], name: str, code: str, **change: Any) -> dict[str, Any]:
    """A copy of a good message with one thing changed after it was signed; the bases are those of the good one."""
    body: bytes = change.pop("body", base64.b64decode(good["body_base64"]))
    parts = {key: change.pop(key) for key in list(change) if key in good}
    headers = {key: value for key, value in (good["headers"] | change).items() if value is not None}
    return good | {"name": name, "accepted": False, "code": code, "body_base64": _b64(body), "headers": headers} | parts


def _respelt(signed: str) -> str:
    """The same 64 bytes with a bit set that no byte uses: strict readers refuse what they would not write."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return f"{signed[:-4]}{letters[letters.index(signed[-4]) ^ 1]}==:"


def _key(owner: str, key_id: str, start: int, end: int | None, revoked: int | None) -> dict[str, Any]:
    private = _private(key_id)
    return {
        "owner": owner,
        "key_id": key_id,
        "algorithm": "ed25519",
        "private_key": _b64(private.private_bytes_raw()),
        "public_key": _b64(private.public_key().public_bytes_raw()),
        "not_before": _moment(start).isoformat(),
        "not_after": _moment(end).isoformat() if end else None,
        "revoked_at": _moment(revoked).isoformat() if revoked else None,
    }


def _signer(key_id: str, seen: list[str]) -> Signer:
    def sign(message: bytes) -> bytes:
        seen.append(message.decode())
        return _private(key_id).sign(message)

    return Signer(key_id, sign)


def _private(key_id: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"antifraud test vector {key_id}".encode()).digest())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _end(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
