"""The connector's signatures against the published vectors, and the platform's own code against the connector's."""

from __future__ import annotations

import base64
import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from antifraud_connector import keys, signatures
from antifraud_connector.errors import SignatureFault
from antifraud_connector.keys import PlatformKeys
from antifraud_connector.signatures import SigningKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antifraud.crypto import signing
from antifraud.errors import AppError

DOCUMENT = json.loads((Path(__file__).resolve().parents[2] / "docs" / "exchange" / "vectors.json").read_text())
VECTORS = {vector["name"]: vector for vector in DOCUMENT["vectors"]}
NOW = 1_800_000_000
URL = "https://bank.example/hook"


def known_keys(owner: str) -> PlatformKeys:
    """The keys of one sender, as a key list gives them."""
    listed = [entry for entry in DOCUMENT["keys"] if entry["owner"] == owner]
    return PlatformKeys(lambda: json.dumps({"keys": listed}).encode())


def private(key_id: str) -> SigningKey:
    encoded = next(entry["private_key"] for entry in DOCUMENT["keys"] if entry["key_id"] == key_id)
    return SigningKey(key_id, Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded)))


def verify(vector: dict[str, Any]) -> signatures.Verified:
    wanted: dict[str, Any] = {
        "method": vector["method"], "target_uri": vector["target_uri"], "body": base64.b64decode(vector["body_base64"]),
        "headers": {name.lower(): [value] for name, value in vector["headers"].items()}, "recipient": vector["receiver"],
        "key_of": known_keys(vector["sender"]), "now": vector["receivers_clock"],
    }  # fmt: skip
    if vector["kind"] == "request":
        return signatures.verify_request(**wanted)
    return signatures.verify_response(status=vector["status"], **wanted)


@pytest.mark.parametrize("name", VECTORS)
def test_each_published_vector(name: str) -> None:
    vector = VECTORS[name]
    if vector["accepted"]:
        assert verify(vector).message_id == vector["headers"]["Antifraud-Message-Id"]
    else:
        with pytest.raises(SignatureFault) as refused:
            verify(vector)
        assert refused.value.code == vector["code"]


@pytest.mark.parametrize("name", [name for name, vector in VECTORS.items() if vector["accepted"]])
def test_signing_gives_the_published_bytes(name: str) -> None:
    vector = VECTORS[name]
    made = [
        private(part.split('keyid="')[1].split('"')[0]) for part in vector["headers"]["Signature-Input"].split(", ")
    ]
    created = int(vector["headers"]["Signature-Input"].split(";created=")[1].split(";")[0])
    wanted: dict[str, Any] = {
        "method": vector["method"], "target_uri": vector["target_uri"], "body": base64.b64decode(vector["body_base64"]),
        "message_id": vector["headers"]["Antifraud-Message-Id"], "recipient": vector["receiver"], "now": created,
    }  # fmt: skip
    if vector["kind"] == "request":
        assert signatures.sign_request(made, **wanted) == vector["headers"]
    else:
        assert signatures.sign_response(made, status=vector["status"], **wanted) == vector["headers"]


def sent() -> tuple[Ed25519PrivateKey, bytes, dict[str, str]]:
    key, body = Ed25519PrivateKey.generate(), b'{"outcome":"executed"}'
    headers = signatures.sign_request(
        [SigningKey("k-1", key)],
        method="POST",
        target_uri=URL,
        body=body,
        message_id="m.1",
        recipient="platform",
        now=NOW,
    )
    return key, body, headers


def test_what_the_connector_signs_the_platform_takes() -> None:
    key, body, headers = sent()
    public = signing.PublicKey("k-1", keys.raw(key.public_key()), datetime.fromisoformat("2020-01-01T00:00:00+00:00"))
    wanted: dict[str, Any] = {
        "method": "POST",
        "target_uri": URL,
        "headers": headers,
        "recipient": "platform",
        "keys": [public],
    }
    assert signing.verify_request(body=body, now=NOW, **wanted).message_id == "m.1"
    with pytest.raises(AppError):
        signing.verify_request(body=body + b" ", now=NOW, **wanted)


def test_every_flipped_bit_is_refused() -> None:
    key, body, headers = sent()
    chance = random.Random(7)  # noqa: S311 (no secret)
    for _ in range(300):
        changed, content = dict(headers), body
        name = chance.choice([*headers, "body"])
        if name == "body":
            at = chance.randrange(len(body))
            content = body[:at] + bytes([body[at] ^ (1 << chance.randrange(7))]) + body[at + 1 :]
        else:
            at, text = chance.randrange(len(headers[name])), headers[name]
            changed[name] = text[:at] + chr(ord(text[at]) ^ (1 << chance.randrange(7))) + text[at + 1 :]
        with pytest.raises(SignatureFault):
            signatures.verify_request(
                method="POST", target_uri=URL, headers={n.lower(): [v] for n, v in changed.items()}, body=content, recipient="platform",
                key_of=lambda key_id, moment: key.public_key(), now=NOW,
            )  # fmt: skip


@pytest.mark.parametrize("name", signatures.HEADERS)
def test_a_header_that_is_absent_or_twice_there_is_refused(name: str) -> None:
    key, body, headers = sent()
    once = {n.lower(): [v] for n, v in headers.items()}
    for values in ([], [headers[name], headers[name]]):
        with pytest.raises(SignatureFault) as refused:
            signatures.verify_request(
                method="POST", target_uri=URL, headers={**once, name.lower(): values}, body=body, recipient="platform",
                key_of=lambda key_id, moment: key.public_key(), now=NOW,
            )  # fmt: skip
        assert refused.value.code == "signature_malformed"
