"""Entries made anew because their sides are matched in another way; the matches are written beside them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from accounts.models import LedgerMatch
from accounts.services.ledger.entries import Triple, entries_end, entries_make
from antifraud import bulk, db

FLUSH = 20_000
Rule = LedgerMatch.Rule
_COLUMNS = (
    "id", "case_id", "entry_id", "out_line", "in_line", "transfer", "rule", "seconds_apart", "matched_at", "undone_reason",
)  # fmt: skip
_GONE = "DELETE FROM accounts_ledgermatch WHERE entry_id = ANY(%s) AND undone_at IS NULL"
_LOOSE = "UPDATE accounts_ledgermatch SET entry_id = NULL WHERE entry_id = ANY(%s)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Why:
    """By which rule the sides of an entry are one, and how far apart they are; `told` says so of its told transfer."""

    rule: str = ""
    seconds: int = 0
    told_seconds: int | None = None


@dataclass
class Remaking:
    """Collects what goes and what comes, and writes it in pieces; `nodes` are the accounts that are touched by it."""

    case_id: UUID
    nodes: set[int] = field(default_factory=set)
    made: int = 0
    _gone: list[int] = field(default_factory=list)
    _coming: dict[Triple, Why] = field(default_factory=dict)

    def end(self, entry_id: int, *nodes: int | None) -> None:
        """This entry goes."""
        self._gone.append(entry_id)
        self.nodes |= {node for node in nodes if node is not None}

    def make(self, triple: Triple, why: Why, *nodes: int | None) -> None:
        """This one comes."""
        self._coming[triple] = why
        self.nodes |= {node for node in nodes if node is not None}
        if len(self._coming) >= FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write what is collected."""
        if not (self._gone or self._coming):
            return
        with connection.cursor() as cursor:
            cursor.execute(_GONE, [self._gone])
            cursor.execute(_LOOSE, [self._gone])
        entries_end(self._gone)
        made = entries_make(self.case_id, list(self._coming))
        self._write_matches({triple: entry for entry, triple in made})
        self._gone, self._coming = [], {}

    def _write_matches(self, entries: Mapping[Triple, int]) -> None:
        at = bulk.int8(_microseconds(db.require_unit_of_work().now) - bulk.EPOCH_US)
        case = bulk.raw(self.case_id.bytes)
        rows = []
        for triple, entry in entries.items():
            for told, rule, seconds in _matches(triple, self._coming[triple]):
                out, into = (bulk.maybe(side.bytes if side else None) for side in triple[:2])
                rows.append((
                    bulk.raw(uuid.uuid4().bytes), case, bulk.int8(entry), out, into,
                    bulk.maybe(told.bytes if told else None), bulk.text(rule), bulk.int4(seconds), at, bulk.text(""),
                ))  # fmt: skip
        self.made += len(rows)
        if rows:
            bulk.copy_rows(LedgerMatch._meta.db_table, _COLUMNS, rows)


def _matches(triple: Triple, why: Why) -> list[tuple[UUID | None, str, int]]:
    """(told transfer or None, rule, seconds apart) of each match that made the entry."""
    found: list[tuple[UUID | None, str, int]] = []
    if why.rule:
        found.append((None, why.rule, why.seconds))
    if why.told_seconds is not None:
        found.append((triple[2], Rule.TOLD, why.told_seconds))
    return found


def _microseconds(at: datetime) -> int:
    span = at - _EPOCH
    return (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
