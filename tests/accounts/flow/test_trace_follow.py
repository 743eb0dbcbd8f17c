"""New payments extend a trace by themselves: run again by the platform, stored where it differs, told with a link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import CaseLedger, LedgerEntry, TraceRun
from accounts.services.trace_follow import AT_ONCE, FOLLOW, trace_follow_work, traces_follow, traces_stale
from accounts.services.traces import trace_run
from antifraud import db
from antifraud.deliveries import TOPICS, Fact
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from antifraud.jobs.runner import Work, job_run
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
        found = CaseLedger.objects.select_related("case").get(case=case)
        return traces_follow(by=by, ledger=found, stale=traces_stale(found, by=by))


def ask(world: Any, case: Any, entry: Any, amount: int, **params: Any) -> TraceRun:
    """The trace of the first `amount` of a payment."""
    with db.unit_of_work(world.analyst_a):
        seeds = [{"entry": entry.pk, "from_minor": 0, "to_minor": amount}]
        return trace_run(by=world.analyst_a, case_id=case.id, seeds=seeds, params={"min_amount_minor": 100} | params)


def job_done(case: Any) -> str:
    with db.unit_of_work(system_user()):
        job = queue.submit(FOLLOW, case.id, by=system_user())
    return job_run(job.pk, {FOLLOW: Work(trace_follow_work)})


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


def test_victims_who_lost_equal_amounts_are_followed_apart(world: Any) -> None:
    case = factories.new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("one", "first", 0, 500_00), ("other", "mule", 5, 500_00)])
    runs = [ask(world, case, entry, 500_00) for entry in made.entries]
    ledger(world.analyst_a, case, [("first", "second", 60, 300_00), ("mule", "keeper", 65, 400_00)], into=made)
    again = follow(case)
    assert [run.seeds for run in again] == [run.seeds for run in runs]
    assert [run.edges for run in again] == [2, 2]
    assert Notification.objects.filter(code="trace.changed").count() == 1, "one change, one notice"


def test_the_question_stays_the_same_where_its_entry_was_made_anew(world: Any) -> None:
    case = factories.new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("victim", "first", 0, 500_00)], covered=("first",))
    run = ask(world, case, made.entries[0], 500_00)
    old = made.entries.pop()
    LedgerEntry.objects.filter(pk=old.pk).delete()
    ledger(world.analyst_a, case, [("victim", "first", 0, 500_00)], covered=("victim",), into=made)
    LedgerEntry.objects.filter(pk=made.entries[0].pk).update(in_line=run.seeds[0]["in_line"])
    ledger(world.analyst_a, case, [("first", "second", 60, 300_00)], into=made)
    (again,) = follow(case)
    assert set(again.seeds[0]) > {"out_line", "in_line"}
    assert again.seeds[0]["entry"] != run.seeds[0]["entry"]
    ledger(world.analyst_a, case, [("second", "third", 90, 200_00)], into=made)
    assert len(follow(case)) == 1, "the first run is not asked beside its own follower"


@pytest.mark.django_db
def test_many_questions_starve_none(world: Any) -> None:
    """Questions that stay as they were fill the first turns; the last one is reached all the same."""
    case = factories.new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("victim", "first", 0, 500_00), ("other", "mule", 5, 500_00)])
    changing = ask(world, case, made.entries[0], 500_00)
    for amount in range(1, AT_ONCE + 1):
        ask(world, case, made.entries[1], amount * 10_00)
    last = ask(world, case, made.entries[0], 400_00)
    ledger(world.analyst_a, case, [("first", "second", 60, 300_00)], into=made)
    assert job_done(case) == "done"
    found = TraceRun.objects.filter(case=case, is_automatic=True).order_by("number")
    assert [run.seeds for run in found] == [changing.seeds, last.seeds]
    assert job_done(case) == "done"
    assert found.count() == 2, "what was followed is not stale any more"


def test_the_stalest_come_first(world: Any) -> None:
    case = factories.new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("victim", "first", 0, 500_00)])
    first = ask(world, case, made.entries[0], 500_00)
    ledger(world.analyst_a, case, [("first", "second", 60, 300_00)], into=made)
    fresh = ask(world, case, made.entries[0], 500_00)
    later = ask(world, case, made.entries[0], 400_00)
    found = CaseLedger.objects.get(case=case)
    assert traces_stale(found, by=system_user()) == [], "the newest runs stand on this version"
    TraceRun.objects.filter(pk=later.pk).update(ledger_version=first.ledger_version)
    ledger(world.analyst_a, case, [("second", "third", 90, 200_00)], into=made)
    stale = traces_stale(CaseLedger.objects.get(case=case), by=system_user())
    assert [each.run_id for each in stale] == [later.pk, fresh.pk]


def test_a_question_that_cannot_be_asked_any_more_keeps_no_other_back(world: Any) -> None:
    case = factories.new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("victim", "first", 0, 500_00), ("other", "mule", 5, 500_00)])
    runs = [ask(world, case, entry, 500_00) for entry in made.entries]
    LedgerEntry.objects.filter(pk=made.entries[0].pk).update(amount_minor=100_00)
    ledger(world.analyst_a, case, [("mule", "keeper", 60, 400_00)], into=made)
    (again,) = follow(case)
    assert again.seeds == runs[1].seeds


def of_a_victim(world: Any) -> tuple[Any, Made]:
    """victim -> first -> shop, where the case has the victim's account."""
    case = factories.new_case(world.analyst_a, filed=True)
    number = factories.card()
    factories.involve(world.analyst_a, case, world.bank_b, number=number, level=0)
    rows: list[Any] = [("victim", "first", 0, 500_00), ("first", "shop", 30, 100_00)]
    return case, ledger(world.analyst_a, case, rows, numbers={"victim": number})


