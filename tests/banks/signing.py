"""A bank's system that signs: its machine client, its token, its key pair; written as a bank would, on top of the profile."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from oauth2_provider.models import get_application_model

from antifraud import db
from antifraud.crypto import keyring, signing
from antifraud.crypto.signing import PublicKey, Signer
from banks.models import Institution, InstitutionKey, User
from banks.rules.signing_keys import fingerprint
from banks.services.keys import key_approve, key_propose
from tests.cast import World

SECRET = "a machine's secret of some length"
HOST = "http://testserver"


def register(
    by: User, second: User, institution: Institution, private: Ed25519PrivateKey, name: str, **more: Any
) -> InstitutionKey:
    """A key of the institution, approved by the second person."""
    raw = private.public_key().public_bytes_raw()
    with db.unit_of_work(by):
        key = key_propose(
            by=by, institution=institution, key_id=name, public_key=base64.b64encode(raw).decode(), **more
        )
    with db.unit_of_work(second):
        return key_approve(by=second, key_id=key.id, fingerprint_seen=fingerprint(raw))


def platform_keys() -> list[PublicKey]:
    """What GET /api/v1/keys/ tells."""
    return [
        PublicKey(key.id, key.public_key, key.not_before, key.not_after, key.revoked_at)
        for key in keyring.current().published_keys()
    ]


@dataclass
class Bank:
    """The system of one institution; `key_id` is "" while it has no key."""

    world: World
    letter: str = "a"
    key_id: str = ""
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    token: str = ""

    def __post_init__(self) -> None:
        model = get_application_model()
        model._base_manager.create(
            name="core", client_id=f"core-{self.letter}", client_secret=SECRET, institution=self.institution,
            user=getattr(self.world, f"machine_{self.letter}"), client_type=model.CLIENT_CONFIDENTIAL,
            authorization_grant_type=model.GRANT_CLIENT_CREDENTIALS,
        )  # fmt: skip
        form = {"grant_type": "client_credentials", "client_id": f"core-{self.letter}", "client_secret": SECRET}
        self.token = Client().post("/api/v1/token", form).json()["access_token"]

    @property
    def institution(self) -> Institution:
        """Whose system it is."""
        institution: Institution = getattr(self.world, f"bank_{self.letter}")
        return institution

    def with_key(self, name: str = "core-1", **more: Any) -> Bank:
        """The same system with an approved key: the bank's supervisor proposes, the administrator approves."""
        supervisor = getattr(self.world, f"risk_supervisor_{self.letter}")
        register(supervisor, self.world.admin, self.institution, self.private, name, **more)
        self.key_id = name
        return self

    def signature(self, path: str, body: bytes, *, method: str = "POST", **more: Any) -> dict[str, str]:
        """The five headers for one message; `more` replaces what the profile would say."""
        terms: dict[str, Any] = {
            "method": method, "target_uri": HOST + path, "body": body, "message_id": str(uuid.uuid4()), "recipient": "platform",
        } | more  # fmt: skip
        return signing.sign_request(**terms, signers=[Signer(self.key_id, self.private.sign)])

    def send(
        self, path: str, body: bytes = b"{}", *, method: str = "POST", headers: dict[str, str] | None = None, key: str = ""
    ) -> Any:  # fmt: skip
        """The message with exactly these headers beside the token; signed where `headers` is None and a key is there."""
        if headers is None:
            headers = self.signature(path, body, method=method) if self.key_id else {}
        always = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or str(uuid.uuid4())}
        return Client().generic(method, path, body, "application/json", headers={**always, **headers})

    def check(self, answer: Any, path: str, *, method: str = "POST") -> str:
        """Verify an answer as a bank does; returns the platform's key id."""
        verified = signing.verify_response(
            status=answer.status_code, headers=answer.headers, body=answer.content, recipient=self.institution.code,
            method=method, target_uri=HOST + path, keys=platform_keys(),
        )  # fmt: skip
        assert verified.message_id == answer["X-Request-ID"]
        return verified.key_id


def text(value: Any) -> bytes:
    """JSON as a bank's system may write it, with blanks that nobody else would put there."""
    return json.dumps(value, indent=3, ensure_ascii=False).encode()
