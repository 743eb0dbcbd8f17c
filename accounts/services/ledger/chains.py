"""The sums along each account's chain, computed anew in the open transaction; how, is in `sums`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import DataError, connection
from psycopg2.errors import NumericValueOutOfRange

from accounts.services.ledger import sums
from accounts.services.ledger.bounds import TOO_LARGE
from antifraud import db
from antifraud.errors import Conflict

_GONE = "DELETE FROM accounts_ledgerchain WHERE node = ANY(%s::bigint[])"
_REBUILD = ",".join((
    f"WITH {sums.TOUCHED}", sums.STANDING, sums.sums_of([sums.STANDING_SIDES]), f"{sums.WRITTEN}{sums.CHAINS}",
))  # fmt: skip


def chains_rebuild(nodes: Iterable[int]) -> None:
    """Compute co, ci, src_before, dst_before and LedgerChain of these nodes anew, all currencies.

    The caller holds the case's ledger (`ledger_hold`), and names both nodes of every entry that came, went or changed.
    """
    db.require_unit_of_work()
    chains_write(nodes, _REBUILD, {})


def chains_write(nodes: Iterable[int], statement: str, params: Mapping[str, Any]) -> None:
    """Let `statement`, made of `sums`, write the chains of these nodes in the place of those that stand."""
    wanted = sorted(set(nodes))
    if not wanted:
        return
    told = f"{{{','.join(map(str, wanted))}}}"  # one word for the parser, which is slow with very many
    with connection.cursor() as cursor:
        cursor.execute(_GONE, [told])
        try:
            cursor.execute(statement, {**params, "nodes": told})
        except DataError as error:  # what `bounds` does not foresee: two long chains that are joined
            if isinstance(error.__cause__, NumericValueOutOfRange):
                raise Conflict(TOO_LARGE, code="sums_too_large") from error
            raise
