"""Whether the ledger has changed since a trace in a way that nobody has looked at: run again with the same outcome, it stands."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from accounts.models import TraceCheck, TraceRun
from accounts.rules.tracing.questions import questions


def run_is_stale(run: TraceRun, version: int) -> bool:
    """For a run that the caller has read by the policy; `version` is the ledger's now."""
    if run.ledger_version >= version:
        return False
    return not TraceCheck.objects.filter(run=run, ledger_version__gte=version).exists()


def runs_stale(runs: Iterable[TraceRun], version: int) -> set[UUID]:
    """The same for many runs, in one statement."""
    old = [run.pk for run in runs if run.ledger_version < version]
    checks = TraceCheck.objects.filter(run__in=old, ledger_version__gte=version)
    return set(old) - set(checks.values_list("run", flat=True))


def versions_stood_on(runs: Iterable[TraceRun]) -> dict[UUID, int]:
    """For each run the latest version of the ledger on which it is known to say what it says, in one statement.

    Run again on a later one with the same outcome, it read the same rows there.
    """
    found = {run.pk: run.ledger_version for run in runs}
    checks = TraceCheck.objects.filter(run__in=found).values_list("run", "ledger_version")
    return found | {run: max(found[run], version) for run, version in checks}


def runs_later(case_id: UUID) -> dict[UUID, int]:
    """For each run of a case whose question was traced again since: the number of the newest such run.

    The caller has judged who reads.
    """
    rows = list(
        TraceRun.objects.filter(case=case_id).order_by("-number").values_list("pk", "number", "params", "seeds")
    )
    newest: dict[object, int] = {}
    found = {}
    for question, (pk, number, _params, _seeds) in zip(questions(row[2:] for row in rows), rows, strict=True):
        if newest.setdefault(question, number) != number:
            found[pk] = newest[question]
    return found
