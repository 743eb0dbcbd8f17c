"""The job `trace.follow`: new payments in a case's ledger extend its traces by themselves, and who ran them hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.models import CaseLedger, TraceRun
from accounts.rules.paths import difference_path
from accounts.rules.tracing.questions import Question, questions
from accounts.services.traces import trace_repeat
from antifraud import bulk, db
from antifraud.errors import Invalid
from antifraud.jobs.progress import Progress
from antifraud.jobs.queue import Claimed
from antifraud.logs import get_logger
from banks.models import User
from banks.selectors.users import people_of
from banks.services.notifications import notify

FOLLOW = "trace.follow"
CHANGED = "trace.changed"
# One job asks each stale question of the case once for a version of the ledger, for at most so many versions; a later
# version has rung for a job of its own, which waits until this one has ended.
MOST_TURNS = 3
AT_ONCE = 10  # questions in one unit of work: no officer's own trace waits for more than these
log = get_logger(__name__)


@dataclass(frozen=True)
class Stale:
    """The newest run of a question that stands on an earlier version of the ledger; `asked_by`: the last person to ask."""

    run_id: UUID
    asked_by: UUID | None


def trace_follow_work(job: Claimed, progress: Progress) -> None:
    """Run the newest trace of each question again; a run that says otherwise is stored and told with its difference."""
    progress.begin("following")
    by = User.objects.select_related("institution").get(pk=job.by_id)
    made, version = 0, -1
    for _turn in range(MOST_TURNS):
        with db.unit_of_work(by):
            bulk.long_work()
            ledger = CaseLedger.objects.select_related("case").get(pk=job.subject_id)
            if ledger.version == version:
                break
            version, stale = ledger.version, traces_stale(ledger)
        for at in range(0, len(stale), AT_ONCE):
            progress.set(at, len(stale))
            with db.unit_of_work(by):
                bulk.long_work()
                made += len(traces_follow(by=by, ledger=ledger, stale=stale[at : at + AT_ONCE]))
                progress.fence()
    progress.end(made)


def traces_stale(ledger: CaseLedger) -> list[Stale]:
    """Of every question of the case the newest run, where it stands on an earlier version of the ledger; oldest first.

    A run that was repeated and said the same stays stale: it is asked again after the next change.
    """
    rows = list(
        TraceRun.objects.filter(case=ledger.case_id)
        .order_by("-number")
        .values_list("pk", "ledger_version", "is_automatic", "run_by_id", "params", "seeds")
    )
    newest: dict[Question, tuple[UUID, int]] = {}
    asked: dict[Question, UUID] = {}
    for question, row in zip(questions(row[4:] for row in rows), rows, strict=True):
        newest.setdefault(question, row[:2])
        if not row[2]:
            asked.setdefault(question, row[3])
    stale = [
        (version, Stale(pk, asked.get(question)))
        for question, (pk, version) in reversed(newest.items())
        if version < ledger.version
    ]
    return [each for _version, each in sorted(stale, key=lambda each: each[0])]


def traces_follow(*, by: User, ledger: CaseLedger, stale: Sequence[Stale]) -> list[TraceRun]:
    """The new runs of these questions. `by` is the platform.

    A question that the ledger can no longer be asked (its payment is smaller by now) is left out: it must not keep the
    others from being followed.
    """
    rows = TraceRun.objects.defer("result").in_bulk([each.run_id for each in stale])
    made = []
    for each in stale:
        run = rows[each.run_id]
        try:
            again = trace_repeat(by=by, run=run)
        except Invalid as error:
            log.info("trace not followed", run=run.pk, fields=sorted(error.fields))
            continue
        if again is None:
            continue
        made.append(again)
        if each.asked_by is not None and bytes(again.result_digest) != bytes(run.result_digest):
            notify(
                users=people_of([each.asked_by]), code=CHANGED, params={"number": ledger.case.number},
                url=difference_path(again.pk, run.pk),
            )  # fmt: skip
    return made
