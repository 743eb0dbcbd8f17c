"""Values with which the statements of a trace must not fail: accounts emptied again and again, seeds of nothing."""

from __future__ import annotations

import pytest

from accounts.rules.tracing import Params, ParamsError, Seed, trace
from accounts.selectors.tracing import LedgerReader
from tests.accounts.factories import new_case
from tests.accounts.flow.ledger_rows import ledger
from tests.cast import World
from tests.rules.tracing.ledgers import DIRECTIONS

pytestmark = pytest.mark.django_db
EVERY = ("fifo", "pro_rata", "libr", "reach")


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", EVERY)
def test_an_account_emptied_forty_times_in_the_window(world: World, method: str, direction: str) -> None:
    case = new_case(world.analyst_a)
    rows = [("victim", "mule", 0, 100_000)]
    for turn in range(40):
        rows += [("mule", f"a{turn}", 60 + turn * 120, 100_000), ("other", "mule", 120 + turn * 120, 100_000)]
    made = ledger(world.analyst_a, case, rows)
    seed = made.entries[0] if direction == "forward" else made.entries[-2]
    params = Params(method=method, direction=direction, min_amount_minor=0)
    totals = dict(
        trace(LedgerReader(case.pk, "CNY", params), [Seed(seed.pk, 0, seed.amount_minor)], params).result.totals
    )
    assert totals.pop("seed") == 100_000
    if method != "reach":
        assert sum(totals.values()) == 100_000


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", EVERY)
@pytest.mark.parametrize("part", [(5, 5), (7, 5), (0, 0)])
def test_a_seed_of_nothing_is_refused_by_its_name(
    world: World, method: str, direction: str, part: tuple[int, int]
) -> None:
    case = new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("victim", "mule", 0, 100_000), ("mule", "x", 60, 100_000)])
    entry = made.entries[0 if direction == "forward" else 1]
    params = Params(method=method, direction=direction)
    with pytest.raises(ParamsError) as refused:
        trace(LedgerReader(case.pk, "CNY", params), [Seed(entry.pk, *part)], params)
    assert [problem.code for problem in refused.value.problems] == ["seed_range"]
