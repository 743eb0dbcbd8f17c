"""The rows that PostgreSQL gives lead to the same result as those in memory, on random ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.rules.tracing import Params, Seed, Traced, trace
from accounts.selectors.prepared import fetch
from accounts.selectors.tracing import LedgerReader
from cases.models import Case
from tests.accounts.factories import new_case
from tests.accounts.flow.trace_rows import insert, sides
from tests.cast import World
from tests.rules.tracing.ledgers import DIRECTIONS, contradictions, ledgers, limits, seeds_of
from tests.rules.tracing.memory import CASH_NODE, Entry, Ledger, MemoryReader

pytestmark = pytest.mark.django_db
SOME = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def case(world: World) -> Case:
    made = new_case(world.analyst_a)
    sides(made)
    return made


def both(case: Case, ledger: Ledger, seeds: list[Seed], params: Params) -> tuple[Traced, Traced]:
    """From memory and from the database."""
    with transaction.atomic():
        insert(ledger, case.pk)
        expected = trace(MemoryReader(ledger, params), seeds, params)
        found = trace(LedgerReader(case.pk, "CNY", params), seeds, params)
        transaction.set_rollback(True)
    return expected, found


def both_agree(case: Case, ledger: Ledger, seeds: list[Seed], params: Params) -> None:
    expected, found = both(case, ledger, seeds, params)
    assert found.result.as_dict() == expected.result.as_dict()
    assert found.inputs_digest() == expected.inputs_digest()


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", ["fifo", "pro_rata", "libr", "reach"])
def test_rows_from_the_database_give_the_same_trace(case: Case, method: str, direction: str) -> None:
    @SOME
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        ledger = data.draw(ledgers())
        seeds = data.draw(seeds_of(ledger))
        params: Params = data.draw(limits(method, direction, hub_entries=data.draw(st.sampled_from([1, 3, 5000]))))
        both_agree(case, ledger, seeds, params)

    compare()


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", ["fifo", "pro_rata", "libr", "reach"])
def test_also_where_clocks_contradict_each_other(case: Case, method: str, direction: str) -> None:
    """Circles then wait, and what was read ahead, also of accounts that nothing traced comes to, may not decide who goes."""

    @settings(SOME, max_examples=80)
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        ledger = data.draw(contradictions())
        both_agree(case, ledger, data.draw(seeds_of(ledger)), data.draw(limits(method, direction)))

    compare()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_reach_follows_into_other_currencies(case: Case, direction: str) -> None:
    @SOME
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        ledger = data.draw(ledgers())
        seed, *others = ledger.entries
        mixed = (replace(entry, currency=data.draw(st.sampled_from(["CNY", "CNY", "EUR"]))) for entry in others)
        ledger = Ledger((seed, *mixed))  # in memory the facts of an account are not kept apart by currency
        expected, found = both(case, ledger, [Seed(seed.id, 0, seed.amount)], data.draw(limits("reach", direction)))
        assert found.result.as_dict() == expected.result.as_dict()
        assert found.read == expected.read

    compare()


@pytest.mark.parametrize("method", ["fifo", "reach"])
def test_asks_hop_by_hop_where_reading_ahead_would_be_too_much(
    case: Case, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr("accounts.selectors.tracing._FEW_ROWS", 1)
    monkeypatch.setattr("accounts.selectors.tracing._FEW_REACHED", 1)

    @SOME
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        ledger = data.draw(ledgers())
        seeds = data.draw(seeds_of(ledger))
        params = Params(method=method, min_amount_minor=0, max_edges=data.draw(st.integers(1, 4)))
        both_agree(case, ledger, seeds, params)

    compare()


# The money passes an account and comes in part to cash, in part to an account that keeps it.
PASSING = Ledger(
    (Entry(1, 1, 2, 0, 0, 100), Entry(2, 2, 3, 10, 10, 60), Entry(3, 3, CASH_NODE, 20, 20, 50), Entry(4, 2, 4, 30, 30, 40)),
    covered=dict.fromkeys((1, 2, 3, 4), (0, 100)),
)  # fmt: skip


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("method", "statements"), [("fifo", 1), ("pro_rata", 2), ("libr", 2), ("reach", 1)])
def test_a_small_trace_asks_the_server_once(
    case: Case, monkeypatch: pytest.MonkeyPatch, method: str, statements: int, direction: str
) -> None:
    """Pro rata and LIBR a second time, for the least balance after the window."""
    asked = []

    def counted(name: str, sql: str, types: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        asked.append(name)
        return fetch(name, sql, types, values)

    monkeypatch.setattr("accounts.selectors.tracing.fetch", counted)
    seed = Seed(1, 0, 100) if direction == "forward" else Seed(3, 0, 50)
    params = Params(method=method, direction=direction, min_amount_minor=0)
    both_agree(case, PASSING, [seed], params)
    assert len(asked) == statements, asked


def test_the_server_plans_a_statement_once(case: Case) -> None:
    """Else it would plan for every trace's values anew, which lasts longer than the trace."""
    for _turn in range(7):
        both_agree(case, PASSING, [Seed(1, 0, 100)], Params(min_amount_minor=0))
    with connection.cursor() as cursor:
        cursor.execute("SELECT custom_plans FROM pg_prepared_statements WHERE name = 'trace_fifo_forward'")
        assert cursor.fetchall() == [(0,)]
