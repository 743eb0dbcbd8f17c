"""Wrapping data keys anew under the active KEK; the values that they sealed are not touched."""

from __future__ import annotations

from antifraud import db
from antifraud.crypto.data_keys import wrap_context
from antifraud.crypto.keyring import KeyProvider
from antifraud.crypto.models import DataKey


def rewrap_batch(provider: KeyProvider, *, limit: int = 500) -> int:
    """Wrap up to `limit` data keys of older KEKs under the active one; returns how many, 0 when none is left.

    Call in a unit of work, again until it returns 0. Raises KeyRefused where an old KEK is missing.
    """
    db.require_unit_of_work()
    active = provider.active_kek()
    rows = list(db.lock(DataKey.objects.filter(wrapped__isnull=False).exclude(kek_id=active))[:limit])
    for row in rows:
        context = wrap_context(row.pk, (row.scope_kind, row.scope_id))
        secret = provider.unwrap(row.kek_id, bytes(row.wrapped or b""), context)
        row.kek_id, row.wrapped = provider.wrap(secret, context)
    DataKey.objects.bulk_update(rows, ["kek_id", "wrapped"])
    return len(rows)


def keys_in_use() -> set[str]:
    """The ids of the KEKs that some data key still needs; any other may be removed from the ring."""
    return set(DataKey.objects.filter(wrapped__isnull=False).values_list("kek_id", flat=True).distinct())
