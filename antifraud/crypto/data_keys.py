"""Data keys per scope: made at first use, replaced when worn, destroyed to shred; `envelope` seals."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from antifraud.crypto import keyring
from antifraud.crypto.envelope import AES_256_GCM, Cipher, DecryptError, build_cipher
from antifraud.crypto.key_cache import HeldKey, KeyCache, Scope
from antifraud.errors import Unavailable, WrongState

if TYPE_CHECKING:
    from antifraud.crypto.models import DataKey

PLATFORM: Scope = ("platform", UUID(int=0))
SCOPE_KINDS = frozenset({"case", "institution", "platform"})
# R17: a new key after 90 days or 2^31 seals. Counting in the database would make each key's row a queue of
# writers, so each process counts its own seals: 128 processes together stay below 2^31.
MAX_AGE = timedelta(days=90)
MAX_SEALS_PER_PROCESS = 2**24
# Who asks for a key may seal for as long with it before asking again: an import is two batches ahead.
ASKED_AHEAD = timedelta(minutes=30)
_ATTEMPTS = 4

_cache = KeyCache()


class _AfterCommit:
    """Puts a new key into the cache once its row is committed.

    Until then the transaction's own list of hooks holds it: Django drops the hook with the savepoint or
    transaction that is rolled back, so the keys in the list are exactly those whose rows are still there.
    """

    def __init__(self, key: HeldKey) -> None:
        self.key = key

    def __call__(self) -> None:
        # Test tools run hooks inside of a transaction that they roll back later.
        if not connection.in_atomic_block and not self.key.is_destroyed:
            _cache.put(self.key, active=True)


def encryption_key(scope: Scope, *, seals: int = 1) -> tuple[UUID, Cipher]:
    """(key id, cipher) to seal `seals` new values of `scope` within half an hour; makes the scope's key at its first use.

    Runs in the caller's transaction. Two transactions that make the first keys of the same two scopes in
    different order can deadlock; PostgreSQL ends one of them. Raises WrongState for a destroyed scope.
    """
    if scope[0] not in SCOPE_KINDS:
        raise ValueError(f"unknown kind of encryption scope: {scope[0]!r}")
    key = _new_key_of(scope) or _cache.active(scope)
    if key is None or _is_worn(key, seals):
        key = _read_or_make(scope, seals)
    key.seals += seals
    return key.id, key.cipher


def prepare(scopes: Iterable[Scope]) -> None:
    """Have the keys at hand that will seal for many scopes: two statements at most, however many there are.

    Makes the first keys of those that have none, in one order. A worn or destroyed one is `encryption_key`'s affair.
    """
    missing = {scope for scope in scopes if _new_key_of(scope) is None and _cache.active(scope) is None}
    if not missing:
        return
    active = _model().objects.filter(scope_id__in={scope[1] for scope in missing}, retired_at__isnull=True)
    found = {(row.scope_kind, row.scope_id): row for row in active}
    for scope in missing & found.keys():
        if found[scope].destroyed_at is None:
            _cache.put(_cache.get(found[scope].pk) or _unwrap(found[scope]), active=True)
    _make(sorted(missing - found.keys()))


def decryption_key(key_id: UUID) -> Cipher:
    """The cipher of one key; raises DecryptError where it is absent or destroyed, or its KEK is unknown."""
    key = _cache.get(key_id) or _new_key_by_id(key_id)
    if key is None:
        row = _model().objects.filter(pk=key_id).first()
        if row is None:
            raise DecryptError("the data key does not exist")
        key = _unwrap(row)
        _cache.put(key, active=False)
    return key.cipher


def preload(key_ids: Iterable[UUID]) -> None:
    """Bring many keys into the cache by one query; one that cannot be opened is reported when needed."""
    missing = {key_id for key_id in key_ids if _cache.get(key_id) is None and _new_key_by_id(key_id) is None}
    if not missing:
        return
    for row in _model().objects.filter(pk__in=missing):
        try:
            _cache.put(_unwrap(row), active=False)
        except DecryptError:
            continue


def is_durable(key_id: UUID) -> bool:
    """Whether this process knows, without asking, that the key's row is committed or in this transaction."""
    return _cache.get(key_id) is not None or _new_key_by_id(key_id) is not None


def destroy(scope: Scope) -> int:
    """Crypto-shred: forget the wrapped keys of a scope for ever; returns how many there were.

    The scope can never get a new key. Other processes forget the key within key_cache.MAX_AGE_SECONDS. Old
    backups and the write-ahead log hold the wrapped key until they expire or their KEK leaves the ring.
    """
    now = timezone.now()
    # Waits for a transaction that is making the scope's first key, and is a tombstone where there was none.
    _insert([(uuid4(), scope, None, "")])
    count = (
        _model()
        .objects.filter(scope_kind=scope[0], scope_id=scope[1], destroyed_at__isnull=True)
        .update(wrapped=None, destroyed_at=now)
    )
    for key in _uncommitted():
        if key.scope == scope:
            key.is_destroyed = True
    _cache.drop_scope(scope)
    # Another thread may have read the key again before this transaction commits.
    transaction.on_commit(lambda: _cache.drop_scope(scope))
    return count


