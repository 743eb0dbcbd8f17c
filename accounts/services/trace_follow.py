"""The job `trace.follow`: new payments in a case's ledger extend its traces by themselves, and who ran them hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.models import CaseLedger, Order, TraceRun
from accounts.rules.paths import difference_path, order_path
from accounts.rules.tracing.questions import Question, questions
from accounts.selectors.traces import begin_with_victims
from accounts.services.traces import trace_repeat
from accounts.services.watches import CREDITED
from antifraud import bulk, db
from antifraud.errors import Invalid
from antifraud.jobs.progress import Progress
from antifraud.jobs.queue import Claimed
from antifraud.logs import get_logger
from banks.models import User
from banks.selectors.users import people_of
from banks.services.notifications import notify, told_since

FOLLOW = "trace.follow"
CHANGED = "trace.changed"
# One job asks each stale question of the case once for a version of the ledger, for at most so many versions; a later
# version has rung for a job of its own, which waits until this one has ended.
MOST_TURNS = 3
WAY = ("direction", "method")
AT_ONCE = 10  # questions in one unit of work: no officer's own trace waits for more than these
log = get_logger(__name__)


@dataclass(frozen=True)
class Stale:
    """The newest run of a question that stands on an earlier version of the ledger; `asked_by`: the last person to ask."""

    run_id: UUID
    asked_by: UUID | None


def trace_follow_work(job: Claimed, progress: Progress) -> None:
    """Run the newest trace of each question again; a run that says otherwise is stored, and told once with its difference."""
    progress.begin("following")
    by = User.objects.select_related("institution").get(pk=job.by_id)
    made, version = 0, -1
    told: set[UUID] = set()
    for _turn in range(MOST_TURNS):
        with db.unit_of_work(by):
            bulk.long_work()
            ledger = CaseLedger.objects.select_related("case").get(pk=job.subject_id)
            if ledger.version == version:
                break
            version, stale = ledger.version, traces_stale(ledger, by=by)
        for at in range(0, len(stale), AT_ONCE):
            progress.set(at, len(stale))
            with db.unit_of_work(by):
                bulk.long_work()
                made += len(traces_follow(by=by, ledger=ledger, stale=stale[at : at + AT_ONCE], told=told))
                progress.fence()
    progress.end(made)


def traces_stale(ledger: CaseLedger, *, by: User) -> list[Stale]:
    """What is followed and stands on an earlier version of the ledger; oldest first. `by` is the platform.

    Followed is what begins with victims' payments: for each direction, method and parts of payments the question asked
    last, and of that the newest run. One that was repeated and said the same stays stale: it is asked again after the
    next change.
    """
    rows = list(
        TraceRun.objects.filter(case=ledger.case_id)
        .order_by("-number")
        .values_list("pk", "ledger_version", "is_automatic", "run_by_id", "params", "seeds")
    )
    begins = begin_with_victims(user=by, case=ledger.case, asked=[row[5] for row in rows])
    rows = [row for row, is_theirs in zip(rows, begins, strict=True) if is_theirs]
    ways = questions(({name: row[4].get(name) for name in WAY if name in row[4]}, row[5]) for row in rows)
    last: dict[Question, Question] = {}
    newest: dict[Question, tuple[UUID, int]] = {}
    asked: dict[Question, UUID] = {}
    for way, question, row in zip(ways, questions(row[4:] for row in rows), rows, strict=True):
        if last.setdefault(way, question) != question:
            continue
        newest.setdefault(question, row[:2])
        if not row[2]:
            asked.setdefault(question, row[3])
    stale = [
        (version, Stale(pk, asked.get(question)))
        for question, (pk, version) in reversed(newest.items())
        if version < ledger.version
    ]
    return [each for _version, each in sorted(stale, key=lambda each: each[0])]


def traces_follow(
    *, by: User, ledger: CaseLedger, stale: Sequence[Stale], told: set[UUID] | None = None
) -> list[TraceRun]:
    """The new runs of these questions. `by` is the platform; `told` are the people who have heard of this change.

    A question that the ledger can no longer be asked (its payment is smaller by now) is left out: it must not keep the
    others from being followed.
    """
    told = set() if told is None else told
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
            _tell(ledger, each.asked_by, again, run, told)
    return made


def _tell(ledger: CaseLedger, person: UUID, again: TraceRun, run: TraceRun, told: set[UUID]) -> None:
    """One notice of a change, with its first difference; none for who heard of a credit since the earlier run."""
    if person in told:
        return
    told.add(person)
    watches = Order.objects.filter(case=ledger.case_id, kind=Order.Kind.WATCH).values_list("pk", flat=True)
    if told_since(user_id=person, code=CREDITED, urls=[order_path(pk) for pk in watches], since=run.run_at):
        return
    notify(
        users=people_of([person]), code=CHANGED, params={"number": ledger.case.number},
        url=difference_path(again.pk, run.pk),
    )  # fmt: skip
