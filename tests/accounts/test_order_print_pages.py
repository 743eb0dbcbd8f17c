"""The printed order with its receipt slip."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Order
from antifraud.audit.models import AuditEntry
from tests.accounts.factories import draft, involve, issue, new_case
from tests.accounts.pages import unchanged
from tests.cast import World


@pytest.fixture
def paper(world: World) -> Order:
    """A freeze for an institution that is not connected."""
    row = involve(world.analyst_a, new_case(world.analyst_a, filed=True), world.bank_paper)
    return issue(world, row, "freeze", reason="money is moving")


def sheet(order: Order) -> str:
    """The sheet's address."""
    return reverse("accounts:order_print", args=[order.id])


def test_the_sheet_says_all_in_clear_and_is_audited(world: World, log_in: Any, paper: Order) -> None:
    text = log_in(world.analyst_a).get(sheet(paper)).content.decode()
    for value in (
        paper.number,
        paper.account.number.open(),
        "张三",
        "5,000.00",
        "Village Bank",
        "F-2026-1",
        "money is moving",
        "Receipt slip",
    ):
        assert value in text, value
    entry = AuditEntry.objects.get(verb="order.print")
    assert (entry.object_id, entry.actor_id, entry.case_id) == (paper.id, world.analyst_a.id, paper.case_id)


def test_the_sheet_in_the_institutions_language(world: World, log_in: Any, paper: Order) -> None:
    text = log_in(world.analyst_a).get(sheet(paper) + "?language=zh-hans").content.decode()
    assert 'lang="zh-hans"' in text.split(">")[1] + text.split(">")[2]
    assert "村镇银行" in text
    assert "Village Bank" not in text
    assert log_in(world.analyst_a).get(sheet(paper) + "?language=xx").status_code == 200


def test_a_draft_is_not_printed(world: World, log_in: Any, paper: Order) -> None:
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, paper.case, world.bank_a))
    with unchanged():
        assert log_in(world.analyst_a).get(sheet(order)).status_code == 409
    assert not AuditEntry.objects.filter(verb="order.print").exists()


@pytest.mark.parametrize(("name", "status"), [("analyst_b", 404), ("risk_a", 404), ("risk_paper", 403), ("admin", 404)])
def test_who_may_not_print(world: World, log_in: Any, paper: Order, name: str, status: int) -> None:
    with unchanged():
        answer = log_in(getattr(world, name)).get(sheet(paper))
    assert answer.status_code == status
    assert paper.account.number.open() not in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="order.print").exists()
