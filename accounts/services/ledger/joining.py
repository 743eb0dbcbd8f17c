"""Either number of an account leads to one node: numbers are joined, and parted again where what was claimed no longer holds.

Always from all claims there are (`selectors.second_numbers`), so the order of the imports does not matter. Rows keep the number that
they named (`named_node`, `named_counter`). Rows of a preview are not touched before the file's commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.selectors.second_numbers import Standing, numbers_meant
from accounts.services.ledger.chains import chains_rebuild
from accounts.services.ledger.changes import ledger_change
from accounts.services.ledger.matching import matches_of_nodes
from accounts.services.ledger.parties import parties_link
from accounts.services.ledger.rejoining import entries_follow
from accounts.services.ledger.told import told_match, told_nodes
from accounts.services.ledger.twins import twins_mark, twins_tell
from accounts.services.ledger.unnamed import matches_unnamed_of
from antifraud.audit import diary
from banks.models import User

# The account that a number was led to is looked up anew by `parties_link`, from all numbers of the node.
_MAINS = """
UPDATE accounts_ledgeraccount a SET main = c.main
FROM unnest(%(nodes)s::bigint[], %(mains)s::bigint[]) c(node, main) WHERE a.node = c.node
"""
_UNLINKED = (
    "UPDATE accounts_ledgeraccount SET account_id = NULL WHERE node = ANY(%s::bigint[]) AND account_id IS NOT NULL"
)
# A row that moves money between two numbers of one account names nobody as its other side.
_REPOINTED = """
UPDATE accounts_statementline l SET node = n.node, named_node = NULLIF(n.own, n.node),
  counter = NULLIF(n.counter, n.node), named_counter = CASE WHEN n.other IS DISTINCT FROM NULLIF(n.counter, n.node) THEN n.other END
FROM (
  SELECT r.id, r.own, r.other, COALESCE(a.main, r.own) AS node, COALESCE(b.main, r.other) AS counter
  FROM (
    SELECT l.id, COALESCE(l.named_node, l.node) AS own, COALESCE(l.named_counter, l.counter) AS other
    FROM accounts_statementline l JOIN accounts_statementfile f ON f.id = l.file_id
    WHERE l.case_id = %(case)s AND {which}
  ) r
  LEFT JOIN accounts_ledgeraccount a ON a.node = r.own LEFT JOIN accounts_ledgeraccount b ON b.node = r.other
  WHERE r.own = ANY(%(nodes)s::bigint[]) OR r.other = ANY(%(nodes)s::bigint[])
) n WHERE l.id = n.id AND (l.node, l.counter) IS DISTINCT FROM (n.node, NULLIF(n.counter, n.node))
RETURNING l.node, l.counter
"""
# Accounts that the file names by their first number, and rows of the ledger by another one: either may tell the same entries.
_MEETING = """
SELECT DISTINCT node FROM accounts_statementline WHERE case_id = %(case)s AND named_node IS NOT NULL AND node IN (
  SELECT node FROM accounts_statementline WHERE file_id = %(file)s AND left_out = '' AND node = ANY(%(mains)s::bigint[]))
"""
_TAKEN, _FILE = "f.status = 'committed'", "f.id = %(file)s"


@dataclass(frozen=True)
class Change:
    """Nodes whose account is another one now: node -> main, None where it stands for itself."""

    mains: Mapping[int, int | None]
    before: Mapping[int, int | None]

    @property
    def nodes(self) -> set[int]:
        """All that entries may have stood at, or stand at now."""
        ends = {*self.mains.values(), *self.before.values()}
        return {*self.mains, *(node for node in ends if node is not None)}


def numbers_join(case_id: UUID, *, by: User, file_id: UUID | None = None) -> set[int]:
    """Join and part the case's numbers as the claims say now, with all entries that there are; the nodes touched.

    With `file_id` that file's rows too, which are just being committed and have no entries yet. The caller holds the
    ledger, matches the touched nodes (`joined_match`) and rebuilds their chains.
    """
    told_nodes(case_id)
    meant, standing = numbers_meant(case_id, file_id)
    if not standing:
        return set()
    change = _change(meant.mains, standing)
    if change.mains:
        _write(case_id, change)
    seconds = {node for index, (node, _main) in standing.items() if index in meant.mains}
    moved = _repoint(case_id, _FILE, seconds, file_id) if file_id is not None and seconds else set()
    touched = change.nodes | moved
    met = _meeting(case_id, file_id, {standing[main][0] for main in meant.mains.values()})
    if not touched | met:
        return set()
    twins = twins_mark(case_id, touched | met, file_id)
    twins_tell(case_id, by, twins)
    touched |= twins.nodes
    if touched:
        touched |= entries_follow(case_id, touched, twins.freed, file_id)
    if change.mains:
        _tell(case_id, by, change)
    return touched


def joined_match(case_id: UUID, nodes: Collection[int]) -> set[int]:
    """Match the rows of nodes that were touched by a join; the nodes touched by that."""
    found = matches_of_nodes(case_id, nodes)
    return found | matches_unnamed_of(case_id, nodes)


def numbers_settle(case_id: UUID, *, by: User) -> bool:
    """All of it, after an account, an alias or a merge of the case became known; whether anything changed."""
    nodes = numbers_join(case_id, by=by)
    if nodes:
        nodes |= joined_match(case_id, nodes)
        nodes |= told_match(case_id, nodes)
    parties_link(case_id)
    chains_rebuild(nodes)
    return bool(nodes)


def _change(mains: Mapping[bytes, bytes], standing: Standing) -> Change:
    now: dict[int, int | None] = {}
    before: dict[int, int | None] = {}
    for index, (node, main) in standing.items():
        wanted = standing[mains[index]][0] if index in mains else None
        if wanted != main:
            now[node], before[node] = wanted, main
    return Change(now, before)


def _write(case_id: UUID, change: Change) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MAINS, {"nodes": list(change.mains), "mains": list(change.mains.values())})
        cursor.execute(_UNLINKED, [sorted(change.nodes)])
    _repoint(case_id, _TAKEN, set(change.mains), None)


def _repoint(case_id: UUID, which: str, nodes: Collection[int], file_id: UUID | None) -> set[int]:
    given: dict[str, Any] = {"case": case_id, "nodes": sorted(nodes), "file": file_id}
    with connection.cursor() as cursor:
        cursor.execute(_REPOINTED.format(which=which), given)
        return {node for row in cursor.fetchall() for node in row if node is not None}


def _meeting(case_id: UUID, file_id: UUID | None, mains: Collection[int]) -> set[int]:
    if file_id is None or not mains:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_MEETING, {"case": case_id, "file": file_id, "mains": sorted(mains)})
        return {row[0] for row in cursor.fetchall()}


def _tell(case_id: UUID, by: User, change: Change) -> None:
    joined = sorted((node, main) for node, main in change.mains.items() if main is not None)
    parted = sorted(node for node, main in change.mains.items() if main is None)
    detail = {"joined": [list(pair) for pair in joined], "parted": parted}
    diary.record("ledger.join", by=by, object_type="caseledger", object_id=case_id, case_id=case_id, detail=detail)
    ledger_change(case_id, hashlib.sha256(repr((joined, parted)).encode()).digest())
