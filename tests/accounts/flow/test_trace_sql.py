"""The rows that PostgreSQL gives lead to the same result as those in memory, on random ledgers."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.rules.tracing import Params, Seed, trace
from accounts.selectors.tracing import LedgerReader
from cases.models import Case
from tests.accounts.factories import new_case
from tests.accounts.flow.trace_rows import insert, sides
from tests.cast import World
from tests.rules.tracing.ledgers import DIRECTIONS, ledgers, limits, seeds_of
from tests.rules.tracing.memory import Ledger, MemoryReader

pytestmark = pytest.mark.django_db
SOME = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def case(world: World) -> Case:
    made = new_case(world.analyst_a)
    sides(made)
    return made


def both_agree(case: Case, ledger: Ledger, seeds: list[Seed], params: Params) -> None:
    with transaction.atomic():
        insert(ledger, case.pk)
        expected = trace(MemoryReader(ledger, params), seeds, params)
        found = trace(LedgerReader(case.pk, "CNY", params), seeds, params)
        transaction.set_rollback(True)
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
        params: Params = data.draw(limits(method, direction))
        both_agree(case, ledger, seeds, params)

    compare()


def test_fifo_asks_hop_by_hop_where_reading_ahead_would_be_too_much(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.selectors.tracing._FEW_ROWS", 1)

    @SOME
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        ledger = data.draw(ledgers())
        seeds = data.draw(seeds_of(ledger))
        params = Params(min_amount_minor=0, max_edges=data.draw(st.integers(1, 4)))
        both_agree(case, ledger, seeds, params)

    compare()
