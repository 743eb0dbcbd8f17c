"""A watch is proposed on the frontier where one can be drafted; where not, the page says why and chooses another measure."""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts import factories
from tests.accounts.flow.runs import Scene, scene
from tests.accounts.flow.test_frontier import draft

LINK = "kind=watch"
REASON = 'id="why-watch"'


def held_in_part(world: Any, *, filed: bool) -> Scene:
    """The scene with a stop of 50.00 on `second`, where more was traced to."""
    case = scene(world, filed=filed)
    (order,) = draft(world.analyst_a, world.second_a, case, "second")
    order = factories.approve(factories.submit(order), world.approver_a)
    factories.hold_of(order, world.risk_b, amount_minor=50_00)
    factories.answered(order, world.risk_b, "partial")
    return case


def chosen(page: str) -> str:
    """The measure that is ticked."""
    return next(
        word.split('"')[0] for word in page.split('name="kind" id="kind-')[1:] if " checked" in word.split(">")[0]
    )


@pytest.mark.parametrize("filed", [True, False])
def test_a_watch_is_proposed_where_it_can_be_asked_for(world: Any, log_in: Any, filed: bool) -> None:
    case = held_in_part(world, filed=filed)
    client, address = log_in(world.analyst_a), f"/cases/{case.case.id}/flow/frontier/"
    page = client.get(address).content.decode()
    assert "1 account holds less than was traced to it" in page
    proposed = ("Proposed: a watch" in page, "Watch them" in page, LINK in page, REASON not in page)
    assert proposed == (filed,) * 4
    followed = client.get(f"{address}?{LINK}").content.decode()
    assert (chosen(followed) == "watch") is filed
    if not filed:
        reason = page.split(REASON)[1].split(">", 1)[1].split("<", 1)[0]
        assert page.count(reason) >= 2, "beside the choice and where the proposal would be"
