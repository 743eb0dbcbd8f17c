"""Crypto-shredding a scope, and how long an unwrapped key stays in a process."""

from __future__ import annotations

import threading
import time
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from antifraud.crypto import DecryptError, data_keys, key_cache
from antifraud.crypto.key_cache import HeldKey, KeyCache
from antifraud.crypto.models import DataKey
from antifraud.errors import WrongState
from tests.crypto.cells import be_another_process
from tests.crypto.scopes import new_scope, opened, sealed


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
    later = time.monotonic() + key_cache.MAX_AGE_SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(DecryptError):
        opened(envelope)
