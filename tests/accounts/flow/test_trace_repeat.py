"""Running a trace again after new rows came, and what the difference says."""

from __future__ import annotations

import pytest

from accounts.models import LedgerEntry, TraceRun
from accounts.services.traces import trace_difference, trace_repeat
from antifraud import db
from antifraud.errors import Forbidden, NotFound
from banks.models import User
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.flow.tracing import run, scene
from tests.cast import World

pytestmark = pytest.mark.django_db


def again(by: User, before: TraceRun) -> TraceRun | None:
    with db.unit_of_work(by):
        return trace_repeat(by=by, run=before)


def test_nothing_new_makes_no_run(world: World) -> None:
    at = scene(world)
    before = run(world.analyst_a, at)
    assert again(world.analyst_a, before) is None
    # The ledger changes, but not where this trace reads.
    ledger(world.analyst_a, at.case, [("p", "q", 0, 500)], into=at.made)
    assert again(world.analyst_a, before) is None
    assert TraceRun.objects.count() == 1


def test_a_new_payment_makes_a_new_run_and_the_difference_names_it(world: World) -> None:
    at = scene(world)
    before = run(world.analyst_a, at)
    ledger(world.analyst_a, at.case, [("b", "c", 1300, 20_000)], into=at.made)
    after = again(world.analyst_a, before)
    assert after is not None
    assert (after.number, after.is_automatic, after.ledger_version) == (2, True, 2)
    told = trace_difference(before, after)
    assert [edge["entry"] for edge in told["edges"]["appeared"]] == [at.made.entries[4].pk]
    assert told["edges"]["vanished"] == told["edges"]["changed"] == []
    assert [node["node"] for node in told["nodes"]["appeared"]] == [at.made.node["c"]]
    assert [node["node"] for node in told["nodes"]["changed"]] == [at.made.node["b"]]
    assert (told["params"], told["seeds"], told["ledger"], told["inputs"], told["rule"]) == (
        {},
        False,
        True,
        True,
        False,
    )


def test_other_limits_are_named(world: World) -> None:
    at = scene(world)
    told = trace_difference(run(world.analyst_a, at), run(world.analyst_a, at, max_hops=1))
    assert told["params"] == {"max_hops": {"before": 10, "after": 1}}
    assert len(told["edges"]["vanished"]) == 2
    assert told["totals"]["cut"] == {"before": 0, "after": 100_000}
    assert not told["ledger"]


def test_a_seed_whose_entry_was_made_anew_is_found_again(world: World) -> None:
    at = scene(world)
    before = run(world.analyst_a, at)
    entry = LedgerEntry.objects.get(pk=at.made.entries[0].pk)
    entry.delete()
    entry.pk = None
    entry.save(force_insert=True)
    ledger(world.analyst_a, at.case, [("b", "c", 1300, 20_000)], into=None)
    after = again(world.analyst_a, before)
    assert after is not None
    assert [seed["entry"] for seed in after.seeds] == [entry.pk]
    told = trace_difference(before, after)
    assert told["edges"]["renumbered"] == [{"before": at.made.entries[0].pk, "after": entry.pk}]
    assert told["edges"]["appeared"] == told["edges"]["vanished"] == []
    assert not told["seeds"]


@pytest.mark.parametrize(("who", "refusal"), [("analyst_b", NotFound), ("risk_a", NotFound), ("approver_a", Forbidden)])
def test_who_may_not_leaves_nothing_behind(world: World, who: str, refusal: type[Exception]) -> None:
    at = scene(world)
    before = run(world.analyst_a, at)
    ledger(world.analyst_a, at.case, [("b", "c", 1300, 20_000)], into=at.made)
    with pytest.raises(refusal):
        again(getattr(world, who), before)
    assert TraceRun.objects.count() == 1
