"""Filed payments whose payer nobody knows are victims' money like any other; entries made anew cost no statement each."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import LedgerEntry, TraceRun
from accounts.selectors.frontier import frontier
from accounts.selectors.traces import entries_now, seeds_again, trace_seeds
from accounts.services.victims_traces import victims_trace
from antifraud import db
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.flow.test_victims_traces import City

FILED = 90_00


@pytest.fixture
def unnamed(world: Any) -> City:
    """Beside the named payments one into `first` that was filed without its payer: the entry at place 3."""
    city = City(world)
    told = factories.pay(world.analyst_a, city.case, city.order.account, amount=FILED)
    ledger(world.analyst_a, city.case, [(None, "first", 20, FILED)], into=city.made)
    LedgerEntry.objects.filter(pk=city.made.entries[3].pk).update(transfer=told)
    return city


def traced_to_first(city: City) -> int:
    """What the traces that stand for the victims' money say of the account."""
    runs = TraceRun.objects.filter(pk__in=[each.run_id for each in city.found().chosen])
    found = [frontier(user=city.world.analyst_a, run=run) for run in runs]
    return sum(row.amount for each in found for row in each.rows if row.node == city.made.node["first"])


def test_the_payments_are_those_that_a_trace_begins_with(unnamed: City) -> None:
    (seeds,) = trace_seeds(user=unnamed.world.analyst_a, case=unnamed.case).values()
    assert [seed.entry for seed in seeds] == list(unnamed.found().payments)
    assert unnamed.made.entries[3].pk in unnamed.found().payments


def test_the_button_drops_no_payment_without_a_payer(unnamed: City) -> None:
    unnamed.trace(0, 3)
    assert set(unnamed.found().missing) == {unnamed.made.entries[place].pk for place in (1, 2)}
    with db.unit_of_work(unnamed.world.analyst_a):
        (run,) = victims_trace(by=unnamed.world.analyst_a, case_id=unnamed.case.pk)
    assert {seed["entry"] for seed in run.seeds} == {entry.pk for entry in unnamed.made.entries}
    assert traced_to_first(unnamed) == 540_00 + FILED
    assert unnamed.at_bank() == [540_00 + FILED]


def test_a_trace_of_it_alone_stands_beside_the_others(unnamed: City) -> None:
    unnamed.trace(0, 1, 2)
    assert set(unnamed.found().missing) == {unnamed.made.entries[3].pk}
    unnamed.trace(3)
    assert (unnamed.numbers(), unnamed.found().missing) == ([1, 2], {})
    assert traced_to_first(unnamed) == 540_00 + FILED


def test_another_telling_without_a_payer_is_no_victims_payment(unnamed: City) -> None:
    (told,) = (entry.transfer for entry in LedgerEntry.objects.filter(pk=unnamed.made.entries[3].pk))
    assert told is not None
    type(told).objects.filter(pk=told.pk).update(source="watch")
    assert unnamed.made.entries[3].pk not in unnamed.found().payments


def test_entries_made_anew_are_found_in_one_statement_for_each_part(unnamed: City) -> None:
    """As an import does it: the rows stay, their entries are other ones."""
    parts = {entry.pk: str(uuid4()) for entry in unnamed.made.entries}
    for entry, part in parts.items():
        LedgerEntry.objects.filter(pk=entry).update(in_line=part)
    stored = [
        {"entry": -place, "from_minor": 0, "to_minor": 1, "in_line": part}
        for place, part in enumerate(parts.values(), 1)
    ]
    stored.append({"entry": -9, "from_minor": 0, "to_minor": 1, "in_line": str(uuid4()), "transfer": str(uuid4())})
    with CaptureQueriesContext(
        connection,
    ) as asked:
        now = entries_now(unnamed.case.pk, [stored])
    assert now == {-place: entry for place, entry in enumerate(parts, 1)}, "one that is gone is left out"
    assert len(asked) == 3, "the entries kept, by row, by transfer"
    assert [seed.entry for seed in seeds_again(unnamed.case.pk, stored)] == list(parts)


def test_what_was_read_once_is_not_read_again_by_the_page(unnamed: City, log_in: Any) -> None:
    run = unnamed.trace(0, 1, 2, 3)
    client = log_in(unnamed.world.analyst_a)
    client.get(unnamed.page)
    counts = []
    for made_anew in (False, True):
        if made_anew:
            seeds = [seed | {"entry": -place, "in_line": str(uuid4())} for place, seed in enumerate(run.seeds, 1)]
            for place, seed in enumerate(seeds):
                LedgerEntry.objects.filter(pk=unnamed.made.entries[place].pk).update(in_line=seed["in_line"])
            TraceRun.objects.filter(pk=run.pk).update(seeds=seeds)
        with CaptureQueriesContext(connection) as asked:
            body = client.get(unnamed.page).content.decode()
        assert f'name="run" value="{run.pk}"' in body
        counts.append(len(asked))
    assert counts[1] - counts[0] <= 2, f"one for the seeds, one for the payments drawn: {counts}"