def test_what_begins_elsewhere_than_with_a_victim_is_not_followed(world: Any) -> None:
    case, made = of_a_victim(world)
    mine = ask(world, case, made.entries[0], 500_00)
    ask(world, case, made.entries[1], 100_00)
    ledger(world.analyst_a, case, [("shop", "keeper", 60, 90_00), ("first", "second", 70, 300_00)], into=made)
    assert [run.seeds for run in follow(case)] == [mine.seeds]


def test_a_victims_payment_whose_entry_was_made_anew_is_still_theirs(world: Any) -> None:
    case, made = of_a_victim(world)
    run = ask(world, case, made.entries[0], 500_00)
    line = uuid4()
    entry = made.entries.pop(0)
    TraceRun.objects.filter(pk=run.pk).update(seeds=[run.seeds[0] | {"out_line": str(line)}])
    LedgerEntry.objects.filter(pk=entry.pk).delete()
    ledger(world.analyst_a, case, [("victim", "first", 0, 500_00), ("first", "second", 70, 300_00)], into=made)
    LedgerEntry.objects.filter(pk=made.entries[1].pk).update(out_line=line)
    assert len(follow(case)) == 1


def test_of_each_method_the_question_asked_last_is_followed_and_one_notice_is_given(world: Any) -> None:
    case, made = of_a_victim(world)
    ask(world, case, made.entries[0], 500_00, max_hops=3)
    last = ask(world, case, made.entries[0], 500_00, max_hops=5)
    other = ask(world, case, made.entries[0], 500_00, method="pro_rata")
    ledger(world.analyst_a, case, [("first", "second", 60, 300_00)], into=made)
    again = follow(case)
    assert [(run.method, run.params["max_hops"]) for run in again] == [("fifo", 5), ("pro_rata", 10)]
    (told,) = Notification.objects.filter(code="trace.changed")
    assert told.url == f"/flow/{again[0].id}/difference/{last.id}/"
    ledger(world.analyst_a, case, [("second", "third", 90, 200_00)], into=made)
    assert len(follow(case)) == 2
    assert TraceRun.objects.filter(case=case, seeds=other.seeds).count() == 7


def test_who_heard_of_the_credit_does_not_hear_of_the_trace_as_well(world: Any) -> None:
    case, made = of_a_victim(world)
    ask(world, case, made.entries[0], 500_00)
    watch = factories.draft(
        world.analyst_a, world.second_a, factories.involve(world.analyst_a, case, world.bank_a), "watch",
        asked_expires_at=timezone.now() + timedelta(days=30),
    )  # fmt: skip
    with db.unit_of_work(system_user()):
        list(TOPICS["watch.credited"](Fact("watch.credited", watch.id, system_user())))
    ledger(world.analyst_a, case, [("first", "second", 60, 300_00)], into=made)
    assert len(follow(case)) == 1
    assert [each.code for each in Notification.objects.filter(user=world.analyst_a)] == ["watch.credited"]
    ledger(world.analyst_a, case, [("second", "third", 90, 200_00)], into=made)
    assert len(follow(case)) == 1
    assert Notification.objects.filter(code="trace.changed").count() == 1, "this change has another cause"
