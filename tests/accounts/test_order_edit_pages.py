"""The change of a draft, and the corrected order after a failure."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Order
from accounts.services.answer_input import AnswerInput
from accounts.services.answers import order_answer
from antifraud import db
from cases.models import Attachment
from tests.accounts.factories import draft, involve, issue, new_case, pay, submit
from tests.accounts.pages import draft_form, pdf, unchanged
from tests.cast import World


def edit(order: Order) -> str:
    """Where a draft is changed."""
    return reverse("accounts:order_edit", args=[order.id])


def correct(order: Order) -> str:
    """Where a failed order is corrected."""
    return reverse("accounts:order_correct", args=[order.id])


def sent(world: World, order: Order, **changes: Any) -> dict[str, Any]:
    """The edit form as sent."""
    data = draft_form(world.second_a, kind=order.kind)
    return data | {"amount": "5,000.00", "transfer": "", "version": order.version} | changes


@pytest.fixture
def stop(world: World) -> Order:
    """A draft stop of unit A at bank A."""
    return draft(world.analyst_a, world.second_a, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))


@pytest.fixture
def mismatched(world: World) -> Order:
    """A freeze that bank A answered with a mismatch of the name."""
    row = involve(world.analyst_a, new_case(world.analyst_a, filed=True), world.bank_a)
    order = issue(world, row, "freeze")
    with db.unit_of_work(world.risk_a):
        order_answer(
            by=world.risk_a, order_id=order.id, source="logged_in",
            answer=AnswerInput(outcome="mismatch", mismatch_field="name", reason="name_mismatch", handled_by="Sun"),
        )  # fmt: skip
    return Order.objects.get(pk=order.pk)


# -- the draft -------------------------------------------------------------------------------------


def test_the_draft_is_filled_in_and_changed(world: World, log_in: Any, stop: Order) -> None:
    client = log_in(world.analyst_a)
    text = client.get(edit(stop)).content.decode()
    assert 'value="5000.00"' in text
    paid = pay(world.analyst_a, stop.case, stop.account, amount=990_000)
    answer = client.post(edit(stop), sent(world, stop, amount="9,900", transfer=str(paid.id), reason="corrected"))
    assert (answer.status_code, answer.url) == (303, reverse("accounts:order", args=[stop.id]))
    order = Order.objects.get()
    assert (order.amount_minor, order.transfer_id, order.reason.open(), order.version) == (
        990_000,
        paid.id,
        "corrected",
        2,
    )


def test_a_whole_account_needs_no_amount(world: World, log_in: Any, stop: Order) -> None:
    log_in(world.analyst_a).post(edit(stop), sent(world, stop, mode="full"))
    order = Order.objects.get()
    assert (order.mode, order.amount_minor) == ("full", None)


def test_bad_input_keeps_everything_and_the_file(world: World, log_in: Any, stop: Order) -> None:
    form = sent(world, stop, amount="lots", reason="typed with care", instrument_file=pdf())
    with unchanged(but_files=True):
        answer = log_in(world.analyst_a).post(edit(stop), form)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="lots"' in text
    assert "typed with care" in text
    assert f'value="{Attachment.objects.get().id}" selected' in text


def test_the_services_refusal_stands_at_its_field(world: World, log_in: Any, stop: Order) -> None:
    with unchanged():
        answer = log_in(world.analyst_a).post(edit(stop), sent(world, stop, amount=""))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_amount"' in text
    assert "A limited measure names an amount above zero" in text


def test_a_stale_page_changes_nothing(world: World, log_in: Any, stop: Order) -> None:
    with unchanged():
        answer = log_in(world.analyst_a).post(edit(stop), sent(world, stop, version=stop.version + 1, reason="mine"))
    assert answer.status_code == 409
    assert "mine" in answer.content.decode()


def test_what_was_told_to_have_changed_can_be_sent_once_more(world: World, log_in: Any, stop: Order) -> None:
    client, first = log_in(world.analyst_a), sent(world, stop, amount="100.00")
    assert client.post(edit(stop), first).status_code == 303
    stale = client.post(edit(stop), sent(world, stop, amount="200.00"))
    assert stale.status_code == 409
    (version,) = re.findall(r'name="version" value="(\d+)"', stale.content.decode())
    stop.refresh_from_db()
    assert (int(version), stop.amount_minor) == (stop.version, 100_00)
    wrong = client.post(edit(stop), sent(world, stop, amount="nothing", version=version))
    assert wrong.status_code == 422
    assert client.post(edit(stop), sent(world, stop, amount="200.00", version=version)).status_code == 303
    stop.refresh_from_db()
    assert stop.amount_minor == 200_00


def test_a_refusal_for_what_was_typed_does_not_hide_a_change(world: World, log_in: Any, stop: Order) -> None:
    """Nobody was told of the change yet: the old version stays, and the next attempt is refused for it."""
    client = log_in(world.analyst_a)
    assert client.post(edit(stop), sent(world, stop, amount="100.00")).status_code == 303
    wrong = client.post(edit(stop), sent(world, stop, amount="nothing"))
    (version,) = re.findall(r'name="version" value="(\d+)"', wrong.content.decode())
    assert (wrong.status_code, int(version)) == (422, stop.version)


def test_what_was_submitted_is_not_edited(world: World, log_in: Any, stop: Order) -> None:
    submit(stop)
    client = log_in(world.analyst_a)
    with unchanged():
        assert client.get(edit(stop)).status_code == 409
        assert client.post(edit(stop), sent(world, stop)).status_code == 409


@pytest.mark.parametrize(("name", "status"), [("centre_analyst", 403), ("analyst_b", 404), ("risk_a", 404)])
def test_who_may_not_edit(world: World, log_in: Any, stop: Order, name: str, status: int) -> None:
    client = log_in(getattr(world, name))
    with unchanged():
        assert client.get(edit(stop)).status_code == status
        assert client.post(edit(stop), sent(world, stop)).status_code == status


# -- the corrected order ---------------------------------------------------------------------------


def test_the_corrected_order_is_linked_and_carries_the_name(world: World, log_in: Any, mismatched: Order) -> None:
    client = log_in(world.analyst_a)
    text = client.get(correct(mismatched)).content.decode()
    assert "Account name" in text
    assert "(0301)" in text
    involved = mismatched.case.involvements.get()
    form = sent(world, mismatched, involvement=str(involved.id), institution=str(world.bank_a.id), holder_name="张珊")
    answer = client.post(correct(mismatched), form)
    made = Order.objects.exclude(pk=mismatched.pk).get()
    assert (answer.status_code, answer.url) == (303, reverse("accounts:order", args=[made.id]))
    assert (made.corrects_id, made.status) == (mismatched.id, "draft")
    assert made.account.holder_name.open() == "张珊"


def test_another_account_of_the_case(world: World, log_in: Any, mismatched: Order) -> None:
    other = involve(world.analyst_a, mismatched.case, world.bank_b)
    form = sent(world, mismatched, involvement=str(other.id), institution=str(world.bank_a.id), holder_name="")
    log_in(world.analyst_a).post(correct(mismatched), form)
    made = Order.objects.exclude(pk=mismatched.pk).get()
    assert (made.account_id, made.institution_id) == (other.account_id, world.bank_b.id)


def test_the_suggested_institution_stands_in_the_form(world: World, log_in: Any) -> None:
    row = involve(world.analyst_a, new_case(world.analyst_a), world.bank_a)
    order = issue(world, row)
    with db.unit_of_work(world.risk_a):
        order_answer(
            by=world.risk_a, order_id=order.id, source="logged_in",
            answer=AnswerInput(outcome="refused", reason="not_ours", suggested_institution=world.bank_b, handled_by="Sun"),
        )  # fmt: skip
    text = log_in(world.analyst_a).get(correct(order)).content.decode()
    assert f'<option value="{world.bank_b.id}" selected' in text


def test_a_refused_correction_writes_nothing(world: World, log_in: Any, mismatched: Order) -> None:
    involved = mismatched.case.involvements.get()
    form = sent(
        world, mismatched, involvement=str(involved.id), institution=str(world.bank_a.id), holder_name="张珊", amount=""
    )
    with unchanged():
        answer = log_in(world.analyst_a).post(correct(mismatched), form)
    assert answer.status_code == 422
    assert "张珊" in answer.content.decode()


def test_correcting_twice(world: World, log_in: Any, mismatched: Order) -> None:
    involved = mismatched.case.involvements.get()
    form = sent(world, mismatched, involvement=str(involved.id), institution=str(world.bank_a.id), holder_name="")
    client = log_in(world.analyst_a)
    client.post(correct(mismatched), form)
    with unchanged():
        assert client.post(correct(mismatched), form).status_code == 409


def test_only_what_failed_is_corrected(world: World, log_in: Any, stop: Order) -> None:
    with unchanged():
        assert log_in(world.analyst_a).get(correct(stop)).status_code == 409


@pytest.mark.parametrize(
    ("name", "status"), [("centre_analyst", 403), ("analyst_b", 404), ("risk_a", 403), ("risk_b", 404)]
)
def test_who_may_not_correct(world: World, log_in: Any, mismatched: Order, name: str, status: int) -> None:
    client = log_in(getattr(world, name))
    with unchanged():
        assert client.get(correct(mismatched)).status_code == status
        assert client.post(correct(mismatched), sent(world, mismatched)).status_code == status
