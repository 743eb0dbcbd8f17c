"""Which traces stand for the victims' money: a newer trace of fewer payments hides none of the others, and nothing counts twice."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import CaseLedger, LedgerAccount, LedgerEntry, TraceCheck, TraceRun
from accounts.selectors.flow_bank import bank_flow
from accounts.selectors.trace_checks import run_is_stale, runs_later, runs_stale
from accounts.selectors.victims_traces import VictimsTraces, victims_traces
from accounts.services.traces import trace_run
from accounts.services.victims_traces import victims_trace
from antifraud import db
from antifraud.errors import Forbidden, NotFound
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import Made, ledger
from tests.accounts.flow.runs import NUMBERS
from tests.accounts.flow.test_trace_follow import follow

ROWS = [("victim", "first", 0, 500_00), ("aunt", "second", 5, 700_00), ("victim", "first", 9, 40_00)]


class City:
    """Two victims, three payments of theirs to two accounts, one of which bank A keeps and was ordered to stop."""

    def __init__(self, world: Any) -> None:
        self.world, by = world, world.analyst_a
        self.case = factories.new_case(by)
        for name in ("victim", "aunt"):
            factories.involve(by, self.case, world.bank_b, number=NUMBERS[name], level=0)
        self.made: Made = ledger(by, self.case, ROWS, numbers=NUMBERS)
        row = factories.involve(by, self.case, world.bank_a, number=NUMBERS["first"])
        factories.pay(by, self.case, row.account)
        LedgerAccount.objects.filter(pk=self.made.account["first"].pk).update(institution=world.bank_a)
        self.order = factories.issue(world, row)

    def trace(self, *places: int, **params: Any) -> TraceRun:
        entries = [self.made.entries[place] for place in places]
        seeds = [{"entry": each.pk, "from_minor": 0, "to_minor": each.amount_minor} for each in entries]
        with db.unit_of_work(self.world.analyst_a):
            return trace_run(
                by=self.world.analyst_a, case_id=self.case.pk, seeds=seeds, params={"min_amount_minor": 0} | params
            )

    def found(self) -> VictimsTraces:
        return victims_traces(TraceRun.objects.all(), self.case.pk)

    def numbers(self) -> list[int]:
        return [each.number for each in self.found().chosen]

    def at_bank(self) -> list[int]:
        return [flow.came for flow in bank_flow(user=self.world.risk_a, account_id=self.order.account_id)]

    @property
    def page(self) -> str:
        return f"/cases/{self.case.pk}/flow/frontier/"


@pytest.fixture
def city(world: Any) -> City:
    return City(world)


def test_a_newer_trace_of_one_payment_hides_no_other(city: City, log_in: Any) -> None:
    whole, _one = city.trace(0, 1, 2), city.trace(1)
    assert city.numbers() == [1]
    assert city.at_bank() == [540_00]
    body = log_in(city.world.analyst_a).get(city.page).content.decode()
    assert f'name="run" value="{whole.pk}"' in body
    assert "payments are in this trace" not in body, "nothing is missing"
    assert "in no trace" not in body


def test_of_traces_of_equally_many_the_newest_counts(city: City) -> None:
    city.trace(0, 1, 2)
    newest = city.trace(0, 1, 2, method="pro_rata")
    city.trace(0, 1)
    assert city.found().first is not None
    assert [each.run_id for each in city.found().chosen] == [newest.pk]


def test_traces_that_share_no_payment_stand_together(city: City, log_in: Any) -> None:
    """What the bank sees is the sum; the frontier shows the larger one and leads to the other."""
    other, _first = city.trace(2), city.trace(0, 1)
    assert city.numbers() == [2, 1]
    assert city.at_bank() == [540_00]
    assert not city.found().missing
    client = log_in(city.world.analyst_a)
    body = client.get(city.page).content.decode()
    assert (
        "2 of 3 victims&#x27; payments are in this trace" in body
        or "2 of 3 victims' payments are in this trace" in body
    )
    assert f'href="{city.page}?run={other.pk}"' in body
    assert "Trace 1 has 1 payment" in body
    small = client.get(f"{city.page}?run={other.pk}").content.decode()
    assert "Trace 2 has 2 payments" in small


def test_traces_that_share_a_payment_never_add_up(city: City) -> None:
    city.trace(0, 1)
    city.trace(0, 2)
    assert city.numbers() == [2], "the newest of the two"
    assert city.at_bank() == [540_00]
    assert set(city.found().missing) == {city.made.entries[1].pk}


def test_a_part_of_a_payment_is_not_the_payment(city: City) -> None:
    entry = city.made.entries[0]
    with db.unit_of_work(city.world.analyst_a):
        seeds = [{"entry": entry.pk, "from_minor": 0, "to_minor": 100}]
        trace_run(by=city.world.analyst_a, case_id=city.case.pk, seeds=seeds, params={})
    assert len(city.found().missing) == 3
    city.trace(0)
    assert city.numbers() == [2]


def test_an_entry_that_was_made_anew_is_the_same_payment(city: City) -> None:
    city.trace(0, 1, 2)
    old = city.made.entries.pop(1)
    transfer = factories.pay(
        city.world.analyst_a,
        city.case,
        factories.involve(city.world.analyst_a, city.case, city.world.bank_b, number=NUMBERS["second"]).account,
    )
    run = TraceRun.objects.get(case=city.case)
    run.seeds[1]["transfer"] = str(transfer.pk)
    TraceRun.objects.filter(pk=run.pk).update(seeds=run.seeds)
    LedgerEntry.objects.filter(pk=old.pk).delete()
    ledger(city.world.analyst_a, city.case, [("aunt", "second", 5, 700_00)], into=city.made)
    LedgerEntry.objects.filter(pk=city.made.entries[-1].pk).update(transfer=transfer)
    assert not city.found().missing


def test_new_payments_are_told_and_traced_with_one_click(city: City, log_in: Any) -> None:
    city.trace(0, 1, 2, max_hops=4)
    ledger(
        city.world.analyst_a, city.case, [("victim", "second", 60, 800_00), ("aunt", "third", 70, 1_00)], into=city.made
    )
    client = log_in(city.world.analyst_a)
    for page in (city.page, f"/cases/{city.case.pk}/flow/"):
        body = client.get(page).content.decode()
        assert "payments are in no trace" in body
        assert "801.00" in body
        assert f"/cases/{city.case.pk}/flow/victims/" in body
    assert client.post(f"/cases/{city.case.pk}/flow/victims/").status_code == 303
    made = TraceRun.objects.get(case=city.case, number=2)
    assert (len(made.seeds), made.params["max_hops"], made.run_by_id) == (5, 4, city.world.analyst_a.id)
    assert city.numbers() == [2]
    assert "payments are in no trace" not in client.get(city.page).content.decode()
    with db.unit_of_work(city.world.analyst_a):
        assert victims_trace(by=city.world.analyst_a, case_id=city.case.pk) == []


@pytest.mark.parametrize(("name", "error"), [("analyst_b", NotFound), ("risk_a", (Forbidden, NotFound))])
def test_others_trace_nothing(city: City, name: str, error: Any) -> None:
    user = getattr(city.world, name)
    with factories.nothing_happens(), pytest.raises(error), db.unit_of_work(user):
        victims_trace(by=user, case_id=city.case.pk)


def test_one_currency_does_not_hide_the_other(city: City) -> None:
    ledger(city.world.analyst_a, city.case, [("victim", "first", 90, 5_00)], currency="USD", into=city.made)
    city.trace(0, 1, 2)
    assert [each[0] for each in city.found().missing_sums()] == ["USD"]
    with db.unit_of_work(city.world.analyst_a):
        (made,) = victims_trace(by=city.world.analyst_a, case_id=city.case.pk)
    assert made.currency == "USD"
    assert city.numbers() == [1, 2]
    assert city.at_bank() == [540_00, 5_00]


def test_run_again_with_the_same_outcome_a_trace_is_not_stale(city: City, log_in: Any) -> None:
    run = city.trace(0, 1, 2)
    ledger(city.world.analyst_a, city.case, [("x", "y", 60, 300_00)], into=city.made)
    version = CaseLedger.objects.get(case=city.case).version
    client = log_in(city.world.analyst_a)
    pages = (city.page, f"/cases/{city.case.pk}/flow/")
    assert run_is_stale(run, version)
    assert all("The ledger has changed since" in client.get(page).content.decode() for page in pages)
    assert follow(city.case) == []
    assert TraceCheck.objects.get(run=run).ledger_version == version
    assert not run_is_stale(run, version)
    assert runs_stale([run], version) == set()
    assert not any("The ledger has changed since" in client.get(page).content.decode() for page in pages)
    ledger(city.world.analyst_a, city.case, [("x", "y", 70, 300_00)], into=city.made)
    assert run_is_stale(run, version + 1)


def test_an_earlier_trace_names_the_later_one_of_its_question(city: City, log_in: Any) -> None:
    first = city.trace(0, 1, 2)
    ledger(city.world.analyst_a, city.case, [("first", "third", 60, 300_00)], into=city.made)
    (again,) = follow(city.case)
    assert runs_later(city.case.pk) == {first.pk: again.number}
    body = log_in(city.world.analyst_a).get(f"/cases/{city.case.pk}/flow/").content.decode()
    assert "Traced again since: trace 2" in body
    assert "The ledger has changed since" not in body
