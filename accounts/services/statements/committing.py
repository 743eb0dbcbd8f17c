"""The job `statement.commit`: the staged rows become entries of the ledger in one transaction, or nothing happens."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import StatementFile
from accounts.services.ledger.chains import chains_rebuild
from accounts.services.ledger.changes import ledger_change, ledger_hold
from accounts.services.ledger.entries import entries_of_file, nodes_of_file
from accounts.services.ledger.matching import matches_of_file
from accounts.services.ledger.parties import parties_link
from accounts.services.ledger.told import told_match
from accounts.services.ledger.unnamed import matches_unnamed
from accounts.services.statements.known import known_mark, repeats_keep, repeats_mark
from accounts.states import statement_flow
from antifraud import bulk, db
from antifraud.jobs.progress import Progress
from antifraud.jobs.queue import Claimed
from banks.models import User

STEPS = ("known", "entries", "matching", "sums", "totals")
_TOTALS = """
SELECT currency, direction, count(*), sum(amount_minor)::bigint FROM accounts_statementline
WHERE file_id = %s AND left_out = '' GROUP BY 1, 2 ORDER BY 1, 2
"""
_LEFT_OUT = "SELECT count(*) FROM accounts_statementline WHERE file_id = %s AND left_out <> ''"
_ISSUES_LEFT_OUT = (
    "SELECT count(DISTINCT row) FROM accounts_statementissue WHERE file_id = %s AND severity = 'left_out'"
)


def statement_commit_work(job: Claimed, progress: Progress) -> None:
    """Take the file into the ledger; one that is in it already stays as it is."""
    by = User.objects.select_related("institution").get(pk=job.by_id)
    with db.unit_of_work(by) as work:
        bulk.long_work(memory="128MB")
        progress.begin(STEPS[0], len(STEPS))
        file = _file(job.subject_id)
        ledger_hold(file.case_id)
        if file.status == StatementFile.Status.COMMITTED:
            return
        statement_flow.step("commit", file.status)
        bulk.plan_for(file.rows_good)
        _resolve(file)
        _step(progress, 1)
        entries = entries_of_file(file.pk)
        _step(progress, 2)
        nodes = nodes_of_file(file.pk)
        nodes |= matches_of_file(file.case_id, file.pk)
        nodes |= matches_unnamed(file.case_id, file.pk)
        nodes |= told_match(file.case_id, nodes)
        _step(progress, 3)
        parties_link(file.case_id)
        chains_rebuild(nodes)
        _step(progress, 4)
        totals, left_out = _totals(file.pk), _count(_LEFT_OUT, file.pk) + _count(_ISSUES_LEFT_OUT, file.pk)
        changes = {"totals": totals, "rows_left_out": left_out, "committed_by": by, "committed_at": work.now}
        statement_flow.apply(file, "commit", by=by, changes=changes, detail={"entries": entries, "totals": totals})
        ledger_change(file.case_id, _digest(file))
        progress.fence()
    progress.end(entries)


def _file(file_id: UUID) -> StatementFile:
    return StatementFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file_id)


def _resolve(file: StatementFile) -> None:
    """What the ledger knows by now, another file may have been committed since the preview; then the officer's choice."""
    known_mark(file.case_id, file.pk)
    if file.is_without_repeats:
        repeats_mark(file.case_id, file.pk)
    else:
        repeats_keep(file.pk)


def _step(progress: Progress, number: int) -> None:
    progress.stage = STEPS[number]
    progress.set(number)


def _totals(file_id: UUID) -> list[dict[str, Any]]:
    """The control totals of what is taken, as `StatementFile.totals`."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, [file_id])
        rows = cursor.fetchall()
    return [{"currency": row[0], "direction": row[1], "count": row[2], "sum_minor": row[3]} for row in rows]


def _count(query: str, file_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, [file_id])
        return int(cursor.fetchone()[0])


def _digest(file: StatementFile) -> bytes:
    """Which file, read how, with which choice."""
    told = f"{bytes(file.sha256).hex()}|{file.is_without_repeats}|{sorted((file.mapping or {}).items())}|{file.zone}"
    return hashlib.sha256(told.encode()).digest()
