"""The job `trace.follow`: new payments in a case's ledger extend its traces by themselves, and who ran them hears of it."""

from __future__ import annotations

import json

from accounts.models import CaseLedger, TraceRun
from accounts.rules.paths import difference_path
from accounts.services.traces import trace_repeat
from antifraud import bulk, db
from antifraud.jobs.progress import Progress
from antifraud.jobs.queue import Claimed
from banks.models import User
from banks.selectors.users import people_of
from banks.services.notifications import notify

FOLLOW = "trace.follow"
CHANGED = "trace.changed"
MOST_RUNS = 200  # looked through, newest first
MOST_TURNS = 3
MOST_QUESTIONS = 10  # run again after one change of the ledger

Question = tuple[str, tuple[tuple[int, int], ...]]


def trace_follow_work(job: Claimed, progress: Progress) -> None:
    """Run the newest trace of each question again; a run that says otherwise is stored and told with its difference."""
    progress.begin("following")
    by = User.objects.select_related("institution").get(pk=job.by_id)
    with db.unit_of_work(by):
        bulk.long_work()
        made: list[TraceRun] = []
        for _turn in range(MOST_TURNS):
            ledger = CaseLedger.objects.select_related("case").get(pk=job.subject_id)
            made += traces_follow(by=by, ledger=ledger)
            # A change that came meanwhile rang for this very job: nobody else looks at it.
            if not CaseLedger.objects.filter(pk=ledger.pk, version__gt=ledger.version).exists():
                break
        progress.fence()
    progress.end(len(made))


def traces_follow(*, by: User, ledger: CaseLedger) -> list[TraceRun]:
    """The new runs. `by` is the platform; runs that stand on this version of the ledger already are left alone."""
    rows = list(TraceRun.objects.filter(case=ledger.case_id).defer("result").order_by("-number")[:MOST_RUNS])
    newest: dict[Question, TraceRun] = {}
    asked: dict[Question, TraceRun] = {}
    for run in rows:
        newest.setdefault(question_of(run), run)
        if not run.is_automatic:
            asked.setdefault(question_of(run), run)
    made = []
    for question, run in list(newest.items())[:MOST_QUESTIONS]:
        again = trace_repeat(by=by, run=run) if run.ledger_version < ledger.version else None
        if again is None:
            continue
        made.append(again)
        told = asked.get(question)
        if told is not None and bytes(again.result_digest) != bytes(run.result_digest):
            notify(
                users=people_of([told.run_by_id]), code=CHANGED, params={"number": ledger.case.number},
                url=difference_path(again.pk, run.pk),
            )  # fmt: skip
    return made


def question_of(run: TraceRun) -> Question:
    """What was asked: the limits and the parts of payments, whatever entries stand for them now."""
    parts = sorted((int(each["from_minor"]), int(each["to_minor"])) for each in run.seeds)
    return json.dumps(run.params, sort_keys=True), tuple(parts)