def wrap_context(key_id: UUID, scope: Scope) -> bytes:
    """What a wrapped key is bound to: its row and scope, so that keys cannot be exchanged between rows."""
    return f"v1|datakey|{key_id}|{scope[0]}|{scope[1]}".encode()


def forget() -> None:
    """Empty the process's cache (after the key ring changed, or the tables were emptied by a test)."""
    _cache.clear()


def _model() -> type[DataKey]:
    # Fields are imported while the apps load, before any model may be.
    model: type[DataKey] = apps.get_model("af_crypto", "DataKey")
    return model


def _new_key_of(scope: Scope) -> HeldKey | None:
    return next((key for key in reversed(_uncommitted()) if key.scope == scope), None)


def _new_key_by_id(key_id: UUID) -> HeldKey | None:
    return next((key for key in _uncommitted() if key.id == key_id), None)


def _uncommitted() -> list[HeldKey]:
    hooks = [entry[1] for entry in connection.run_on_commit]
    return [hook.key for hook in hooks if isinstance(hook, _AfterCommit) and not hook.key.is_destroyed]


def _is_worn(key: HeldKey, seals: int) -> bool:
    """Whether so many more would pass a limit; a key that has sealed nothing yet takes any number."""
    if timezone.now() - key.created_at >= MAX_AGE - ASKED_AHEAD:
        return True
    return key.seals > 0 and key.seals + seals > MAX_SEALS_PER_PROCESS


def _read_or_make(scope: Scope, seals: int) -> HeldKey:
    """The scope's active key from the database, new where there is none or the old one cannot take `seals` more."""
    for _attempt in range(_ATTEMPTS):
        row = _model().objects.filter(scope_kind=scope[0], scope_id=scope[1], retired_at__isnull=True).first()
        if row is not None:
            if row.destroyed_at is not None:
                raise WrongState(_("The data of this record has been destroyed; nothing can be added to it."))
            key = _cache.get(row.pk) or _new_key_by_id(row.pk) or _unwrap(row)
            if not _is_worn(key, seals):
                _cache.put(key, active=True)
                return key
            _model().objects.filter(pk=row.pk, retired_at__isnull=True).update(retired_at=timezone.now())
        made = _make([scope])
        if made:
            return made[0]
    raise Unavailable


def _make(scopes: list[Scope]) -> list[HeldKey]:
    """New keys, one for each scope for which no other transaction made one first."""
    keys: dict[UUID, HeldKey] = {}
    rows: list[tuple[UUID, Scope, bytes | None, str]] = []
    for scope in scopes:
        key_id, secret = uuid4(), os.urandom(AES_256_GCM.key_bytes)
        kek_id, wrapped = keyring.current().wrap(secret, wrap_context(key_id, scope))
        rows.append((key_id, scope, wrapped, kek_id))
        keys[key_id] = HeldKey(key_id, scope, build_cipher(AES_256_GCM.id, secret), timezone.now())
    made = [keys[key_id] for key_id in _insert(rows)]
    for key in made:
        transaction.on_commit(_AfterCommit(key))
    return made


def _insert(rows: list[tuple[UUID, Scope, bytes | None, str]]) -> list[UUID]:
    """Insert (id, scope, wrapped, KEK's id) each, a tombstone where `wrapped` is None; the ids of those whose scope had no
    unretired row."""
    if not rows:
        return []
    now = timezone.now()
    values: list[Any] = []
    for key_id, scope, wrapped, kek_id in rows:
        values += [key_id, *scope, AES_256_GCM.id, wrapped, kek_id, now, None if wrapped else now]
    # Raw SQL: the ORM's insert with ignored conflicts does not tell whether the row went in.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO af_crypto_datakey"
            " (id, scope_kind, scope_id, algorithm, wrapped, kek_id, created_at, retired_at, destroyed_at) VALUES "
            + ", ".join(["(%s, %s, %s, %s, %s, %s, %s, NULL, %s)"] * len(rows))
            + " ON CONFLICT DO NOTHING RETURNING id",
            values,
        )
        return [row[0] for row in cursor.fetchall()]


def _unwrap(row: DataKey) -> HeldKey:
    scope: Scope = (row.scope_kind, row.scope_id)
    if row.wrapped is None:
        raise DecryptError("the data key was destroyed")
    try:
        secret = keyring.current().unwrap(row.kek_id, bytes(row.wrapped), wrap_context(row.pk, scope))
    except keyring.KeyRefused as error:
        raise DecryptError(str(error)) from error
    return HeldKey(row.pk, scope, build_cipher(row.algorithm, secret), row.created_at, _cache.seals_of(row.pk))
