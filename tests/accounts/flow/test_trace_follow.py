"""New payments extend a trace by themselves: run again by the platform, stored where it differs, told with a link."""

from __future__ import annotations

from typing import Any

from accounts.models import CaseLedger, TraceRun
from accounts.services.trace_follow import traces_follow
from accounts.services.traces import trace_run
from antifraud import db
from antifraud.deliveries import TOPICS, Fact
from antifraud.jobs.models import Job
from banks.models import Notification
from banks.selectors.institutions import system_user
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import Made, ledger


def traced(world: Any, *, covered: bool = False) -> tuple[Any, Made, TraceRun]:
    """victim -> first, traced by `analyst_a`."""
    case = factories.new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("victim", "first", 0, 500_00)])
    entry = made.entries[0]
    with db.unit_of_work(world.analyst_a):
        seeds = [{"entry": entry.pk, "from_minor": 0, "to_minor": 500_00}]
        run = trace_run(by=world.analyst_a, case_id=case.id, seeds=seeds, params={"min_amount_minor": 100})
    return case, made, run


def follow(case: Any) -> list[TraceRun]:
    by = system_user()
    with db.unit_of_work(by):
        return traces_follow(by=by, ledger=CaseLedger.objects.select_related("case").get(case=case))


def test_a_new_payment_extends_the_trace_and_the_analyst_hears_of_it(world: Any) -> None:
    case, made, run = traced(world)
    ledger(world.analyst_a, case, [("first", "second", 60, 300_00)], into=made)
    (again,) = follow(case)
    assert (again.number, again.is_automatic, again.run_by_id) == (2, True, system_user().id)
    assert {(edge["src"], edge["dst"]) for edge in again.result["edges"]} == {
        (made.node["victim"], made.node["first"]), (made.node["first"], made.node["second"]),
    }  # fmt: skip
    (told,) = Notification.objects.filter(code="trace.changed")
    assert (told.user_id, told.params) == (world.analyst_a.id, {"number": case.number})
    assert told.url == f"/flow/{again.id}/difference/{run.id}/"


def test_nothing_new_is_neither_stored_nor_told(world: Any) -> None:
    case, made, _run = traced(world)
    assert follow(case) == []
    ledger(world.analyst_a, case, [("x", "y", 60, 300_00)], into=made)
    assert follow(case) == []
    assert TraceRun.objects.filter(case=case).count() == 1
    assert not Notification.objects.filter(code="trace.changed").exists()


def test_once_followed_it_is_not_run_twice(world: Any) -> None:
    case, made, _run = traced(world)
    ledger(world.analyst_a, case, [("first", "second", 60, 300_00)], into=made)
    assert len(follow(case)) == 1
    assert follow(case) == []
    ledger(world.analyst_a, case, [("second", "third", 90, 200_00)], into=made)
    (third,) = follow(case)
    assert (third.number, third.edges) == (3, 3)
    assert Notification.objects.filter(code="trace.changed", user=world.analyst_a).count() == 2


def test_the_fact_rings_for_the_job(world: Any) -> None:
    case, _made, _run = traced(world)
    with db.unit_of_work(system_user()):
        list(TOPICS["ledger.changed"](Fact("ledger.changed", case.id, system_user())))
    assert Job.objects.filter(kind="trace.follow", subject_id=case.id).count() == 1
