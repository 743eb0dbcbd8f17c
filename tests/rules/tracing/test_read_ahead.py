"""What a reader reads ahead saves asking and changes neither result nor inputs; an account's rows are not asked for again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.rules.tracing import Params, Row, Seed, Stretch, trace
from tests.rules.tracing.ledgers import DIRECTIONS, chain_ledger, contradictions, ledgers, limits, seeds_of
from tests.rules.tracing.memory import SIDES, Entry, Ledger, MemoryReader

MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
POOLED = ("pro_rata", "libr")
ALWAYS = 10**18


class AheadReader(MemoryReader):
    """Reads ahead what leaves some accounts, by chance, whether or not any traced money comes there."""

    def __init__(self, ledger: Ledger, params: Params, chance: random.Random, share: float = 0.7) -> None:
        super().__init__(ledger, params)
        self.chance, self.share = chance, share
        self.asked: list[list[int]] = []

    def ahead(self) -> dict[int, tuple[Stretch, list[Row]]]:
        """From the first arrival on, or from a later one; to the end, or a while."""
        marks: dict[int, list[int]] = {}
        for row in self.rows:
            if row.to and row.to not in SIDES and row.currency == self.currency:
                marks.setdefault(row.to, []).append(row.mark(self.params.direction))
        found = {}
        for node, own in sorted(marks.items()):
            if self.chance.random() < self.share:
                mark = self.chance.choice(sorted(own)) if self.share < 1 else min(own) if self.is_forward else max(own)
                last = self.chance.choice([5_000_000, ALWAYS]) if self.share < 1 else ALWAYS
                stretch = Stretch(node, mark, last)
                found[node] = stretch, super().leaving([stretch], ALWAYS)[node] or []
        return found

    def leaving(self, stretches: Sequence[Stretch], most: int) -> dict[int, list[Row] | None]:
        """Counted."""
        self.asked.append(sorted(stretch.node for stretch in stretches))
        return super().leaving(stretches, most)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("method", POOLED)
@pytest.mark.parametrize("made", [ledgers(skew=4), contradictions()], ids=["any", "contradictions"])
def test_no_amount_depends_on_what_was_read_ahead(made: st.SearchStrategy[Ledger], method: str, direction: str) -> None:
    @MANY
    @given(st.data(), st.integers(0, 2**32))
    def compare(data: st.DataObject, chance: int) -> None:
        ledger = data.draw(made)
        seeds = data.draw(seeds_of(ledger))
        hubs, edges = data.draw(st.sampled_from([1, 3, 5000])), data.draw(st.sampled_from([2, 5000]))
        params: Params = data.draw(limits(method, direction, hub_entries=hubs, max_edges=edges))
        plain = trace(MemoryReader(ledger, params), seeds, params)
        ahead = trace(AheadReader(ledger, params, random.Random(chance)), seeds, params)  # noqa: S311 (a test)
        assert ahead.result.as_dict() == plain.result.as_dict()
        assert ahead.inputs_digest() == plain.inputs_digest()

    compare()


# The second seed comes to account 2 by way of 5, which a first round does not know: it takes the ten cents that went on to 7 at
# second 20 for still there, and some of them on to 4. Account 4 pays 2, each before the other by its own clock.
TAKEN_TOO_FAR = (
    Entry(1, 1, 2, 50, 50, 3), Entry(2, 1, 5, 0, 0, 10), Entry(3, 5, 2, 5, 5, 10), Entry(4, 2, 7, 20, 20, 10),
    Entry(5, 2, 4, 60, 30, 5), Entry(6, 4, 2, 40, 55, 5), Entry(7, 2, 6, 70, 2, 3), Entry(8, 6, 8, 8, 8, 3),
)  # fmt: skip
# Here some of the three cents do come to account 4, but only after it had paid 2.
COMES_LATER = (
    Entry(1, 1, 2, 50, 45, 3), *TAKEN_TOO_FAR[1:3], Entry(4, 3, 2, 10, 20, 10), Entry(5, 2, 7, 20, 20, 10),
    Entry(6, 2, 4, 60, 30, 5), Entry(7, 4, 2, 40, 55, 5), Entry(8, 2, 6, 70, 2, 3), Entry(9, 6, 8, 8, 7, 3),
    Entry(10, 2, 4, 71, 61, 4), Entry(11, 2, 6, 38, 48, 5),
)  # fmt: skip


class Chosen(AheadReader):
    """Reads ahead everything that leaves the chosen accounts."""

    def __init__(self, ledger: Ledger, params: Params, chosen: Sequence[int]) -> None:
        super().__init__(ledger, params, random.Random(1), share=1.0)  # noqa: S311 (a test)
        self.chosen = chosen

    def ahead(self) -> dict[int, tuple[Stretch, list[Row]]]:
        """Of these alone."""
        return {node: read for node, read in super().ahead().items() if node in self.chosen}


@pytest.mark.parametrize("method", POOLED)
@pytest.mark.parametrize(("entries", "last"), [(TAKEN_TOO_FAR, 8), (COMES_LATER, 9)], ids=["never", "later"])
def test_what_only_an_early_round_asked_for_decides_no_circle(
    entries: tuple[Entry, ...], last: int, method: str
) -> None:
    ledger, params, nodes = Ledger(entries), Params(method=method, min_amount_minor=0), (2, 4, 5, 6, 7, 8)
    seeds = [Seed(1, 0, 3), Seed(2, 0, 10)]
    plain = trace(MemoryReader(ledger, params), seeds, params)
    if method == "libr":  # three cents go on from 6
        assert {edge.entry: edge.amount for edge in plain.result.edges}[last] == 3
    for count in range(len(nodes) + 1):
        for chosen in combinations(nodes, count):
            found = trace(Chosen(ledger, params, chosen), seeds, params)
            assert found.result.as_dict() == plain.result.as_dict(), chosen
            assert found.inputs_digest() == plain.inputs_digest(), chosen


@pytest.mark.parametrize("method", POOLED)
def test_what_was_read_ahead_is_not_asked_for(method: str) -> None:
    ledger = chain_ledger([90, 80, 70, 60, 50])
    params = Params(method=method, min_amount_minor=0)
    reader = AheadReader(ledger, params, random.Random(1), share=1.0)  # noqa: S311 (a test)
    assert len(trace(reader, [Seed(1, 0, 90)], params).result.edges) == 5
    assert reader.asked == []


class Missing(AheadReader):
    """Reads everything ahead but two accounts."""

    def ahead(self) -> dict[int, tuple[Stretch, list[Row]]]:
        """Without 3 and 5."""
        return {node: read for node, read in super().ahead().items() if node not in {3, 5}}


@pytest.mark.parametrize("method", POOLED)
def test_what_several_rounds_miss_is_asked_for_at_once(method: str) -> None:
    """Account 3 is missed at the second hop, account 5 at the third, on another way."""
    entries = (
        Entry(1, 1, 2, 0, 0, 100), Entry(2, 2, 3, 10, 10, 50), Entry(3, 2, 4, 11, 11, 50), Entry(4, 4, 5, 20, 20, 50),
        Entry(5, 3, 6, 30, 30, 50), Entry(6, 5, 7, 30, 30, 50),
    )  # fmt: skip
    params = Params(method=method, min_amount_minor=0)
    reader = Missing(Ledger(entries), params, random.Random(1), share=1.0)  # noqa: S311 (a test)
    assert len(trace(reader, [Seed(1, 0, 100)], params).result.edges) == 6
    assert reader.asked == [[3, 5]]
