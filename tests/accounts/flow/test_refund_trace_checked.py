"""A trace that the platform ran again with the same outcome is current: for the case's pages and for a return alike."""

from __future__ import annotations

from typing import Any

from accounts.models import CaseLedger, TraceCheck, TraceRun
from accounts.selectors.refund_traces import trace_starts
from accounts.selectors.trace_checks import run_is_stale
from accounts.services.traces import trace_repeat
from antifraud import db
from banks.selectors.institutions import system_user
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.flow.test_refund_trace import draft, run_from, scene


def lacks(world: Any, run: TraceRun) -> str:
    return trace_starts(user=world.analyst_a, case=run.case, currency="CNY")[run.pk].lacks


def checked(run: TraceRun) -> None:
    with db.unit_of_work(system_user()):
        assert trace_repeat(by=system_user(), run=run) is None, "the same outcome"


def test_the_return_says_of_a_trace_what_the_tab_says(world: Any) -> None:
    hold, made = scene(world)
    runs = [run_from(world, hold, made, at) for at in (0, 1)]
    ledger(world.analyst_a, hold.case, [("x", "y", 300, 100)], into=made)
    version = CaseLedger.objects.get(case=hold.case).version
    assert [(lacks(world, run), run_is_stale(run, version)) for run in runs] == [("stale", True)] * 2
    for run in runs:
        checked(run)
    assert [(lacks(world, run), run_is_stale(run, version)) for run in runs] == [("", False)] * 2
    current = draft(world, hold, *runs)
    assert current.branch == "trace"
    assert {claim["ledger"] for claim in current.worksheet["facts"]["claims"]} == {str(version)}


def test_a_trace_that_nobody_ran_again_counts_for_nothing(world: Any) -> None:
    hold, made = scene(world)
    runs = [run_from(world, hold, made, at) for at in (0, 1)]
    ledger(world.analyst_a, hold.case, [("x", "y", 300, 100)], into=made)
    checked(runs[0])
    assert TraceCheck.objects.count() == 1
    current = draft(world, hold, *runs)
    assert (current.branch, "trace_mixed" in current.worksheet["reasons"]) == ("pro_rata", True)
