"""Unwrapped data keys in this process's memory, bounded in number and age; it never asks the database."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from uuid import UUID

from antifraud.crypto.envelope import Cipher

Scope = tuple[str, UUID]

MAX_KEYS = 4096
# A key destroyed by another process is gone from this one after so many seconds at the latest.
MAX_AGE_SECONDS = 300.0
MOST_COUNTS = 65_536


@dataclass(slots=True)
class HeldKey:
    """An unwrapped data key; `seals` counts what this process sealed with it, `is_destroyed` ends its use at once."""

    id: UUID
    scope: Scope
    cipher: Cipher
    created_at: datetime
    seals: int = 0
    is_destroyed: bool = False


class KeyCache:
    """Held keys by id, least recently used out first, and the id of each scope's active key.

    Only keys whose row is committed may be put here: after a roll-back nobody could read what they sealed.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys: OrderedDict[UUID, tuple[float, HeldKey]] = OrderedDict()
        self._active: dict[Scope, UUID] = {}
        self._counts: OrderedDict[UUID, int] = OrderedDict()

    def get(self, key_id: UUID) -> HeldKey | None:
        """The key, unless it was never put, pushed out or too old."""
        with self._lock:
            return self._get(key_id)

    def active(self, scope: Scope) -> HeldKey | None:
        """The scope's active key, on the same terms."""
        with self._lock:
            key_id = self._active.get(scope)
            return self._get(key_id) if key_id else None

    def seals_of(self, key_id: UUID) -> int:
        """What this process sealed with a key that has left the cache since: to unwrap it anew makes it no newer."""
        with self._lock:
            return self._counts.get(key_id, 0)

    def put(self, key: HeldKey, *, active: bool) -> None:
        """Hold a committed key; `active` makes it the one that seals for its scope."""
        with self._lock:
            self._keys[key.id] = (time.monotonic() + MAX_AGE_SECONDS, key)
            self._keys.move_to_end(key.id)
            if active:
                self._active[key.scope] = key.id
            while len(self._keys) > MAX_KEYS:
                oldest, _ = next(iter(self._keys.items()))
                self._drop(oldest)

    def drop_scope(self, scope: Scope) -> None:
        """Forget every key of a scope."""
        with self._lock:
            for key_id in [key.id for _, key in self._keys.values() if key.scope == scope]:
                self._drop(key_id)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._keys.clear()
            self._active.clear()
            self._counts.clear()

    def __len__(self) -> int:
        return len(self._keys)

    def _get(self, key_id: UUID) -> HeldKey | None:
        entry = self._keys.get(key_id)
        if entry is None:
            return None
        until, key = entry
        if time.monotonic() >= until:
            self._drop(key_id)
            return None
        self._keys.move_to_end(key_id)
        return key

    def _drop(self, key_id: UUID) -> None:
        _, key = self._keys.pop(key_id)
        if key.seals:
            self._counts[key_id] = key.seals
            self._counts.move_to_end(key_id)
            if len(self._counts) > MOST_COUNTS:
                self._counts.popitem(last=False)
        if self._active.get(key.scope) == key_id:
            del self._active[key.scope]
