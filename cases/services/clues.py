"""Tell that what a case can be recognised by has changed: accounts, phones, clues; who links cases by it is upstairs."""

from __future__ import annotations

from uuid import UUID

from antifraud import db
from antifraud.outbox import post


def case_clued(case_id: UUID) -> None:
    """Post `case.clued` (subject: the case), once in a unit of work whatever number of things was entered."""
    told: set[UUID] = db.require_unit_of_work().notes.setdefault("clued", set())
    if case_id not in told:
        told.add(case_id)
        post.enqueue("case.clued", case_id)
