"""The checker can fail: relays that are broken on purpose are caught over a real PostgreSQL, and each rule has its case."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests import servers
from tests.chaos import checker
from tests.chaos.checker import Ack, AttemptRow, DeliveryRow, Facts, Received, Step
from tests.chaos.simulation import LEASE, Simulation


@pytest.fixture
def sim() -> Iterator[Simulation]:
    """Empty tables in a schema of their own."""
    made = Simulation(servers.owner_url())
    made.begin()
    yield made
    made.end()


@pytest.fixture
def links(sim: Simulation) -> Iterator[tuple[Any, Any]]:
    """Two connections, as two processes have them."""
    with contextlib.closing(sim.connect()) as one, contextlib.closing(sim.connect()) as other:
        yield one, other


def rules(sim: Simulation) -> set[str]:
    """The names of the rules that were broken."""
    return {finding.rule for finding in checker.check(sim.facts())}


# -- relays over PostgreSQL


def test_right_relays_that_die_again_and_again_break_nothing(sim: Simulation, links: tuple[Any, Any]) -> None:
    for number in range(40):
        sim.submit(links[0], f"o{number}")
    sim.crowd(7, workers=3, rounds=25)
    while sim.relay(links[1]) or any(row.state == "ready" for row in sim.facts().deliveries):
        time.sleep(LEASE / 3)
    found = sim.facts()
    assert checker.check(found) == []
    assert max(checker.redeliveries(found).values()) >= 1  # somebody died after posting, so the case was played
    assert len(found.effects) == 40


def _overlapping(sim: Simulation, links: tuple[Any, Any]) -> None:
    """The first order gets the lower id and commits after the second one."""
    sim.write(links[0], "slow")
    sim.submit(links[1], "quick")


def test_a_cursor_by_id_loses_the_order_that_commits_later(sim: Simulation, links: tuple[Any, Any]) -> None:
    _overlapping(sim, links)
    last = sim.relay_by_cursor(links[1], 0)
    links[0].commit()
    sim.ack("slow")
    assert sim.relay_by_cursor(links[1], last) == last
    found = checker.check(sim.facts())
    assert {(f.rule, f.subject) for f in found} == {("lost", "slow")}


def test_lease_columns_do_not_lose_it(sim: Simulation, links: tuple[Any, Any]) -> None:
    _overlapping(sim, links)
    sim.relay(links[1])
    links[0].commit()
    sim.ack("slow")
    sim.relay(links[1])
    assert checker.check(sim.facts()) == []


def _stalled(sim: Simulation, links: tuple[Any, Any]) -> Any:
    """One worker sleeps through its lease, another one delivers; what the first one still has in hand."""
    sim.submit(links[0], "o1")
    [mine] = sim.claim(links[0])
    time.sleep(LEASE + 0.05)
    assert sim.relay(links[1]) == 1
    return mine


@pytest.mark.parametrize("state", ["ready", "transported"])
def test_without_a_fence_the_late_result_is_caught(sim: Simulation, links: tuple[Any, Any], state: str) -> None:
    mine = _stalled(sim, links)
    assert sim.finish(links[0], mine, state, fenced=False)
    assert "stale" in rules(sim)
    assert ("lost" in rules(sim)) == (state == "ready")


def test_with_the_fence_the_late_result_is_nothing(sim: Simulation, links: tuple[Any, Any]) -> None:
    mine = _stalled(sim, links)
    assert not sim.finish(links[0], mine, "ready")
    assert checker.check(sim.facts()) == []


@pytest.mark.parametrize("dies", [True, False])
def test_an_ack_before_the_commit_is_caught_where_it_matters(
    sim: Simulation, links: tuple[Any, Any], dies: bool
) -> None:
    sim.submit(links[0], "o1")
    sim.submit_ack_before_commit(links[0], "o2", dies=dies)
    while sim.relay(links[1]):
        pass
    assert rules(sim) == ({"absent", "lost"} if dies else set())


def test_transported_before_it_was_posted_is_caught(sim: Simulation, links: tuple[Any, Any]) -> None:
    sim.submit(links[0], "o1")
    sim.relay_ack_before_post(links[1], dies=True)
    assert rules(sim) == {"lost"}


def test_a_bank_that_does_not_dedupe_is_caught(sim: Simulation, links: tuple[Any, Any]) -> None:
    sim.bank_dedupes = False
    sim.submit(links[0], "o1")
    sim.relay(links[0], dies=lambda where: where == "after")
    time.sleep(LEASE + 0.05)
    sim.relay(links[1])
    assert rules(sim) == {"doubled"}


# -- each rule by itself

HISTORY = (
    Step("o", "order.draft", "", "draft"), Step("o", "order.submit", "draft", "awaiting_approval"),
    Step("o", "order.approve", "awaiting_approval", "issued"), Step("o", "order.answer", "issued", "answered"),
)  # fmt: skip
CAME = Received("bank", "o", "d", "order.issued", 1, "issued")
GOOD = Facts(
    acks=[Ack("o", "k", "o")], orders={"o": "answered"}, deliveries=[DeliveryRow("d", "bank", "order.issued", "o", "transported", 1)],
    attempts=[AttemptRow("d", 1, "handed_over", "pull", 1), AttemptRow("d", 1, "transported", "pull", 2)], steps=HISTORY,
    answers=["o"], holds=["o"], received=[CAME], effects=["o"], told_answered=["o"], accepted_acks=[("d", 1)],
)  # fmt: skip
ROW = GOOD.deliveries[0]
BROKEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "told, and there is no order": ({"orders": {}}, {"absent"}),
    "told, and it waits for approval": ({"orders": {"o": "awaiting_approval"}, "steps": HISTORY[:2]}, {"absent"}),
    "told, and it was rejected": (
        {"orders": {"o": "rejected"}, "steps": (*HISTORY[:2], Step("o", "order.reject", "awaiting_approval", "rejected"))},
        {"absent"},
    ),
    "a key that named another order": ({"acks": [Ack("o", "k", "x")]}, {"absent"}),
    "the bank was told that its answer is kept": ({"answers": [], "effects": []}, {"absent"}),
    "no delivery": ({"deliveries": [], "attempts": [], "accepted_acks": []}, {"lost"}),
    "in no journal": ({"received": []}, {"lost"}),
    "still under way": ({"deliveries": [replace(ROW, state="leased")], "attempts": []}, {"lost"}),
    "dead letter": ({"deliveries": [replace(ROW, state="dead_lettered")], "attempts": []}, {"lost"}),
    "two effects": ({"effects": ["o", "o"]}, {"doubled"}),
    "two answers": ({"answers": ["o", "o"]}, {"doubled"}),
    "two holds": ({"holds": ["o", "o"]}, {"doubled"}),
    "two deliveries": ({"deliveries": [ROW, replace(ROW, id="d2")]}, {"doubled"}),
    "two orders under one key": ({"acks": [Ack("o", "k", "o"), Ack("p", "k", "p")]}, {"absent", "doubled", "lost"}),
    "issued twice": ({"steps": (*HISTORY, HISTORY[2])}, {"doubled", "unaudited"}),
    "a step back": (
        {"orders": {"o": "issued"}, "steps": (*HISTORY, Step("o", "order.reopen", "answered", "issued"))},
        {"doubled", "regressed"},
    ),
    "a bank saw it go back": (
        {"received": [replace(CAME, status="answered"), replace(CAME, attempt=2)], "deliveries": [replace(ROW, attempt=2)],
         "attempts": [], "accepted_acks": []},
        {"regressed"},
    ),
    "a bank saw an attempt twice": ({"received": [CAME, CAME]}, {"regressed"}),
    "finished, and then something": ({"attempts": [*GOOD.attempts, AttemptRow("d", 1, "failed", "webhook", 3)]}, {"stale"}),
    "finished twice": ({"attempts": [*GOOD.attempts, AttemptRow("d", 2, "transported", "webhook", 3)]}, {"stale"}),
    "finished, and ready again": ({"deliveries": [replace(ROW, state="ready")]}, {"lost", "stale"}),
    "an old receipt was accepted": ({"deliveries": [replace(ROW, attempt=2)]}, {"stale"}),
    "no row in the log": ({"steps": HISTORY[:3]}, {"unaudited"}),
    "a row in the log without the step": ({"orders": {"o": "issued"}}, {"unaudited"}),
    "a hole in the log": ({"steps": (*HISTORY[:2], HISTORY[3])}, {"unaudited"}),
    "answered without an effect": ({"effects": []}, {"unpaired"}),
    "an effect without an answer": (
        {"orders": {"o": "issued"}, "steps": HISTORY[:3], "answers": [], "told_answered": []}, {"unpaired"},
    ),
}  # fmt: skip


def test_what_is_as_it_should_be_breaks_no_rule() -> None:
    assert checker.check(GOOD) == []
    assert checker.redeliveries(GOOD) == {"d": 0}
    assert checker.late(GOOD, 0.0) == []


@pytest.mark.parametrize("case", BROKEN)
def test_each_broken_promise_has_its_rule(case: str) -> None:
    changes, wanted = BROKEN[case]
    found = checker.check(replace(GOOD, **changes))
    assert {finding.rule for finding in found} == wanted
    assert all(finding.subject and finding.detail for finding in found)


def test_a_run_that_was_cut_short_is_not_asked_for_arrivals() -> None:
    assert checker.check(replace(GOOD, received=[]), arrived=False) == []


def test_a_post_told_as_discarded_is_no_fault() -> None:
    late = AttemptRow("d", 1, "stale", "webhook", 3)
    assert checker.check(replace(GOOD, attempts=[*GOOD.attempts, late])) == []


def test_a_redelivery_is_counted_and_is_no_fault() -> None:
    again = replace(
        GOOD, received=[CAME, replace(CAME, attempt=2)], deliveries=[replace(ROW, attempt=2)], accepted_acks=[("d", 2)]
    )
    assert checker.check(again) == []
    assert checker.redeliveries(again) == {"d": 1}


def test_a_delivery_that_waited_longer_than_a_lease_is_late() -> None:
    waited = replace(GOOD, deliveries=[replace(ROW, created_at=100.0, available_at=163.0)])
    assert [finding.rule for finding in checker.late(waited, 62.0)] == ["late"]
    assert checker.late(waited, 64.0) == []
