"""The frontier: its order and its advice; ticked places become orders to all banks, with amounts and hops; refusals leave nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Involvement, LedgerAccount, LedgerEntry, Order, Transfer
from accounts.rules.frontier import HALF_LIFE_HOURS, MICROSECONDS_PER_HOUR, freshness, rank
from accounts.selectors.frontier import FrontierRow, frontier
from accounts.services.frontier import Pick, frontier_draft
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import START
from tests.accounts.flow.runs import NUMBERS, Scene, place, scene, trace


def draft(by: Any, second: Any, case: Scene, *names: str, kind: str = "stop", **more: Any) -> list[Order]:
    picks = [Pick(case.node(name), **({"institution": more["bank"]} if name == "third" else {})) for name in names]
    with db.unit_of_work(by):
        return frontier_draft(
            by=by,
            run_id=case.run.id,
            nodes=picks,
            kind=kind,
            terms=factories.terms(second, kind, **more.get("terms", {})),
        )


def second(world: Any, case: Scene) -> FrontierRow:
    """What the frontier says of `second`, where 200.00 are or may be."""
    return next(each for each in frontier(user=world.analyst_a, run=case.run).rows if each.node == case.node("second"))


def test_freshness_is_the_stated_formula() -> None:
    hour = MICROSECONDS_PER_HOUR
    assert freshness(0, 0) == 1
    assert freshness(HALF_LIFE_HOURS * hour, 0) == 0.5
    assert freshness(3 * HALF_LIFE_HOURS * hour, 0) == 0.25
    assert freshness(0, 5 * hour) == 1
    assert rank(100, HALF_LIFE_HOURS * hour, 0) == 50


def test_places_are_ranked_and_the_rest_is_counted(world: Any) -> None:
    case = scene(world)
    found = frontier(user=world.analyst_a, run=case.run)
    assert [(row.node, row.amount) for row in found.rows] == [
        (case.node("second"), 200_00), (case.node("first"), 150_00), (case.node("third"), 150_00),
    ]  # fmt: skip
    assert found.total == 500_00
    first, third = (next(row for row in found.rows if row.node == case.node(name)) for name in ("first", "third"))
    assert (first.is_certain, first.advice, third.is_certain) == (True, "stop", False)
    assert first.hop is not None
    assert first.hop.amount == 100_00
    assert [name for _bank, code, name, _sure in third.candidates for code in [code] if code == "CCB"] != []


def test_fresh_money_comes_before_more_that_is_old(world: Any) -> None:
    case = scene(world)
    made, now = case.made, int((timezone.now() - START).total_seconds())
    nodes = [
        place(made.node["second"], 1, 900_00, 0, "resting", now - 40 * 3600),
        place(made.node["third"], 1, 800_00, 0, "resting", now),
    ]
    run = trace(world.analyst_a, case.case, case.run.result["edges"], nodes)
    assert [row.node for row in frontier(user=world.analyst_a, run=run).rows] == [
        made.node["third"],
        made.node["second"],
    ]


def test_cash_and_money_that_came_back_are_no_places(world: Any) -> None:
    case = scene(world)
    nodes = [
        {**place(case.node("second"), 2, 100, 0, "cash"), "ends": {"cash": 60, "resting": 40}},
        place(case.node("victim"), 1, 70, 0, "returned"),
    ]
    found = frontier(user=world.analyst_a, run=trace(world.analyst_a, case.case, case.run.result["edges"], nodes))
    assert [(row.node, row.amount, row.end) for row in found.rows] == [(case.node("second"), 40, "resting")]
    assert found.gone == {"cash": 60, "returned": 70}


def test_one_step_drafts_orders_to_all_banks(world: Any) -> None:
    case = scene(world)
    made = draft(world.analyst_a, world.second_a, case, "second", "third", "first", bank=world.bank_b)
    assert [(order.institution_id, order.amount_minor, order.status) for order in made] == [
        (world.bank_b.id, 200_00, "draft"), (world.bank_b.id, 150_00, "draft"), (world.bank_a.id, 150_00, "draft"),
    ]  # fmt: skip
    assert [order.transfer.amount_minor for order in made] == [300_00, 150_00, 100_00]
    assert made[0].transfer.from_account.number.open() == NUMBERS["first"]
    levels = {row.account.number.open(): (row.level, row.role) for row in Involvement.objects.filter(case=case.case)}
    assert levels[NUMBERS["second"]] == (2, "involved")
    assert levels[NUMBERS["first"]] == (1, "involved")
    third = LedgerAccount.objects.get(case=case.case, node=case.node("third"))
    assert (third.institution_id, third.account_id) == (world.bank_b.id, made[1].account_id)
    entry = LedgerEntry.objects.get(pk=case.made.entries[1].pk)
    assert entry.transfer_id == made[0].transfer_id, "the told transfer is this entry: it is not counted twice"
    assert AuditEntry.objects.filter(verb="trace.draft_orders", object_id=case.run.id).count() == 1


def test_done_twice_the_open_order_is_named_and_nothing_is_doubled(world: Any) -> None:
    case = scene(world)
    made = draft(world.analyst_a, world.second_a, case, "second")
    accounts, transfers = Involvement.objects.count(), Transfer.objects.count()
    with pytest.raises(Conflict) as refused:
        draft(world.analyst_a, world.second_a, case, "second")
    assert refused.value.code == "duplicate_order"
    assert (Involvement.objects.count(), Transfer.objects.count(), Order.objects.count()) == (accounts, transfers, 1)
    row = second(world, case)
    assert [(each.state, each.order_number) for each in row.flow.taken] == [("drafted", made[0].number)]
    assert (row.asked, row.advice) == (0, "stop"), "a draft has reached nobody"
    factories.approve(factories.submit(made[0]), world.approver_a)
    row = second(world, case)
    assert (row.asked, row.advice) == (200_00, "done")


def test_a_hold_of_less_than_was_traced_proposes_a_watch(world: Any) -> None:
    case = scene(world, filed=True)
    (order,) = draft(world.analyst_a, world.second_a, case, "second")
    order = factories.approve(factories.submit(order), world.approver_a)
    factories.hold_of(order, world.risk_b, amount_minor=50_00)
    factories.answered(order, world.risk_b, "partial")
    row = second(world, case)
    assert (row.held, row.missing, row.advice) == (50_00, 150_00, "watch")
    until = timezone.now() + timedelta(days=30)
    (watch,) = draft(world.analyst_a, world.second_a, case, "second", kind="watch", terms={"asked_expires_at": until})
    assert (watch.amount_minor, watch.transfer_id) == (None, order.transfer_id)
    factories.answered(factories.approve(factories.submit(watch), world.approver_a), world.risk_b)
    row = second(world, case)
    assert row.advice == "watched"
    assert [(each.kind, each.state, each.until) for each in row.flow.taken if each.kind == "watch"] == [
        ("watch", "active", until)
    ]


def test_a_bank_that_nobody_knows_is_asked_for(world: Any) -> None:
    case = scene(world)
    with factories.nothing_happens(), pytest.raises(Invalid) as refused:
        draft(world.analyst_a, world.second_a, case, "second", "third", bank=None)
    assert list(refused.value.fields) == ["lines.1.institution"]


def test_places_of_no_money_or_of_another_case_are_refused(world: Any) -> None:
    case, other = scene(world), scene(world)
    for node in (case.node("victim"), case.node("aunt"), other.node("first"), 10**12):
        with factories.nothing_happens(), pytest.raises(Invalid) as refused, db.unit_of_work(world.analyst_a):
            frontier_draft(
                by=world.analyst_a,
                run_id=case.run.id,
                nodes=[Pick(node)],
                kind="stop",
                terms=factories.terms(world.second_a),
            )
        assert list(refused.value.fields) == ["lines.0.node"]


def test_terms_are_judged_as_on_the_page_of_orders(world: Any) -> None:
    case = scene(world)
    with factories.nothing_happens(), pytest.raises(Invalid) as refused:
        draft(world.analyst_a, world.analyst_a, case, "second")
    assert list(refused.value.fields) == ["second_officer"]


@pytest.mark.parametrize(("name", "error"), [("analyst_b", NotFound), ("risk_b", NotFound), ("approver_a", Forbidden)])
def test_others_draft_nothing(world: Any, name: str, error: type[Exception]) -> None:
    case = scene(world)
    with factories.nothing_happens(), pytest.raises(error):
        draft(getattr(world, name), world.second_a, case, "second")


def test_an_account_of_the_case_is_found_again_where_the_ledger_names_no_bank(world: Any) -> None:
    case = scene(world)
    known = factories.involve(world.analyst_a, case.case, world.bank_b, number=NUMBERS["third"], level=3)
    (order,) = draft(world.analyst_a, world.second_a, case, "third", bank=world.bank_a)
    assert (order.account_id, order.institution_id) == (known.account_id, world.bank_b.id)
    assert timedelta(0) == order.transfer.at - case.made.entries[2].in_at


@pytest.mark.parametrize("is_known", [False, True], ids=["new to the bank", "known of the bank already"])
def test_a_payer_drafted_without_its_bank_is_completed_when_it_is_drafted_with_it(world: Any, is_known: bool) -> None:
    case = scene(world)
    LedgerAccount.objects.filter(case=case.case, node=case.node("first")).update(institution=None)
    draft(world.analyst_a, world.second_a, case, "second")
    payer = Transfer.objects.get(amount_minor=300_00).from_account
    assert payer.institution is None
    if is_known:
        factories.involve(world.analyst_b, factories.new_case(world.analyst_b), world.bank_a, number=NUMBERS["first"])
    with db.unit_of_work(world.analyst_a):
        (order,) = frontier_draft(
            by=world.analyst_a, run_id=case.run.id, nodes=[Pick(case.node("first"), institution=world.bank_a)], kind="stop",
            terms=factories.terms(world.second_a),
        )  # fmt: skip
    parts = Involvement.objects.filter(case=case.case, account__merged_into__isnull=True).select_related("account")
    mine = [each.account for each in parts if each.account.number.open() == NUMBERS["first"]]
    assert [(account.id, account.institution_id) for account in mine] == [(order.account_id, world.bank_a.id)]
    assert mine[0].number.open() == NUMBERS["first"], "sealed anew under the bank's key"
    assert Transfer.objects.get(amount_minor=300_00).from_account_id == order.account_id
    assert (order.account_id == payer.id) is not is_known
    case.case.refresh_from_db()
    assert case.case.accounts_total == parts.count()


def test_a_payer_that_is_ticked_too_has_the_bank_of_its_own_line(world: Any) -> None:
    case = scene(world)
    LedgerAccount.objects.filter(case=case.case, node=case.node("first")).update(institution=None)
    picks = [Pick(case.node("second")), Pick(case.node("first"), institution=world.bank_a)]
    with db.unit_of_work(world.analyst_a):
        made = frontier_draft(
            by=world.analyst_a, run_id=case.run.id, nodes=picks, kind="stop", terms=factories.terms(world.second_a)
        )
    assert [order.institution_id for order in made] == [world.bank_b.id, world.bank_a.id]
    assert made[0].transfer.from_account_id == made[1].account_id
    parts = Involvement.objects.filter(case=case.case).select_related("account")
    assert [each.account.number.open() for each in parts if each.account.institution_id is None] == []
