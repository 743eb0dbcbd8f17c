"""Data keys: one per scope whoever asks first, none kept from a rolled back transaction, worn ones replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from antifraud.crypto import DecryptError, data_keys, key_cache
from antifraud.crypto.envelope import open_envelope, seal
from antifraud.crypto.key_cache import HeldKey, KeyCache, Scope
from antifraud.crypto.models import DataKey
from antifraud.errors import WrongState
from tests.crypto.cells import be_another_process


def new_scope() -> Scope:
    return ("case", uuid4())


def sealed(scope: Scope, text: bytes = b"text") -> bytes:
    key_id, cipher = data_keys.encryption_key(scope)
    return seal(text, aad=b"v1|t|c|r", key_id=key_id, cipher=cipher)


def opened(envelope: bytes) -> bytes:
    return open_envelope(envelope, aad=b"v1|t|c|r", find_cipher=data_keys.decryption_key)


def fail_in_transaction(work: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        work()
        raise RuntimeError


@pytest.mark.django_db
def test_first_use_makes_the_key_and_later_uses_ask_nothing() -> None:
    scope = new_scope()
    with CaptureQueriesContext(connection) as queries:
        first, _ = data_keys.encryption_key(scope)
        second, _ = data_keys.encryption_key(scope)
        data_keys.decryption_key(first)
    assert first == second
    assert len(queries) == 2  # look, insert
    row = DataKey.objects.get(pk=first)
    assert (row.scope_kind, row.scope_id, row.retired_at, row.destroyed_at) == (*scope, None, None)
    be_another_process()
    with CaptureQueriesContext(connection) as queries:
        assert data_keys.encryption_key(scope)[0] == first
        assert data_keys.encryption_key(scope)[0] == first
    assert len(queries) == 1


@pytest.mark.django_db
def test_stored_key_is_wrapped() -> None:
    key_id, cipher = data_keys.encryption_key(new_scope())
    row = DataKey.objects.get(pk=key_id)
    assert row.wrapped is not None
    assert len(bytes(row.wrapped)) == 1 + 12 + 32 + 16
    assert cipher.algorithm_id == row.algorithm == 1


@pytest.mark.django_db
def test_unknown_kind_of_scope() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        data_keys.encryption_key(("bank", uuid4()))
    assert not DataKey.objects.filter(scope_kind="bank").exists()


@pytest.mark.django_db
def test_rolled_back_key_is_not_used_again() -> None:
    scope = new_scope()
    lost: list[UUID] = []
    fail_in_transaction(lambda: lost.append(data_keys.encryption_key(scope)[0]))
    key_id, _ = data_keys.encryption_key(scope)
    assert key_id != lost[0]
    assert not data_keys.is_durable(lost[0])
    assert DataKey.objects.filter(pk=key_id).exists()


@pytest.mark.django_db
def test_key_survives_the_roll_back_of_an_inner_savepoint_that_only_used_it() -> None:
    scope = new_scope()
    key_id, _ = data_keys.encryption_key(scope)
    fail_in_transaction(lambda: data_keys.encryption_key(scope))
    with CaptureQueriesContext(connection) as queries:
        assert data_keys.encryption_key(scope)[0] == key_id
    assert len(queries) == 0


@pytest.mark.django_db
def test_hooks_run_by_a_test_tool_do_not_vouch_for_an_open_transaction(
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    scope = new_scope()

    def work() -> None:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            data_keys.encryption_key(scope)

    fail_in_transaction(work)
    key_id, _ = data_keys.encryption_key(scope)
    assert DataKey.objects.filter(pk=key_id).exists()


@pytest.mark.django_db(transaction=True)
def test_commit_puts_the_key_into_the_cache_and_roll_back_does_not() -> None:
    scope, other = new_scope(), new_scope()
    with transaction.atomic():
        key_id, _ = data_keys.encryption_key(scope)
    with CaptureQueriesContext(connection) as queries:
        assert data_keys.encryption_key(scope)[0] == key_id
    assert len(queries) == 0
    fail_in_transaction(lambda: data_keys.encryption_key(other))
    with transaction.atomic():
        kept, _ = data_keys.encryption_key(other)
    be_another_process()
    assert DataKey.objects.get(scope_id=other[1]).pk == kept
    data_keys.decryption_key(kept)


@pytest.mark.django_db(transaction=True)
def test_many_first_uses_at_once_make_one_key() -> None:
    scope, count = new_scope(), 8
    barrier = threading.Barrier(count)
    envelopes: list[bytes] = []
    faults: list[BaseException] = []

    def first_use(number: int) -> None:
        try:
            barrier.wait(10)
            with transaction.atomic():
                envelopes.append(sealed(scope, str(number).encode()))
                if number % 3 == 0:
                    transaction.set_rollback(True)
        except BaseException as fault:  # noqa: BLE001  a thread's fault must reach the test
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=first_use, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert DataKey.objects.filter(scope_id=scope[1], retired_at__isnull=True).count() == 1
    kept = DataKey.objects.get(scope_id=scope[1])
    be_another_process()
    # Those of the transactions that were rolled back may be lost; what was committed must open.
    readable = {opened(envelope) for envelope in envelopes if envelope[2:18] == kept.pk.bytes}
    assert {str(n).encode() for n in range(count) if n % 3} <= readable
    assert data_keys.encryption_key(scope)[0] == kept.pk


@pytest.mark.django_db
def test_key_of_90_days_is_replaced_and_still_opens() -> None:
    scope = new_scope()
    old = sealed(scope)
    be_another_process()
    with time_machine.travel(timezone.now() + timedelta(days=89, hours=23), tick=False):
        assert sealed(scope)[2:18] == old[2:18]
    with time_machine.travel(timezone.now() + timedelta(days=90), tick=False):
        new = sealed(scope)
        assert new[2:18] != old[2:18]
        assert sealed(scope)[2:18] == new[2:18]
        be_another_process()
        assert sealed(scope)[2:18] == new[2:18]
    assert (opened(old), opened(new)) == (b"text", b"text")
    assert DataKey.objects.get(pk=UUID(bytes=old[2:18])).retired_at is not None


@pytest.mark.django_db
def test_key_is_replaced_after_so_many_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_keys, "MAX_SEALS_PER_PROCESS", 3)
    scope = new_scope()
    envelopes = [sealed(scope) for _ in range(7)]
    used = [envelope[2:18] for envelope in envelopes]
    assert used[0] == used[1] == used[2] != used[3] == used[4] == used[5] != used[6]
    be_another_process()
    assert [opened(envelope) for envelope in envelopes] == [b"text"] * 7
    assert DataKey.objects.filter(scope_id=scope[1], retired_at__isnull=True).count() == 1


@pytest.mark.django_db
def test_one_unretired_key_per_scope_by_constraint() -> None:
    key_id, _ = data_keys.encryption_key(new_scope())
    row = DataKey.objects.get(pk=key_id)
    row.pk = uuid4()
    with pytest.raises(IntegrityError, match="datakey_one_unretired_per_scope"), transaction.atomic():
        row.save(force_insert=True)
    with pytest.raises(IntegrityError, match="datakey_destroyed_means_no_key"), transaction.atomic():
        DataKey.objects.filter(pk=key_id).update(wrapped=None)


@pytest.mark.django_db
def test_preload_asks_once() -> None:
    envelopes = [sealed(new_scope()) for _ in range(5)]
    key_ids = [UUID(bytes=envelope[2:18]) for envelope in envelopes]
    be_another_process()
    with CaptureQueriesContext(connection) as queries:
        data_keys.preload(key_ids)
        data_keys.preload([*key_ids, *key_ids])
        assert [opened(envelope) for envelope in envelopes] == [b"text"] * 5
        data_keys.preload([])
    assert len(queries) == 1


@pytest.mark.django_db
def test_preload_leaves_a_destroyed_key_to_its_reader() -> None:
    scope, other = new_scope(), new_scope()
    gone, kept = sealed(scope), sealed(other)
    data_keys.destroy(scope)
    be_another_process()
    data_keys.preload([UUID(bytes=envelope[2:18]) for envelope in (gone, kept)])
    assert opened(kept) == b"text"
    with pytest.raises(DecryptError):
        opened(gone)


@pytest.mark.django_db
def test_destroy_takes_all_keys_of_the_scope_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_keys, "MAX_SEALS_PER_PROCESS", 1)
    scope, other = new_scope(), new_scope()
    gone, kept = [sealed(scope) for _ in range(3)], sealed(other)
    assert data_keys.destroy(scope) == 3
    for envelope in gone:  # also within the transaction that made them
        with pytest.raises(DecryptError):
            opened(envelope)
    assert opened(kept) == b"text"
    assert not DataKey.objects.filter(scope_id=scope[1], wrapped__isnull=False).exists()
    assert data_keys.destroy(scope) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("was_used", [True, False])
def test_destroyed_scope_gets_no_new_key(was_used: bool) -> None:
    scope = new_scope()
    if was_used:
        sealed(scope)
    data_keys.destroy(scope)
    rows = DataKey.objects.filter(scope_id=scope[1]).count()
    for _ in range(2):
        with pytest.raises(WrongState):
            sealed(scope)
        be_another_process()
    assert DataKey.objects.filter(scope_id=scope[1]).count() == rows == 1


@pytest.mark.django_db(transaction=True)
def test_destroy_waits_for_a_key_in_the_making() -> None:
    scope = new_scope()
    made, finish = threading.Event(), threading.Event()
    envelopes: list[bytes] = []

    def maker() -> None:
        try:
            with transaction.atomic():
                envelopes.append(sealed(scope))
                made.set()
                finish.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=maker)
    thread.start()
    assert made.wait(10)
    threading.Timer(0.3, finish.set).start()
    with transaction.atomic():
        assert data_keys.destroy(scope) == 1
    thread.join(10)
    be_another_process()
    with pytest.raises(DecryptError):
        opened(envelopes[0])


def test_cache_is_bounded_and_ages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_cache, "MAX_KEYS", 3)
    cache = KeyCache()
    keys = [HeldKey(uuid4(), new_scope(), None, timezone.now()) for _ in range(4)]  # type: ignore[arg-type]
    for key in keys[:3]:
        cache.put(key, active=True)
    assert cache.get(keys[0].id) is keys[0]  # now the second is the oldest
    cache.put(keys[3], active=True)
    assert len(cache) == 3
    assert cache.get(keys[1].id) is None
    assert cache.active(keys[1].scope) is None
    assert cache.active(keys[0].scope) is keys[0]
    cache.drop_scope(keys[0].scope)
    assert cache.get(keys[0].id) is None
    monkeypatch.setattr(key_cache, "MAX_AGE_SECONDS", 0.0)
    cache.put(keys[2], active=True)
    assert cache.get(keys[2].id) is None
    assert cache.active(keys[2].scope) is None


@pytest.mark.django_db
def test_other_process_s_destruction_is_seen_when_the_cache_ages(monkeypatch: pytest.MonkeyPatch) -> None:
    scope = new_scope()
    envelope = sealed(scope)
    be_another_process()
    assert opened(envelope) == b"text"
    DataKey.objects.filter(scope_id=scope[1]).update(wrapped=None, destroyed_at=timezone.now())
    assert opened(envelope) == b"text"
    real = key_cache.time.monotonic()
    monkeypatch.setattr(key_cache.time, "monotonic", lambda: real + key_cache.MAX_AGE_SECONDS + 1)
    with pytest.raises(DecryptError):
        opened(envelope)
