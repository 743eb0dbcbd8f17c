"""The frontier's page: which bank stands in a box, the currency and amounts of the orders, filter, pages and one bank for all."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.models import LedgerAccount, Order
from accounts.selectors.frontier import FrontierRow, frontier
from accounts.services.frontier import MOST_PICKS, Pick, frontier_draft
from antifraud import db
from antifraud.errors import Invalid
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.flow.runs import NUMBERS, Scene, edge, place, scene, trace


def third(world: Any, case: Scene, text: str) -> FrontierRow:
    """`third` has a card of the China Construction Bank; `text` is what the statement says."""
    LedgerAccount.objects.filter(case=case.case, node=case.node("third")).update(institution_text=text)
    return next(row for row in frontier(user=world.analyst_a, run=case.run).rows if row.node == case.node("third"))


def boxes(body: str, case: Scene) -> list[str]:
    """What is chosen as the bank of `third`."""
    box = body.split(f'id="institution-{case.node("third")}"')[1].split("</select>")[0]
    return re.findall(r'value="([^"]*)" selected', box)


def data(world: Any, case: Scene, *names: str, **more: Any) -> dict[str, Any]:
    return {
        "run": str(case.run.id), "kind": "stop", "verb": "save", "pick": [str(case.node(name)) for name in names],
        "legal_basis": factories.FRAUD_20, "second_officer": str(world.second_a.id), "urgency": "01", "mode": "limited",
        "currency": "CNY", "reason": "",
    } | more  # fmt: skip


def address(case: Scene) -> str:
    return f"/cases/{case.case.id}/flow/frontier/"


@pytest.mark.parametrize(
    ("text", "first", "doubt"),
    [
        ("", "bank_b", False),
        ("中国建设银行", "bank_b", False),
        ("中国建设银行武汉分行", "bank_b", False),
        ("china construction bank", "bank_b", False),
        ("中国工商银行", None, True),
        ("工行", None, True),
        ("中国工商银行东城支行", None, True),
        ("某某银行", None, True),
    ],
)
def test_the_bank_that_the_statement_names_is_not_overruled_by_the_card_prefix(
    world: Any, log_in: Any, text: str, first: str | None, doubt: bool
) -> None:
    case = scene(world)
    row = third(world, case, text)
    assert row.proposed == (getattr(world, first) if first else None)
    assert bool(row.contradicted_by) is doubt
    body = log_in(world.analyst_a).get(address(case)).content.decode()
    assert boxes(body, case) == ([str(row.proposed.id)] if row.proposed else [])
    assert (f"The statement says {text}, the card prefix means China Construction Bank" in body) is doubt


@pytest.mark.parametrize(
    ("text", "first"), [("中国工商银行", "bank_a"), ("中国工商银行东城支行", "branch_a"), ("某某银行", None)]
)
def test_without_a_prefix_the_statement_decides(world: Any, text: str, first: str | None) -> None:
    case = scene(world)
    made = ledger(
        world.analyst_a,
        case.case,
        [("first", "nobody", 30, 10_00)],
        into=case.made,
        numbers={"nobody": "9999000011112222"},
    )
    run = trace(
        world.analyst_a, case.case, [edge(made, 6, 1, 10_00)], [place(made.node["nobody"], 1, 10_00, 0, "unknown", 30)]
    )
    LedgerAccount.objects.filter(node=made.node["nobody"]).update(institution_text=text)
    (row,) = frontier(user=world.analyst_a, run=run).rows
    assert (row.proposed, row.contradicted_by) == (getattr(world, first) if first else None, "")


def test_orders_are_in_the_currency_of_the_trace(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    body = client.get(address(case)).content.decode()
    assert body.split('name="currency"')[1].split("</select>")[0].count("<option") == 1
    refused = client.post(address(case), data(world, case, "second", currency="USD"))
    assert refused.status_code == 422
    terms = factories.terms(world.second_a, "stop", currency="USD")
    picks = [Pick(case.node("second"))]
    with factories.nothing_happens(), pytest.raises(Invalid) as wrong, db.unit_of_work(world.analyst_a):
        frontier_draft(by=world.analyst_a, run_id=case.run.id, nodes=picks, kind="stop", terms=terms)
    assert list(wrong.value.fields) == ["currency"]
    assert not Order.objects.filter(case=case.case).exists()


def test_more_than_was_traced_needs_a_tick(world: Any, log_in: Any) -> None:
    case = scene(world)
    client, node = log_in(world.analyst_a), case.node("second")
    asked = data(world, case, "second", **{f"amount-{node}": "1,000,000.00"})
    refused = client.post(address(case), asked)
    body = refused.content.decode()
    assert refused.status_code == 422
    assert "CNY 1,000,000.00 is more than the CNY 200.00 traced to this account" in body
    assert f'id="above-{node}"' in body
    assert not Order.objects.filter(case=case.case).exists()
    assert client.post(address(case), asked | {"above": [str(node)]}).status_code == 303
    assert Order.objects.get(case=case.case).amount_minor == 1_000_000_00


def test_what_was_traced_or_less_needs_none(world: Any, log_in: Any) -> None:
    case = scene(world)
    body = log_in(world.analyst_a).get(address(case)).content.decode()
    assert 'name="above"' not in body
    asked = data(world, case, "second", **{f"amount-{case.node('second')}": "200.00"})
    assert log_in(world.analyst_a).post(address(case), asked).status_code == 303


def test_one_bank_for_all_ticked_accounts_without_one(world: Any, log_in: Any) -> None:
    case = scene(world)
    third(world, case, "中国工商银行")
    asked = data(world, case, "second", "third")
    client = log_in(world.analyst_a)
    assert client.post(address(case), asked).status_code == 422
    assert client.post(address(case), asked | {"institution-rest": str(world.bank_a.id)}).status_code == 303
    banks = {order.account.number.open(): order.institution_id for order in Order.objects.filter(case=case.case)}
    assert banks == {NUMBERS["second"]: world.bank_b.id, NUMBERS["third"]: world.bank_a.id}, "a known bank stays"


def test_filter_by_bank_and_amount(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)

    def shown(query: str) -> list[str]:
        body = client.get(f"{address(case)}?{query}").content.decode()
        return [name for name in ("first", "second", "third") if f'id="row-{case.node(name)}"' in body]

    assert shown("") == ["first", "second", "third"]
    assert shown(f"bank={world.bank_b.id}") == ["second"]
    assert shown("bank=-") == ["third"]
    assert shown("min=200") == ["second"]
    assert shown("min=x") == ["first", "second", "third"]
    asked = data(world, case, "second", "third", **{f"institution-{case.node('third')}": str(world.bank_b.id)})
    assert client.post(f"{address(case)}?min=200", asked).status_code == 303
    amounts = set(Order.objects.filter(case=case.case).values_list("amount_minor", flat=True))
    assert amounts == {200_00, 150_00}, "what was ticked is never left out"


def test_a_long_frontier_comes_in_pages(world: Any, log_in: Any) -> None:
    case = scene(world)
    count = MOST_PICKS + 30
    rows = [("first", f"r{n}", 100 + n, 1_00 + n) for n in range(count)]
    made = ledger(world.analyst_a, case.case, rows, into=case.made)
    edges = [edge(made, 6 + n, 1, 1_00 + n) for n in range(count)]
    places = [place(made.node[f"r{n}"], 1, 1_00 + n, 0, "unknown", 100 + n) for n in range(count)]
    run = trace(world.analyst_a, case.case, edges, places)
    client = log_in(world.analyst_a)
    first, second, beyond = (
        client.get(f"{address(case)}?run={run.id}&page={page}").content.decode() for page in (1, 2, "9" * 30)
    )
    nodes = [set(re.findall(r'id="row-(\d+)"', body)) for body in (first, second, beyond)]
    assert [len(each) for each in nodes] == [MOST_PICKS, 30, 30]
    assert not nodes[0] & nodes[1]
    assert "page=2" in first
    row = min(nodes[1])
    posted = client.post(f"{address(case)}?page=1", data(world, case) | {"run": str(run.id), "pick": [row]})
    assert posted.status_code == 422
    assert f'id="row-{row}"' in posted.content.decode(), "what was ticked stays, wherever it stands now"
