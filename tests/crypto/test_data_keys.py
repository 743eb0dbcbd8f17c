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
from antifraud.crypto.models import DataKey
from antifraud.errors import WrongState
from tests.crypto.cells import be_another_process
from tests.crypto.scopes import new_scope, opened, sealed


def fail_in_transaction(work: Callable[[], object]) -> None:
    with transaction.atomic():
        work()
        transaction.set_rollback(True)


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
def test_seals_that_are_asked_for_at_once_do_not_pass_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_keys, "MAX_SEALS_PER_PROCESS", 10)
    scope = new_scope()
    used = [data_keys.encryption_key(scope, seals=seals)[0] for seals in (6, 4, 1, 9, 8, 3)]
    assert used[0] == used[1] != used[2] == used[3] != used[4] != used[5]


@pytest.mark.django_db(transaction=True)
def test_a_key_that_left_the_cache_and_came_back_is_as_worn_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_keys, "MAX_SEALS_PER_PROCESS", 3)
    monkeypatch.setattr(key_cache, "MAX_AGE_SECONDS", 0.0)
    scope = new_scope()
    used = [data_keys.encryption_key(scope)[0] for _ in range(7)]
    assert used[0] == used[1] == used[2] != used[3] == used[4] == used[5] != used[6]


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
def test_keys_of_many_scopes_cost_two_statements() -> None:
    old, destroyed = new_scope(), new_scope()
    kept, _ = data_keys.encryption_key(old)
    data_keys.destroy(destroyed)
    be_another_process()
    fresh = [new_scope() for _ in range(5)]
    with CaptureQueriesContext(connection) as queries:
        data_keys.prepare([*fresh, old, *fresh])
        made = {data_keys.encryption_key(scope)[0] for scope in fresh}
        assert data_keys.encryption_key(old)[0] == kept
        data_keys.prepare([*fresh, old])
    assert len(queries) == 2
    assert DataKey.objects.filter(pk__in=made).count() == 5
    data_keys.prepare([destroyed])
    with pytest.raises(WrongState):
        data_keys.encryption_key(destroyed)
