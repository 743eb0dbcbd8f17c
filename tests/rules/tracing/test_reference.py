"""Every method and direction against the reference, on random ledgers."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from accounts.rules.tracing import Params
from tests.rules.tracing.ledgers import DIRECTIONS, METHODS, found_of, ledgers, limits, seeds_of, traced
from tests.rules.tracing.reference import reachable, reference
from tests.rules.tracing.reference_play import Circular

MANY = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", METHODS)
def test_the_engine_finds_what_the_reference_finds(method: str, direction: str) -> None:
    @MANY
    @given(st.data())
    def compare(data: st.DataObject) -> None:
        ledger = data.draw(ledgers())
        seeds = data.draw(seeds_of(ledger))
        params = data.draw(limits(method, direction))
        try:
            expected = reference(ledger, seeds, params)
        except Circular:
            reject()
        found = found_of(traced(ledger, seeds, params).result)
        assert found.edges == expected.edges
        assert found.ends == expected.ends
        assert found.hops == expected.hops

    compare()


@MANY
@given(st.data())
def test_reach_finds_what_time_allows(data: st.DataObject) -> None:
    ledger = data.draw(ledgers())
    seeds = data.draw(seeds_of(ledger))
    params: Params = data.draw(limits("reach", "forward"))
    found = found_of(traced(ledger, seeds, params).result)
    assert found.hops == reachable(ledger, seeds, params)
