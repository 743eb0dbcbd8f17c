"""The pages of signing keys: for a bank's supervisor the own ones, for the administrator all, for others nothing."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from antifraud import db
from antifraud.audit.models import AuditEntry
from banks.models import InstitutionKey
from banks.rules.signing_keys import fingerprint
from banks.services.keys import key_propose
from tests.cast import World
from tests.policy.routes import settled

pytestmark = pytest.mark.django_db
OPEN_DIALOG = re.compile(r'<dialog [^>]*id="dlg-revoke"[^>]* data-open>')
ABSENT = "/keys/0f8fad5b-d9cb-469f-a165-70867728950e/"


def raw_key() -> bytes:
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


@pytest.fixture
def key(world: World) -> InstitutionKey:
    text = base64.b64encode(raw_key()).decode()
    with db.unit_of_work(world.risk_supervisor_a):
        return key_propose(by=world.risk_supervisor_a, institution=world.bank_a, key_id="core-1", public_key=text)


def test_from_registration_to_revocation(world: World, log_in: Any) -> None:
    bank, admin, raw = log_in(world.risk_supervisor_a), log_in(world.admin), raw_key()
    assert b"No key is registered" in bank.get("/keys/").content
    form = {"institution": world.bank_a.pk, "key_id": "core-1", "public_key": raw.hex()}
    made = bank.post("/keys/new/", form)
    key = InstitutionKey.objects.get()
    page = f"/keys/{key.pk}/"
    assert (made.status_code, made["Location"]) == (302, page)
    own = bank.get(page).content.decode()
    assert fingerprint(raw) in own
    assert "You registered this key" in own
    assert f"{page}approve/" not in own
    seen = {"fingerprint_seen": fingerprint(raw), "compared": "on"}
    assert bank.post(f"{page}approve/", seen).status_code == 403
    assert InstitutionKey.objects.get().approved_at is None
    assert f'action="{page}approve/"' in admin.get(page).content.decode()
    assert admin.post(f"{page}approve/", {"fingerprint_seen": seen["fingerprint_seen"]}).status_code == 422
    assert admin.post(f"{page}approve/", {**seen, "fingerprint_seen": "0000"}).status_code == 409
    assert InstitutionKey.objects.get().approved_at is None
    assert admin.post(f"{page}approve/", seen).status_code == 302
    assert admin.post(f"{page}approve/", seen).status_code == 409
    refused = bank.post(f"{page}revoke/", {"reason": ""})
    assert (refused.status_code, bool(OPEN_DIALOG.search(refused.content.decode()))) == (422, True)
    assert not OPEN_DIALOG.search(own)
    assert bank.post(f"{page}revoke/", {"reason": "laptop stolen"}).status_code == 302
    ended = bank.get(page).content.decode()
    assert "laptop stolen" in ended
    assert f"{page}revoke/" not in ended
    assert bank.post(f"{page}revoke/", {"reason": "once more"}).status_code == 409


def test_a_refused_form_keeps_what_was_typed(world: World, log_in: Any) -> None:
    form = {"institution": world.bank_a.pk, "key_id": "a b", "public_key": "nothing of the kind"}
    answer = log_in(world.risk_supervisor_a).post("/keys/new/", form)
    assert answer.status_code == 422
    assert b"nothing of the kind" in answer.content
    assert b"not an Ed25519 public key" in answer.content
    assert InstitutionKey.objects.count() == 0


def test_the_form_offers_a_supervisor_the_own_bank_only(world: World, log_in: Any) -> None:
    form = {"institution": world.bank_b.pk, "key_id": "core-1", "public_key": raw_key().hex()}
    assert log_in(world.risk_supervisor_a).post("/keys/new/", form).status_code == 422
    assert InstitutionKey.objects.count() == 0
    shown = log_in(world.risk_supervisor_a).get("/keys/new/").content.decode()
    assert str(world.bank_a.pk) in shown
    assert str(world.bank_b.pk) not in shown
    assert str(world.bank_b.pk) in log_in(world.admin).get("/keys/new/").content.decode()


@pytest.mark.parametrize("name", ["risk_supervisor_b", "risk_a", "analyst_a", "supervisor_a", "auditor", "overseer"])
def test_foreign_keys_look_like_absent_ones(world: World, key: InstitutionKey, log_in: Any, name: str) -> None:
    client, page = log_in(getattr(world, name)), f"/keys/{key.pk}/"
    before = AuditEntry.objects.filter(outcome="ok").count()
    for method, tail in (("get", ""), ("post", "approve/"), ("post", "revoke/")):
        form = {"reason": "because of me", "fingerprint_seen": fingerprint(bytes(key.public_key)), "compared": "on"}
        here = getattr(client, method)(page + tail, form)
        there = getattr(client, method)(ABSENT + tail, form)
        assert (here.status_code, there.status_code) == (404, 404)
        assert settled(here.content) == settled(there.content)
    kept = InstitutionKey.objects.get()
    assert (kept.approved_at, kept.revoked_at) == (None, None)
    assert AuditEntry.objects.filter(outcome="ok").count() == before
    if name == "risk_supervisor_b":
        assert b"core-1" not in client.get("/keys/").content
    else:
        assert client.get("/keys/").status_code == 403
        assert client.get("/keys/new/").status_code in {403, 404}


def test_nobody_is_asked_to_log_in(client: Any, key: InstitutionKey) -> None:
    for path in ("/keys/", "/keys/new/", f"/keys/{key.pk}/"):
        assert client.get(path).status_code == 302


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_page_opens_in_both_languages(world: World, key: InstitutionKey, log_in: Any, language: str) -> None:
    for user in (world.risk_supervisor_a, world.admin):
        client = log_in(user)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        for path in ("/keys/", "/keys/new/", f"/keys/{key.pk}/"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert f'lang="{"zh-Hans" if language == "zh-hans" else "en"}"'.lower() in answer.content.decode().lower()


def test_the_list_costs_the_same_for_many_keys(world: World, key: InstitutionKey, log_in: Any, counted: Any) -> None:
    client = log_in(world.admin)
    client.get("/keys/")
    with counted(12) as few:
        client.get("/keys/")
    for number in range(5):
        with db.unit_of_work(world.admin):
            key_propose(by=world.admin, institution=world.bank_b, key_id=f"k-{number}", public_key=raw_key().hex())
    with counted(len(few)):
        assert b"k-4" in client.get("/keys/").content
