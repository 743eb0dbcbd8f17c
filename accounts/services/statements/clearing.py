"""Staged rows of a file that nobody will use go, and the ledger accounts that nothing else names."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import connection

from accounts.models import StatementFile
from accounts.services.ledger.changes import ledger_wait
from accounts.services.ledger.parties import parties_forget
from antifraud import bulk, db
from antifraud.jobs.progress import Progress
from antifraud.jobs.queue import Claimed
from banks.models import User

KEPT = (StatementFile.Status.PREVIEW, StatementFile.Status.COMMITTED)
_LINES = "DELETE FROM accounts_statementline WHERE file_id = %s"
_ISSUES = "DELETE FROM accounts_statementissue WHERE file_id = %s"
_CLAIMS = "DELETE FROM accounts_secondnumber WHERE file_id = %s"
_NODES = """
SELECT DISTINCT node FROM accounts_statementline WHERE file_id = %(file)s
UNION SELECT DISTINCT counter FROM accounts_statementline WHERE file_id = %(file)s AND counter IS NOT NULL
"""


def statement_clear_work(job: Claimed, progress: Progress) -> None:
    """The job `statement.clear`: after a file was discarded."""
    progress.begin("clearing")
    by = User.objects.select_related("institution").get(pk=job.by_id)
    file_clear(by, job.subject_id, fence=progress.fence)


def file_clear(by: User, file_id: UUID, *, fence: Callable[[], None] | None = None) -> None:
    """Delete rows and remarks of a file that is being read, refused or discarded, in a unit of work of its own."""
    with db.unit_of_work(by):
        bulk.long_work()
        file = StatementFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file_id)
        if file.status in KEPT:
            return
        with connection.cursor() as cursor:
            cursor.execute(_NODES, {"file": file_id})
            nodes = [row[0] for row in cursor.fetchall()]
            cursor.execute(_ISSUES, [file_id])
            cursor.execute(_LINES, [file_id])
            cursor.execute(_CLAIMS, [file_id])
        if nodes:
            ledger_wait(file.case_id)  # a commit may be leading a second number to one of them
            parties_forget(file.case_id, nodes)
        StatementFile.objects.filter(pk=file_id).update(parties=None)
        if fence is not None:
            fence()
