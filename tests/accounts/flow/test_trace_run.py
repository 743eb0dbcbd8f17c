"""Running a trace: what is stored, that it can be reproduced, who may, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import LedgerEntry, TraceRun
from accounts.rules.tracing.result import digest
from accounts.services.traces import trace_run, trace_seeds
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.flow.tracing import run, scene
from tests.cast import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "to_a", "to_b"), [("fifo", 50_000, 50_000), ("pro_rata", 40_000, 30_000), ("libr", 0, 40_000)]
)
def test_the_worked_example_on_the_real_ledger(world: World, method: str, to_a: int, to_b: int) -> None:
    at = scene(world)
    made = run(world.analyst_a, at, method=method)
    found = {edge["entry"]: edge["amount"] for edge in made.result["edges"]}
    entries = [entry.pk for entry in at.made.entries]
    wanted = {entries[0]: 100_000, entries[2]: to_a, entries[3]: to_b}
    assert found == {entry: amount for entry, amount in wanted.items() if amount}
    assert made.result["totals"] == {"seed": 100_000, "resting": 100_000 - to_b, "unknown": to_b}
    assert (made.number, made.currency, made.method, made.edges, made.is_cut) == (1, "CNY", method, len(found), False)
    assert (made.ledger_version, made.is_automatic, made.run_by) == (1, False, world.analyst_a)
    kept = TraceRun.objects.get(pk=made.pk)
    assert digest(kept.result) == bytes(kept.result_digest)
    row = AuditEntry.objects.get(verb="trace.run", object_id=made.pk)
    assert json.loads(bytes(row.payload))["detail"]["method"] == method


@pytest.mark.parametrize("method", ["fifo", "pro_rata", "libr", "reach"])
def test_run_again_it_is_the_same_bit_for_bit(world: World, method: str) -> None:
    at = scene(world)
    one, two = (run(world.analyst_a, at, method=method) for _turn in range(2))
    assert (one.number, two.number) == (1, 2)
    assert one.result == two.result
    assert (bytes(one.result_digest), bytes(one.inputs_digest)) == (bytes(two.result_digest), bytes(two.inputs_digest))


def test_backward_it_says_where_the_money_came_from(world: World) -> None:
    at = scene(world)
    with db.unit_of_work(world.analyst_a):
        made = trace_run(
            by=world.analyst_a, case_id=at.case.pk, seeds=[at.seed(3)],
            params={"direction": "backward", "method": "pro_rata", "min_amount_minor": 0},
        )  # fmt: skip
    entries = [entry.pk for entry in at.made.entries]
    assert {edge["entry"]: edge["amount"] for edge in made.result["edges"]} == {
        entries[3]: 60_000, entries[0]: 30_000, entries[1]: 21_000,
    }  # fmt: skip
    assert made.result["totals"] == {"seed": 60_000, "opening": 9_000, "unknown": 51_000}


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("analyst_b", NotFound),
        ("risk_a", NotFound),
        ("machine_a", NotFound),
        ("auditor", NotFound),
        ("approver_a", Forbidden),
    ],
)
def test_who_may_not_leaves_nothing_behind(world: World, who: str, refusal: type[Exception]) -> None:
    at = scene(world)
    with pytest.raises(refusal):
        run(getattr(world, who), at)
    assert not TraceRun.objects.exists()
    assert not AuditEntry.objects.filter(verb="trace.run", outcome="ok").exists()


def test_an_entry_of_another_case_is_no_seed(world: World) -> None:
    at, other = scene(world), factories.new_case(world.analyst_a)
    foreign = ledger(world.analyst_a, other, [("x", "y", 0, 500)])
    with pytest.raises(Invalid) as refused, db.unit_of_work(world.analyst_a):
        trace_run(
            by=world.analyst_a, case_id=at.case.pk, params={},
            seeds=[{"entry": foreign.entries[0].pk, "from_minor": 0, "to_minor": 500}],
        )  # fmt: skip
    assert "is not in the ledger of this case" in str(refused.value.fields["seeds"][0])


@pytest.mark.parametrize(
    ("part", "params", "field"),
    [
        ({"to_minor": 100_001}, {}, "seeds"),
        ({"entry": "7"}, {}, "seeds"),
        ({}, {"max_hops": 0}, "max_hops"),
        ({}, {"until": "noon"}, "until"),
        ({}, {"method": "luck"}, "method"),
    ],
)
def test_bad_input_is_named(world: World, part: dict[str, Any], params: dict[str, Any], field: str) -> None:
    at = scene(world)
    with pytest.raises(Invalid) as refused, db.unit_of_work(world.analyst_a):
        trace_run(by=world.analyst_a, case_id=at.case.pk, seeds=[{**at.seed(), **part}], params=params)
    assert list(refused.value.fields) == [field]
    assert not TraceRun.objects.exists()


def test_a_ledger_that_keeps_changing_is_not_traced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at, versions = scene(world), iter(range(100))
    from accounts.services import traces

    real: Callable[..., Any] = traces._ledger

    def moving(case_id: Any) -> Any:
        found = real(case_id)
        found.version = next(versions)
        return found

    monkeypatch.setattr(traces, "_ledger", moving)
    with pytest.raises(Conflict) as refused:
        run(world.analyst_a, at)
    assert refused.value.code == "ledger_changing"
    assert not TraceRun.objects.exists()


def test_the_victims_payments_are_the_seeds(world: World) -> None:
    at = scene(world)
    ledger(world.analyst_a, at.case, [("v", "m", 5, 40)], currency="EUR", into=at.made)
    found = trace_seeds(user=world.analyst_a, case=at.case)
    entries = LedgerEntry.objects.filter(case=at.case, src=at.made.node["v"]).order_by("pk")
    assert {currency: [tuple(seed) for seed in seeds] for currency, seeds in found.items()} == {
        "CNY": [(entries[0].pk, 0, 100_000)],
        "EUR": [(entries[1].pk, 0, 40)],
    }
    assert trace_seeds(user=world.analyst_b, case=at.case) == {}
