"""The page on which orders are drafted."""

from __future__ import annotations

from django.urls import reverse

from accounts.models import Order
from tests.accounts.factories import involve, new_case
from tests.cast import World


def test_page(world: World, log_in) -> None:
    case = new_case(world.analyst_a)
    involve(world.analyst_a, case, world.bank_a)
    page = log_in(world.analyst_a).get(reverse("accounts:order_draft", args=[case.id]) + "?kind=stop")
    assert page.status_code == 200
    assert Order.objects.count() == 0
