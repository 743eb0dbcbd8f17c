"""The job `statement.commit`: the staged rows become entries of the ledger in one transaction, or nothing happens."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import StatementFile
from accounts.services.ledger.bounds import sums_refuse
from accounts.services.ledger.chains import chains_rebuild
from accounts.services.ledger.changes import ledger_change, ledger_hold
from accounts.services.ledger.entries import entries_of_file, nodes_of_file
from accounts.services.ledger.joining import joined_match, numbers_join
from accounts.services.ledger.matching import matches_of_file
from accounts.services.ledger.parties import parties_link
from accounts.services.ledger.told import told_match
from accounts.services.ledger.unnamed import matches_unnamed
from accounts.services.statements.known import known_mark, repeats_keep, repeats_mark, repeats_suspected
from accounts.services.statements.taking import parties_take
from accounts.states import statement_flow
from antifraud import bulk, db
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from antifraud.jobs.progress import Progress
from antifraud.jobs.queue import Claimed
from banks.models import User

REPEATS_FOUND = "repeats_found"  # note of a job that gave the file back to be checked again
STEPS = ("known", "entries", "matching", "sums", "totals")
_TOTALS = """
SELECT currency, direction, count(*), sum(amount_minor) FROM accounts_statementline
WHERE file_id = %s AND left_out = '' GROUP BY 1, 2 ORDER BY 1, 2
"""
_LEFT_OUT = "SELECT count(*) FROM accounts_statementline WHERE file_id = %s AND left_out <> ''"
_KNOWN = "SELECT count(*) FROM accounts_statementline WHERE file_id = %s AND left_out = 'known'"


def statement_commit_work(job: Claimed, progress: Progress) -> None:
    """Take the file into the ledger, or show it again; one that is in it already stays as it is."""
    by = User.objects.select_related("institution").get(pk=job.by_id)
    with bulk.collecting_young(), db.unit_of_work(by) as work:
        bulk.long_work(memory="128MB")
        progress.begin(STEPS[0], len(STEPS))
        file = _file(job.subject_id)
        ledger_hold(file.case_id)
        if file.status == StatementFile.Status.COMMITTED:
            return
        statement_flow.step("commit", file.status)
        bulk.plan_for(file.rows_good)
        if _finds_unseen(file):
            _show_again(by, file, job, progress)
            return
        sums_refuse(file)
        _step(progress, 1)
        named = parties_take(file)
        joined = numbers_join(file.case_id, by=by, file_id=file.pk)
        nodes = nodes_of_file(file.pk) | joined
        entries_of_file(file.pk, nodes)
        _step(progress, 2)
        matched = matches_of_file(file.case_id, file.pk)
        matched |= matches_unnamed(file.case_id, file.pk)
        matched |= joined_match(file.case_id, joined) if joined else set()
        matched |= told_match(file.case_id, nodes | matched)
        _step(progress, 3)
        named += parties_link(file.case_id)
        chains_rebuild(matched)
        _step(progress, 4)
        taken = _taken(file.pk)
        entries = sum(total["count"] for total in taken)
        left_out = _count(_LEFT_OUT, file.pk) + _no_entries(file)
        changes = {"taken": taken, "rows_left_out": left_out, "rows_known": _count(_KNOWN, file.pk), "parties": None}
        changes |= {"committed_by": by, "committed_at": work.now}
        statement_flow.apply(file, "commit", by=by, changes=changes, detail={"entries": entries, "totals": taken})
        if entries or joined or matched or named:  # one that is known whole may still say who keeps an account
            ledger_change(file.case_id, _digest(file))
        progress.fence()
    progress.end(entries)


def _file(file_id: UUID) -> StatementFile:
    return StatementFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file_id)


def _finds_unseen(file: StatementFile) -> bool:
    """Mark what the ledger knows by now; whether suspected repeats are among it that the preview did not show.

    Another file may have been committed since. Where nothing is new, the officer's choice is done.
    """
    known_mark(file.case_id, file.pk)
    if repeats_mark(file.case_id, file.pk)[1]:
        return True
    if not file.is_without_repeats:
        repeats_keep(file.pk)
    return False


def _show_again(by: User, file: StatementFile, job: Claimed, progress: Progress) -> None:
    """Back to the preview with a version of its own: nothing is taken before the officer has decided about the repeats.

    The job ends in this very transaction: begun once more it would find nothing new and commit.
    """
    known = _count(_KNOWN, file.pk)
    changes = {"rows_left_out": known + _no_entries(file), "rows_known": known}
    statement_flow.apply(file, "read", by=by, changes=changes, detail={"repeats": repeats_suspected(file.pk)})
    progress.fence()
    queue.finish(job, Job.State.FAILED, note=REPEATS_FOUND)


def _no_entries(file: StatementFile) -> int:
    """How many rows of a file in preview are left out by a remark, also of those whose remarks were too many to be kept."""
    return file.rows_left_out - file.rows_known


def _step(progress: Progress, number: int) -> None:
    progress.stage = STEPS[number]
    progress.set(number)


def _taken(file_id: UUID) -> list[dict[str, Any]]:
    """What goes into the ledger, as `StatementFile.taken`. The control totals that an officer compared stay beside it."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, [file_id])
        rows = cursor.fetchall()
    return [{"currency": row[0], "direction": row[1], "count": row[2], "sum_minor": int(row[3])} for row in rows]


def _count(query: str, file_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, [file_id])
        return int(cursor.fetchone()[0])


def _digest(file: StatementFile) -> bytes:
    """Which file, read how, with which choice."""
    told = f"{bytes(file.sha256).hex()}|{file.is_without_repeats}|{sorted((file.mapping or {}).items())}|{file.zone}"
    return hashlib.sha256(told.encode()).digest()
