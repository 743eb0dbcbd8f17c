"""docs/exchange/vectors.json: what the platform makes, checked by a second reading that knows only the document."""

from __future__ import annotations

import base64
import hashlib
import json
from io import StringIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.core.management import call_command

from antifraud.crypto import signing
from antifraud.crypto.vectors import public_keys
from antifraud.errors import AppError
from tests.house.tree import ROOT

FILE: dict[str, Any] = json.loads((ROOT / "docs" / "exchange" / "vectors.json").read_text())
VECTORS: list[dict[str, Any]] = FILE["vectors"]
CODES = {
    "signature_missing", "signature_malformed", "signature_invalid", "digest_mismatch", "key_unknown", "key_revoked",
    "signature_expired", "wrong_recipient",
}  # fmt: skip


def test_the_file_is_what_the_command_prints() -> None:
    out = StringIO()
    call_command("signature_vectors", stdout=out)
    assert json.loads(out.getvalue()) == FILE
    assert out.getvalue() == (ROOT / "docs" / "exchange" / "vectors.json").read_text()


def test_every_way_of_refusal_has_a_vector() -> None:
    assert {vector["code"] for vector in VECTORS if not vector["accepted"]} == CODES
    assert len({vector["name"] for vector in VECTORS}) == len(VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_platforms_own_check_agrees(vector: dict[str, Any]) -> None:
    terms = {name: vector[name] for name in ("method", "target_uri", "headers")}
    terms |= {"body": base64.b64decode(vector["body_base64"]), "recipient": vector["receiver"]}
    terms["now"] = vector["receivers_clock"]
    keys = public_keys(vector["sender"])
    try:
        if vector["kind"] == "request":
            signing.verify_request(**terms, keys=keys)
        else:
            signing.verify_response(**terms, status=vector["status"], keys=keys)
        code = None
    except AppError as refused:
        code = refused.code
    assert code == vector["code"]


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["accepted"]], ids=lambda vector: vector["name"])
def test_a_bank_that_only_reads_the_document_gets_the_same(vector: dict[str, Any]) -> None:
    """No function of the platform: bases are put together as docs/exchange/signatures.md says."""
    headers, body = vector["headers"], base64.b64decode(vector["body_base64"])
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert headers["Content-Digest"] == f"sha-256=:{digest}:"
    values = {
        '"@method"': vector["method"], '"@method";req': vector["method"], '"@target-uri"': vector["target_uri"],
        '"@target-uri";req': vector["target_uri"], '"@status"': str(vector.get("status")),
        '"content-digest"': headers["Content-Digest"], '"antifraud-message-id"': headers["Antifraud-Message-Id"],
        '"antifraud-recipient"': headers["Antifraud-Recipient"],
    }  # fmt: skip
    inputs, signatures = headers["Signature-Input"].split(", "), headers["Signature"].split(", ")
    assert len(inputs) == len(signatures) == len(vector["signature_bases"])
    for given, signature, base in zip(inputs, signatures, vector["signature_bases"], strict=True):
        label, _, parameters = given.partition("=")
        components = parameters[1 : parameters.index(")")].split(" ")
        lines = [f"{name}: {values[name]}" for name in components]
        assert "\n".join([*lines, f'"@signature-params": {parameters}']) == base
        key_id = parameters.split('keyid="')[1].split('"')[0]
        (key,) = [key for key in FILE["keys"] if (key["owner"], key["key_id"]) == (vector["sender"], key_id)]
        raw = base64.b64decode(signature.removeprefix(f"{label}=:").removesuffix(":"))
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key["public_key"])).verify(raw, base.encode())
        assert Ed25519PrivateKey.from_private_bytes(base64.b64decode(key["private_key"])).sign(base.encode()) == raw
