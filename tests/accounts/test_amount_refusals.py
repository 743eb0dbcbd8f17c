"""An amount that cannot be taken is refused in words that are filled in, in both languages and on every page with an amount."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.urls import reverse
from django.utils import translation

from accounts.models import Order
from antifraud import money
from cases.forms.cases import MoneyField
from tests.accounts.factories import draft, involve, new_case
from tests.accounts.pages import draft_form, unchanged
from tests.cast import World

WRONG = {"amount_too_precise": "1.234", "amount_other_currency": "HKD 5", "amount_bad_grouping": "1,23,4"}


@pytest.mark.parametrize("code", WRONG)
@pytest.mark.parametrize(("language", "digits"), [("en", "more than 2 decimal places"), ("zh-hans", "超过 2 位")])
def test_no_template_of_a_message_is_shown(language: str, digits: str, code: str) -> None:
    with translation.override(language), pytest.raises(forms.ValidationError) as refused:
        MoneyField().clean(WRONG[code])
    (text,) = refused.value.messages
    assert "{" not in text
    assert (digits in text) == (code == "amount_too_precise")
    assert ("CNY" in text) == (code != "amount_bad_grouping")


def test_each_code_with_something_to_fill_in_is_tried() -> None:
    assert {code for code, text in money.MESSAGES.items() if "{" in text} <= WRONG.keys()


def test_a_new_order_says_how_many_places_the_currency_has(world: World, log_in: Any) -> None:
    case = new_case(world.analyst_a, filed=True)
    row = involve(world.analyst_a, case, world.bank_a)
    sent = draft_form(world.second_a, row, verb="save", **{f"amount-{row.id}": "1.234"})
    with unchanged():
        answer = log_in(world.analyst_a).post(reverse("accounts:order_draft", args=[case.id]), sent)
    assert answer.status_code == 422
    assert "more than 2 decimal places, which CNY does not have" in answer.content.decode()


def test_a_changed_order_says_how_many_places_the_currency_has(world: World, log_in: Any) -> None:
    order = draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    sent = draft_form(world.second_a, kind=order.kind) | {"amount": "1.234", "transfer": "", "version": order.version}
    with unchanged():
        answer = log_in(world.analyst_a).post(reverse("accounts:order_edit", args=[order.id]), sent)
    assert answer.status_code == 422
    assert "more than 2 decimal places, which CNY does not have" in answer.content.decode()
    assert Order.objects.get().amount_minor == order.amount_minor
