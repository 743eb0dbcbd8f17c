"""A trace of one account: which of its payments are offered, and that it drives neither frontier nor bank view nor cascade."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.models import Hold, LedgerAccount, TraceRun
from accounts.selectors.cascades import cascade_of
from accounts.selectors.flow_bank import bank_flow
from accounts.selectors.flow_seeds import seed_choices
from accounts.services.traces import trace_run
from antifraud import db
from antifraud.errors import Invalid
from tests.accounts import answering, factories
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.flow.runs import NUMBERS, Scene, edge, place, scene, trace
from tests.accounts.flow.test_cascade import end

DATA = {
    "method": "fifo", "min_amount": "1", "window_hours": "24", "max_hops": "10", "max_edges": "500", "until": "",
}  # fmt: skip


def of_account(world: Any, case: Scene) -> TraceRun:
    """Run after the victim's: begins with what `first` paid to `second`."""
    edges = [edge(case.made, 1, 1, 300_00)]
    nodes = [place(case.node("first"), 0, 0, 300_00, "passed"), place(case.node("second"), 1, 300_00, 0, "unknown", 7)]
    return trace(world.analyst_a, case.case, edges, nodes)


def ticked(body: str) -> set[int]:
    return {int(key) for key in re.findall(r'name="seeds" value="(\d+)"[^>]* checked', body)}


@pytest.mark.parametrize(("direction", "fitting"), [("forward", (1, 2, 4)), ("backward", (0, 3, 5))])
def test_of_an_account_only_the_payments_that_fit_are_ticked(
    world: Any, log_in: Any, direction: str, fitting: tuple[int, ...]
) -> None:
    case = scene(world)
    keys = {at: case.made.entries[at].pk for at in range(6)}
    found = seed_choices(user=world.analyst_a, case=case.case, node=case.node("first"))
    assert {seed.entry for seed in found if seed.direction == direction} == {keys[at] for at in fitting}
    address = f"/cases/{case.case.id}/flow/?from={case.node('first')}"
    body = log_in(world.analyst_a).get(f"{address}&direction={direction}").content.decode()
    assert ticked(body) == {keys[at] for at in fitting}
    assert body.count('name="seeds"') == 6, "without JavaScript both groups are there"
    assert "Payments out of this account, to trace forward" in body
    assert "Payments into this account, to trace backward" in body


def test_the_victims_payments_fit_every_direction(world: Any, log_in: Any) -> None:
    case = scene(world)
    body = log_in(world.analyst_a).get(f"/cases/{case.case.id}/flow/?direction=backward").content.decode()
    assert ticked(body) == {case.made.entries[0].pk}
    assert "data-direction" not in body


@pytest.mark.parametrize(
    ("direction", "sentence"), [("forward", "payments out of it. Untick"), ("backward", "payments into it. Untick")]
)
def test_seeds_of_both_sides_are_refused(world: Any, log_in: Any, direction: str, sentence: str) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    address = f"/cases/{case.case.id}/flow/?from={case.node('first')}"
    keys = [case.made.entries[at].pk for at in (0, 1)]
    refused = client.post(address, DATA | {"direction": direction, "seeds": [str(key) for key in keys]})
    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    assert ticked(refused.content.decode()) == set(keys), "what was ticked stays"
    seeds = [{"entry": keys[0 if direction == "forward" else 1], "from_minor": 0, "to_minor": 100}]
    with pytest.raises(Invalid) as wrong, db.unit_of_work(world.analyst_a):
        trace_run(
            by=world.analyst_a, case_id=case.case.id, seeds=seeds, params={"direction": direction},
            account=case.node("first"),
        )  # fmt: skip
    assert list(wrong.value.fields) == ["seeds"]
    assert TraceRun.objects.filter(case=case.case).count() == 1
    good = str(keys[1 if direction == "forward" else 0])
    assert client.post(address, DATA | {"direction": direction, "seeds": [good]}).status_code == 303
    assert TraceRun.objects.filter(case=case.case).count() == 2


def test_the_frontier_stays_with_the_victims_money(world: Any, log_in: Any) -> None:
    case = scene(world)
    other = of_account(world, case)
    client = log_in(world.analyst_a)
    address = f"/cases/{case.case.id}/flow/frontier/"
    body = client.get(address).content.decode()
    assert f'name="run" value="{case.run.id}"' in body
    assert "does not begin with victims" not in body
    chosen = client.get(f"{address}?run={other.id}").content.decode()
    assert f'name="run" value="{other.id}"' in chosen, "an officer may choose it"
    assert "This trace does not begin with victims" in chosen
    TraceRun.objects.filter(pk=case.run.pk).delete()
    assert "No trace yet" in client.get(address).content.decode()


def test_a_bank_sees_the_victims_trace(world: Any) -> None:
    case = scene(world)
    row = factories.involve(world.analyst_a, case.case, world.bank_a, number=NUMBERS["first"], name="李四")
    factories.pay(world.analyst_a, case.case, row.account)
    order = factories.issue(world, row)
    before = bank_flow(user=world.risk_a, account_id=order.account_id)
    assert [(flow.came, flow.left) for flow in before] == [(600_00, 450_00)]
    of_account(world, case)
    assert bank_flow(user=world.risk_a, account_id=order.account_id) == before


def test_a_cascade_takes_no_account_for_a_source(world: Any) -> None:
    """victim → mule → keeper; somebody traced what another account, fed by nobody known, paid to the keeper."""
    case = factories.new_case(world.analyst_a, filed=True)
    factories.involve(world.analyst_a, case, world.bank_b, number=NUMBERS["victim"], level=0)
    mule, keeper = (
        Hold.objects.select_related("account", "case").get(pk=answering.held(world, "freeze", case=case).pk)
        for _ in range(2)
    )
    rows = [("victim", "mule", 0, 400_000), ("mule", "middle", 60, 300_000), ("middle", "keeper", 90, 300_000)]
    made = ledger(world.analyst_a, case, rows, covered=("mule", "middle"), numbers=NUMBERS)
    for name, hold in (("mule", mule), ("keeper", keeper)):
        LedgerAccount.objects.filter(pk=made.account[name].pk).update(account=hold.account)
    end(world, mule, "error")
    for entry in (made.entries[0], made.entries[2]):
        with db.unit_of_work(world.analyst_a):
            seeds = [{"entry": entry.pk, "from_minor": 0, "to_minor": entry.amount_minor}]
            trace_run(by=world.analyst_a, case_id=case.pk, seeds=seeds, params={})
    _wrong, found = cascade_of(user=world.analyst_a, hold_id=mule.pk)
    assert [(each.hold.pk, each.is_only) for each in found] == [(keeper.pk, True)]
