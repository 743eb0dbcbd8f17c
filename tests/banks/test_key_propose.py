"""A signing key: one person registers, another one approves what both compared; revoking needs one and is for ever (R24, R33)."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import AppError, Conflict, Forbidden, Invalid, NotFound, Superseded, WrongState
from antifraud.schedule import DUTIES, duty_run
from banks.models import Institution, InstitutionKey, SeenMessage, User
from banks.rules.signing_keys import fingerprint
from banks.selectors.institutions import system_user
from banks.selectors.keys import keys_list, keys_of, must_sign
from banks.services.keys import key_approve, key_propose, key_revoke
from tests.banks.signing import register
from tests.cast import World

pytestmark = pytest.mark.django_db
State = InstitutionKey.State


def pair() -> tuple[Ed25519PrivateKey, bytes]:
    private = Ed25519PrivateKey.generate()
    return private, private.public_key().public_bytes_raw()


def propose(by: User, institution: Institution, raw: bytes | None = None, **more: Any) -> InstitutionKey:
    given: dict[str, Any] = {"key_id": "core-1", "public_key": base64.b64encode(raw or pair()[1]).decode()} | more
    with db.unit_of_work(by):
        return key_propose(by=by, institution=institution, **given)


def approve(by: User, key: InstitutionKey, seen: str = "") -> InstitutionKey:
    with db.unit_of_work(by):
        return key_approve(by=by, key_id=key.id, fingerprint_seen=seen or fingerprint(bytes(key.public_key)))


def revoke(by: User, key: InstitutionKey, reason: str = "laptop stolen") -> InstitutionKey:
    with db.unit_of_work(by):
        return key_revoke(by=by, key_id=key.id, reason=reason)


@contextmanager
def nothing_happens() -> Iterator[None]:
    def facts() -> list[Any]:
        done = AuditEntry.objects.filter(outcome="ok").count()
        return [done, *InstitutionKey.objects.order_by("id").values()]

    before = facts()
    yield
    assert facts() == before


def state(key: InstitutionKey) -> InstitutionKey.State:
    return InstitutionKey.objects.get(pk=key.pk).state_at(timezone.now())


def test_a_key_counts_once_a_second_person_approved_it(world: World) -> None:
    raw = pair()[1]
    key = propose(world.risk_supervisor_a, world.bank_a, raw)
    assert (state(key), keys_of(world.bank_a.id), must_sign(world.bank_a.id)) == (State.PROPOSED, [], False)
    approve(world.admin, key)
    assert (state(key), keys_of(world.bank_a.id), must_sign(world.bank_a.id)) == (State.LIVE, [key], True)
    assert bytes(InstitutionKey.objects.get().public_key) == raw
    assert must_sign(world.bank_b.id) is False
    verbs = AuditEntry.objects.filter(object_id=key.id).order_by("id").values_list("verb", "actor_id")
    assert list(verbs) == [("key.propose", world.risk_supervisor_a.id), ("key.approve", world.admin.id)]


def test_a_second_supervisor_of_the_same_bank_may_approve(world: World) -> None:
    second = User.objects.create(
        username="second", full_name="Second", role="risk_supervisor", institution=world.bank_a
    )
    key = propose(world.risk_supervisor_a, world.bank_a)
    assert approve(second, key).approved_by == second


@pytest.mark.parametrize("name", ["risk_supervisor_a", "admin"])
def test_nobody_approves_what_they_registered(world: World, name: str) -> None:
    by = getattr(world, name)
    key = propose(by, world.bank_a)
    with nothing_happens(), pytest.raises(Forbidden) as refused:
        approve(by, key)
    assert refused.value.code == "same_person"
    with pytest.raises(IntegrityError), transaction.atomic():
        InstitutionKey.objects.filter(pk=key.pk).update(approved_by=by, approved_at=timezone.now())


@pytest.mark.parametrize("name", ["risk_supervisor_b", "risk_a", "machine_a", "supervisor_a", "auditor", "overseer"])
def test_for_everybody_else_the_key_is_absent(world: World, name: str) -> None:
    key, by = propose(world.risk_supervisor_a, world.bank_a), getattr(world, name)
    assert list(keys_list(user=by)) == []
    for act in (approve, revoke):
        with nothing_happens(), pytest.raises(NotFound):
            act(by, key)
    with nothing_happens(), pytest.raises(Forbidden):
        propose(by, world.bank_a, key_id="another")


def test_a_supervisor_registers_for_the_own_bank_only(world: World) -> None:
    with nothing_happens(), pytest.raises(Forbidden):
        propose(world.risk_supervisor_a, world.bank_b)
    with nothing_happens(), pytest.raises(Invalid) as refused:
        propose(world.admin, world.unit_a)
    assert set(refused.value.fields) == {"institution"}


@pytest.mark.parametrize("form", ["base64", "hex", "pem", "blanks"])
def test_a_key_is_read_in_the_usual_forms(world: World, form: str) -> None:
    private, raw = pair()
    pem = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = {
        "base64": base64.b64encode(raw).decode(),
        "hex": raw.hex().upper(),
        "pem": pem.decode(),
        "blanks": f" {base64.b64encode(raw).decode()} \n",
    }[form]
    assert bytes(propose(world.admin, world.bank_a, public_key=text).public_key) == raw


WEAK = ["00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "00" * 31 + "80",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"]  # fmt: skip


@pytest.mark.parametrize("text", ["", "x", "AAAA", "é" * 32, "00" * 31, "00" * 33, *WEAK])
def test_what_is_no_usable_key(world: World, text: str) -> None:
    with nothing_happens(), pytest.raises(Invalid) as refused:
        propose(world.risk_supervisor_a, world.bank_a, public_key=text)
    assert set(refused.value.fields) == {"public_key"}


@pytest.mark.parametrize("key_id", ["", "a b", "a" * 65, 'a"', "中", "a\nb"])
def test_what_is_no_key_id(world: World, key_id: str) -> None:
    with nothing_happens(), pytest.raises(Invalid) as refused:
        propose(world.risk_supervisor_a, world.bank_a, key_id=key_id)
    assert set(refused.value.fields) == {"key_id"}


def test_neither_id_nor_key_comes_a_second_time(world: World) -> None:
    raw = pair()[1]
    revoke(world.risk_supervisor_a, propose(world.risk_supervisor_a, world.bank_a, raw))
    with nothing_happens(), pytest.raises(Invalid) as refused:
        propose(world.risk_supervisor_a, world.bank_a, raw)
    assert set(refused.value.fields) == {"key_id", "public_key"}
    propose(world.risk_supervisor_b, world.bank_b, raw)  # another bank learns nothing


@pytest.mark.parametrize("days", [-1, 0, 800])
def test_a_key_ends_after_it_begins_and_within_two_years(world: World, days: int) -> None:
    start = timezone.now()
    with nothing_happens(), pytest.raises(Invalid) as refused:
        propose(world.admin, world.bank_a, not_before=start, not_after=start + timedelta(days=days))
    assert set(refused.value.fields) == {"not_after"}


def test_an_approval_names_what_was_compared(world: World) -> None:
    key = propose(world.risk_supervisor_a, world.bank_a)
    with nothing_happens(), pytest.raises(Superseded):
        approve(world.admin, key, fingerprint(pair()[1]))


def test_a_proposal_lapses(world: World) -> None:
    key = propose(world.risk_supervisor_a, world.bank_a)
    old = InstitutionKey(
        institution=world.bank_a, key_id="old", public_key=pair()[1], not_before=key.not_before,
        registered_by=world.risk_supervisor_a, registered_at=timezone.now() - timedelta(days=8),
    )  # fmt: skip
    old.save()
    with nothing_happens(), pytest.raises(Conflict) as refused:
        approve(world.admin, old)
    assert refused.value.code == "approval_lapsed"


def test_what_is_revoked_stays_revoked(world: World) -> None:
    key = approve(world.admin, propose(world.risk_supervisor_a, world.bank_a))
    revoke(world.risk_supervisor_a, key)
    assert (state(key), must_sign(world.bank_a.id)) == (State.REVOKED, True)
    for act in (revoke, approve):
        with nothing_happens(), pytest.raises(WrongState):
            act(world.admin, key)
    with pytest.raises(DatabaseError), transaction.atomic():
        InstitutionKey.objects.filter(pk=key.pk).update(revoked_at=None, revoked_by=None)


def test_a_withdrawn_proposal_cannot_be_approved(world: World) -> None:
    key = revoke(world.risk_supervisor_a, propose(world.risk_supervisor_a, world.bank_a))
    assert state(key) == State.WITHDRAWN
    with nothing_happens(), pytest.raises(WrongState):
        approve(world.admin, key)
    assert keys_of(world.bank_a.id) == []


@pytest.mark.parametrize("reason", ["", "   ", "x", "x" * 201])
def test_revoking_takes_a_reason(world: World, reason: str) -> None:
    key = propose(world.risk_supervisor_a, world.bank_a)
    with nothing_happens(), pytest.raises(Invalid):
        revoke(world.risk_supervisor_a, key, reason)


def test_states_over_time(world: World) -> None:
    now = timezone.now().replace(microsecond=0)
    key = register(
        world.admin, world.risk_supervisor_a, world.bank_a, pair()[0], "core-1", not_before=now + timedelta(days=1),
        not_after=now + timedelta(days=3),
    )  # fmt: skip
    seen = [key.state_at(now + timedelta(days=day)) for day in range(5)]
    assert seen == [State.COMING, State.LIVE, State.LIVE, State.EXPIRED, State.EXPIRED]


def test_seen_ids_are_pruned_after_an_hour_and_not_before(world: World) -> None:
    duty = next(duty for duty in DUTIES if duty.name == "messages_prune")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO banks_seenmessage (institution_id, message_id, seen_at) VALUES"
            " (%s, 'young', clock_timestamp() - interval '59 minutes'), (%s, 'old', clock_timestamp() - interval '61 minutes')",
            [world.bank_a.id, world.bank_a.id],
        )
    assert duty_run(duty, system_user()) == 1
    assert [row.message_id for row in SeenMessage.objects.all()] == ["young"]


@pytest.mark.django_db(transaction=True)
def test_of_two_equal_proposals_at_once_one_is_told_what_is_taken(world: World) -> None:
    raw, locked, go = pair()[1], threading.Event(), threading.Event()
    outcomes: list[str | list[str]] = []

    def first() -> None:
        try:
            with db.unit_of_work(world.admin):
                key_propose(
                    by=world.admin, institution=world.bank_a, key_id="core-1", public_key=base64.b64encode(raw).decode()
                )
                locked.set()
                go.wait(10)
            outcomes.append("first")
        finally:
            connection.close()

    def second() -> None:
        try:
            propose(world.risk_supervisor_a, world.bank_a, raw)
            outcomes.append("second")
        except Invalid as error:
            outcomes.append(sorted(error.fields))
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for act in (first, second)]
    threads[0].start()
    assert locked.wait(10)
    threads[1].start()
    threads[1].join(0.3)  # it waits for the first one
    go.set()
    for thread in threads:
        thread.join(20)
    assert outcomes == ["first", ["key_id", "public_key"]]
    assert InstitutionKey.objects.count() == 1


def test_a_key_is_approved_once(world: World) -> None:
    key = propose(world.risk_supervisor_a, world.bank_a)
    approve(world.admin, key)
    with nothing_happens(), pytest.raises(AppError) as refused:
        approve(world.admin, key)
    assert refused.value.code == "wrong_state"
