"""Signatures at the machines' door (R23, T26): what does not hold changes nothing."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.request import Request

from accounts.models import Answer, Order
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.crypto.signature_errors import SignatureMissing
from banks.api.authentication import SignedMachineAuthentication
from banks.models import InstitutionKey, SeenMessage, SignedMessage
from banks.services.keys import key_revoke, message_accept
from tests.accounts.answering import bank_order
from tests.accounts.signed import executed, refused, said, step
from tests.banks.signing import Bank, text
from tests.cast import World

FLIPS = 150


@pytest.fixture
def order(world: World) -> Order:
    return bank_order(world)


@pytest.fixture
def bank(world: World) -> Bank:
    return Bank(world).with_key()


@pytest.mark.django_db
def test_flipped_bits_are_refused_at_the_door(bank: Bank, order: Order) -> None:
    """The thousand of T26 are in tests/crypto/test_signing.py; these go through the whole server."""
    path, body, rng = step(order), text({"note": "seen"}), random.Random(26)  # noqa: S311
    headers = bank.signature(path, body)
    parts: dict[str, bytes] = {name: value.encode() for name, value in headers.items()} | {"body": body}
    with refused(order):
        for _time in range(FLIPS):
            (name,) = rng.choices(list(parts), [len(value) for value in parts.values()])
            raw = bytearray(parts[name])
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
            sent = headers if name == "body" else {**headers, name: raw.decode("latin-1")}
            answer = bank.send(path, bytes(raw) if name == "body" else body, headers=sent)
            assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json"), (name, bytes(raw))
            bank.check(answer, path)
    assert SeenMessage.objects.count() == 0
    assert AuditEntry.objects.filter(verb="message.refuse", outcome="denied").count() == FLIPS
    assert bank.send(path, body, headers=headers).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"recipient": "bank_b"}, (403, "wrong_recipient")),
        ({"off_by": -400}, (401, "signature_expired")),
        ({"off_by": 400}, (401, "signature_expired")),
        ({"method": "PUT"}, (401, "signature_invalid")),
        ({"target_uri": "https://elsewhere.example/api/v1/"}, (401, "signature_invalid")),
        ({"body": b'{"note":"seen"}'}, (401, "digest_mismatch")),
    ],
)
def test_signed_for_something_else(bank: Bank, order: Order, change: dict[str, Any], expected: tuple[int, str]) -> None:
    path, body = step(order), b'{ "note": "seen" }'
    terms: dict[str, Any] = {"body": body} | change
    if "off_by" in terms:  # seconds from now, not from when the tests were collected
        terms["now"] = int(time.time()) + terms.pop("off_by")
    with refused(order):
        answer = bank.send(path, body, headers=bank.signature(path, **terms))
    assert said(answer) == expected
    bank.check(answer, path)
    assert SeenMessage.objects.count() == 0


@pytest.mark.django_db
def test_another_banks_key_is_no_key(world: World, bank: Bank, order: Order) -> None:
    other = Bank(world, "b").with_key("core-b")
    path = step(order)
    with refused(order):
        foreign = bank.send(path, headers=other.signature(path, b"{}"))
        namesake = Bank.signature(other, path, b"{}")
        namesake = {name: value.replace('"core-b"', '"core-1"') for name, value in namesake.items()}
        renamed = bank.send(path, headers=namesake)
    assert said(foreign) == (401, "key_unknown")
    assert said(renamed) == (401, "signature_invalid")


@pytest.mark.django_db
@pytest.mark.parametrize("alg", ["none", "hmac-sha256", "rsa-pss-sha512", "ed448", "ED25519"])
def test_the_algorithm_is_not_the_senders_choice(bank: Bank, order: Order, alg: str) -> None:
    path = step(order)
    headers = bank.signature(path, b"{}")
    headers["Signature-Input"] = headers["Signature-Input"].replace('"ed25519"', f'"{alg}"')
    with refused(order):
        assert said(bank.send(path, headers=headers)) == (401, "signature_malformed")


@pytest.mark.django_db
def test_a_replay_is_refused_inside_and_outside_of_the_window(bank: Bank, order: Order) -> None:
    path = step(order)
    headers = bank.signature(path, b"{}")
    assert bank.send(path, headers=headers).status_code == 200
    with refused(order):
        assert said(bank.send(path, headers=headers)) == (409, "message_replayed")
        assert said(bank.send(step(order, "answer"), headers=headers)) == (401, "signature_invalid")
    SeenMessage.objects.all().delete()  # even if the ids were forgotten
    headers = bank.signature(path, b"{}", now=int(time.time()) - 301)
    with refused(order):
        assert said(bank.send(path, headers=headers)) == (401, "signature_expired")


@pytest.mark.django_db
def test_an_id_of_kept_evidence_does_not_come_again(bank: Bank, order: Order, world: World) -> None:
    """The ids that were seen are pruned after an hour, the evidence is not."""
    headers = bank.signature(step(order), b"{}")
    assert bank.send(step(order), headers=headers).status_code == 200
    SeenMessage.objects.all().delete()
    body, again = executed(), headers["Antifraud-Message-Id"]
    with refused(order):
        anew = bank.signature(step(order, "answer"), body, message_id=again)
        assert said(bank.send(step(order, "answer"), body, headers=anew)) == (409, "message_replayed")
    assert SeenMessage.objects.count() == 0
    with db.unit_of_work(world.machine_b):  # another bank's ids are its own
        message_accept(by=world.machine_b, message_id=again)
    assert SeenMessage.objects.count() == 1


@pytest.mark.django_db
def test_a_retry_is_signed_anew_and_changes_nothing_twice(bank: Bank, order: Order) -> None:
    path, body = step(order, "answer"), executed()
    first = bank.send(path, body, key="the same key")
    second = bank.send(path, body, key="the same key")
    assert (first.status_code, second.status_code, second["Idempotent-Replayed"]) == (200, 200, "true")
    assert second.content == first.content
    assert (Answer.objects.count(), SignedMessage.objects.count(), SeenMessage.objects.count()) == (1, 1, 2)
    bank.check(first, path)
    bank.check(second, path)


@pytest.mark.django_db
def test_a_revoked_key_ends_at_once_and_opens_no_other_door(world: World, bank: Bank, order: Order) -> None:
    path = step(order)
    assert bank.send(path).status_code == 200
    with db.unit_of_work(world.risk_supervisor_a):
        key_revoke(by=world.risk_supervisor_a, key_id=InstitutionKey.objects.get().id, reason="laptop stolen")
    path = step(order, "answer")
    with refused(order):
        assert said(bank.send(path, executed())) == (401, "key_revoked")
        assert said(bank.send(path, executed(), headers={})) == (401, "signature_missing")
    assert SignedMessage.objects.count() == 1


@pytest.mark.django_db
def test_a_key_that_waits_for_its_time_is_none(world: World, order: Order) -> None:
    bank = Bank(world).with_key(not_before=timezone.now() + timedelta(minutes=5))
    with refused(order):
        assert said(bank.send(step(order))) == (401, "key_unknown")
    assert bank.send(step(order), headers={}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["orders/x/answer/", "holds/x/lift/", "alerts/x/acknowledge/", "sync/repair/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_who_has_a_key_must_sign_what_commits(bank: Bank, place: str, method: str) -> None:
    """Asked at the authentication itself: it refuses before any address is looked at more closely."""
    send = getattr(RequestFactory(headers={"Authorization": f"Bearer {bank.token}"}), method)
    with pytest.raises(SignatureMissing):
        SignedMachineAuthentication().authenticate(Request(send(f"/api/v1/{place}")))


@pytest.mark.django_db
def test_who_has_a_key_may_read_and_receive_unsigned(bank: Bank, order: Order) -> None:
    with refused(order):
        assert said(bank.send(step(order), headers={})) == (401, "signature_missing")
    for free in ("/api/v1/orders/", "/api/v1/institutions/"):
        assert bank.send(free, method="GET", headers={}).status_code == 200
    assert bank.send("/api/v1/queue/receive/", headers={}).status_code == 200


@pytest.mark.django_db
def test_a_bank_without_a_key_sends_unsigned_and_nothing_is_claimed(world: World, order: Order) -> None:
    bank = Bank(world)
    answer = bank.send(step(order))
    assert answer.status_code == 200
    bank.check(answer, step(order))
    bank.key_id = "core-1"
    assert said(bank.send(step(order, "answer"), executed())) == (401, "key_unknown")
    assert SignedMessage.objects.count() == 0


@pytest.mark.django_db
def test_what_cannot_be_signed_is_not_given_out(world: World) -> None:
    """A server whose clock is behind has no key whose time has begun; the bank asks again."""
    bank = Bank(world)
    with time_machine.travel(timezone.now() - timedelta(days=400), tick=True):
        answer = bank.send("/api/v1/orders/", method="GET", headers={})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer["Retry-After"]
    assert "items" not in answer.json()
    assert bank.send("/api/v1/orders/", method="GET", headers={}).status_code == 200


@pytest.mark.django_db
def test_a_large_message_is_refused_before_it_is_read(bank: Bank, order: Order) -> None:
    path, body = step(order), b'"' + b"x" * 1_048_576 + b'"'
    with refused(order):
        assert said(bank.send(path, body)) == (413, "too_large")


@pytest.mark.django_db(transaction=True)
def test_one_message_twenty_times_at_once_passes_once(world: World) -> None:
    bank, order = Bank(world).with_key(), bank_order(world)
    headers = bank.signature(step(order), b"{}")

    def send(_number: int) -> int:
        try:
            return int(bank.send(step(order), headers=headers).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as threads:
        codes = list(threads.map(send, range(20)))
    assert sorted(codes) == [200, *[409] * 19]
    assert SignedMessage.objects.count() == 1
    assert AuditEntry.objects.filter(verb="order.acknowledge").count() == 1
