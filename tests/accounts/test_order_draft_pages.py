"""The page on which orders are drafted: what is offered, what is sent, and that nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Order
from antifraud.approvals.models import ApprovalRequest
from cases.models import Attachment, Case
from tests.accounts.factories import answered, draft, hold_of, involve, issue, new_case, pay
from tests.accounts.pages import draft_form, pdf, unchanged
from tests.cast import World


@pytest.fixture
def case(world: World) -> Case:
    """A filed case of unit A."""
    return new_case(world.analyst_a, filed=True)


def url(case: Case) -> str:
    """The page's address."""
    return reverse("accounts:order_draft", args=[case.id])


# -- what is shown ---------------------------------------------------------------------------------


def test_first_receivers_are_ticked_for_a_stop_with_the_transfers_amount(world: World, log_in: Any, case: Case) -> None:
    first = involve(world.analyst_a, case, world.bank_a)
    second = involve(world.analyst_a, case, world.bank_b, level=2)
    pay(world.analyst_a, case, first.account, amount=1_234_500)
    page = log_in(world.analyst_a).get(url(case) + "?kind=stop").content.decode()
    assert f'id="pick-{first.id}" data-pick' in page
    ticked = page.split(f'id="pick-{first.id}"')[1].split(">")[0]
    assert " checked" in ticked
    assert " checked" not in page.split(f'id="pick-{second.id}"')[1].split(">")[0]
    assert 'value="12345.00"' in page
    assert first.account.number.open() not in page


def test_a_freeze_is_not_offered_before_filing_and_says_why(world: World, log_in: Any) -> None:
    case = new_case(world.analyst_a)
    involve(world.analyst_a, case, world.bank_a)
    page = log_in(world.analyst_a).get(url(case)).content.decode()
    radio = page.split('id="kind-freeze"')[1].split(">")[0]
    assert " disabled" in radio
    assert "state does not allow this kind of order" in page.split('id="why-freeze"')[1][:200]


def test_the_hold_that_was_named_is_ticked(world: World, log_in: Any, case: Case) -> None:
    hold = hold_of(issue(world, involve(world.analyst_a, case, world.bank_a)), world.risk_a)
    page = log_in(world.analyst_a).get(f"{url(case)}?kind=stop_extend&hold={hold.id}").content.decode()
    assert " checked" in page.split(f'id="pick-{hold.id}"')[1].split(">")[0]


def test_an_account_with_an_open_order_cannot_be_ticked(world: World, log_in: Any, case: Case) -> None:
    row = involve(world.analyst_a, case, world.bank_a)
    order = draft(world.analyst_a, world.second_a, row)
    page = log_in(world.analyst_a).get(url(case) + "?kind=stop").content.decode()
    assert " disabled" in page.split(f'id="pick-{row.id}"')[1].split(">")[0]
    assert order.number in page


def test_a_second_hold_of_an_account_is_released_beside_the_first(world: World, log_in: Any, case: Case) -> None:
    """Each hold has a release of its own: the open one blocks its own hold, and is named there only."""
    row = involve(world.analyst_a, case, world.bank_a)
    orders = [answered(issue(world, row, "freeze"), world.risk_a) for _ in range(2)]
    first, second = (hold_of(order, world.risk_a, kind="freeze") for order in orders)
    begun = draft(world.analyst_a, world.second_a, first, "freeze_release")
    client = log_in(world.analyst_a)
    page = client.get(f"{url(case)}?kind=freeze_release&hold={second.id}").content.decode()
    boxes = {hold: page.split(f'id="pick-{hold.id}"')[1].split(">")[0] for hold in (first, second)}
    assert [" disabled" in boxes[first], " disabled" in boxes[second]] == [True, False]
    assert " checked" in boxes[second]
    assert page.count(reverse("accounts:order", args=[begun.id])) == 1
    sent = client.post(url(case), draft_form(world.second_a, second, kind="freeze_release", verb="save"))
    assert sent.status_code == 303
    followed = Order.objects.filter(kind="freeze_release").values_list("original_id", flat=True)
    assert set(followed) == {first.order_id, second.order_id}


def test_who_holds_the_account_already_is_told_when_it_is_ticked(world: World, log_in: Any, case: Case) -> None:
    row = involve(world.analyst_a, case, world.bank_a)
    theirs = new_case(world.analyst_b)
    same = involve(world.analyst_b, theirs, world.bank_a, number=row.account.number.open())
    from tests.accounts.factories import approve, submit

    other = approve(submit(draft(world.analyst_b, world.second_b, same)), world.approver_b)
    hold_of(other, world.risk_a)
    client = log_in(world.analyst_a)
    sent = draft_form(world.second_a, row) | {"verb": "refresh"}
    answer = client.post(url(case), sent, headers={"HX-Request": "true"})
    part = answer.content.decode()
    assert answer.status_code == 200
    assert "Already held by West District Police" in part
    assert "5,000.00" in part
    assert theirs.number not in part
    unticked = client.post(url(case), sent | {"pick": []}, headers={"HX-Request": "true"}).content.decode()
    assert "Already held by" not in unticked
    check = client.post(url(case), sent | {"verb": "check"}).content.decode()
    assert "Already held by West District Police" in check
    assert Order.objects.filter(case=case).count() == 0


def test_another_kind_keeps_what_was_typed(world: World, log_in: Any, case: Case) -> None:
    row = involve(world.analyst_a, case, world.bank_a)
    sent = draft_form(world.second_a, row, reason="money is moving") | {
        "verb": "refresh",
        "kind": "freeze",
        f"amount-{row.id}": "77.10",
    }
    del sent["with_sub_accounts"]
    part = log_in(world.analyst_a).post(url(case), sent, headers={"HX-Request": "true"}).content.decode()
    assert 'value="77.10"' in part
    assert "Criminal Procedure Law art. 144" in part
    assert 'name="join_waiting_list"' in part
    assert "checked" not in part.split('name="with_sub_accounts"')[1].split(">")[0]
    assert "errorlist" not in part


# -- what is written -------------------------------------------------------------------------------


def test_a_draft_for_each_ticked_account(world: World, log_in: Any, case: Case) -> None:
    rows = [involve(world.analyst_a, case, bank) for bank in (world.bank_a, world.bank_b)]
    answer = log_in(world.analyst_a).post(url(case), draft_form(world.second_a, *rows, verb="save"))
    assert answer.status_code == 303
    assert answer.url == reverse("accounts:case_orders", args=[case.id])
    made = Order.objects.filter(case=case)
    assert {order.institution_id for order in made} == {world.bank_a.id, world.bank_b.id}
    assert {(order.status, order.amount_minor, order.urgency) for order in made} == {("draft", 500_000, "02")}
    assert not ApprovalRequest.objects.exists()


def test_submitting_freezes_all_of_them(world: World, log_in: Any, case: Case) -> None:
    rows = [involve(world.analyst_a, case, bank) for bank in (world.bank_a, world.bank_b)]
    client = log_in(world.analyst_a)
    check = client.post(url(case), draft_form(world.second_a, *rows, verb="check"))
    assert check.status_code == 200
    assert not Order.objects.exists()
    assert 'name="amount-' in check.content.decode()
    client.post(url(case), draft_form(world.second_a, *rows, verb="submit"))
    assert {order.status for order in Order.objects.all()} == {"awaiting_approval"}
    assert {request.action for request in ApprovalRequest.objects.all()} == {"order.approve"}


def test_an_emergency_stop_asks_the_second_officer(world: World, log_in: Any, case: Case) -> None:
    row = involve(world.analyst_a, case, world.bank_a)
    answer = log_in(world.analyst_a).post(url(case), draft_form(world.second_a, row, verb="submit", emergency="on"))
    order = Order.objects.get()
    assert answer.url == reverse("accounts:order", args=[order.id])
    assert (order.status, order.emergency, ApprovalRequest.objects.get().action) == (
        "awaiting_approval",
        True,
        "order.confirm",
    )


def test_extending_a_hold(world: World, log_in: Any, case: Case) -> None:
    hold = hold_of(issue(world, involve(world.analyst_a, case, world.bank_a)), world.risk_a)
    log_in(world.analyst_a).post(url(case), draft_form(world.second_a, hold, kind="stop_extend", verb="save"))
    assert Order.objects.get(kind="stop_extend").original_id == hold.order_id


def test_the_uploaded_instrument_travels_with_the_order(world: World, log_in: Any, case: Case) -> None:
    row = involve(world.analyst_a, case, world.bank_a)
    sent = draft_form(world.second_a, row, kind="freeze", verb="save", instrument_file=pdf())
    log_in(world.analyst_a).post(url(case), sent)
    paper = Attachment.objects.get()
    assert (paper.purpose, Order.objects.get().instrument_id) == ("instrument", paper.id)


# -- what is refused -------------------------------------------------------------------------------


def test_bad_input_keeps_everything_typed(world: World, log_in: Any, case: Case) -> None:
    good, bad = involve(world.analyst_a, case, world.bank_a), involve(world.analyst_a, case, world.bank_b)
    sent = draft_form(world.second_a, good, bad, verb="save", reason="typed with care", **{f"amount-{bad.id}": "lots"})
    with unchanged():
        answer = log_in(world.analyst_a).post(url(case), sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="lots"' in page
    assert 'value="5,000.00"' in page
    assert "typed with care" in page
    assert f'id="problems-{bad.id}"' in page
    assert f'id="problems-{good.id}"' not in page


def test_the_services_refusal_stands_at_its_line(world: World, log_in: Any, case: Case) -> None:
    good = involve(world.analyst_a, case, world.bank_a)
    deep = involve(world.analyst_a, case, world.bank_b, level=2)
    with unchanged():
        answer = log_in(world.analyst_a).post(url(case), draft_form(world.second_a, good, deep, verb="save"))
    assert answer.status_code == 422
    assert (
        "From level 2 on a stop names the transfer"
        in answer.content.decode().split(f'id="problems-{deep.id}"')[1][:400]
    )


def test_a_refused_page_keeps_the_file_with_the_case(world: World, log_in: Any, case: Case) -> None:
    row = involve(world.analyst_a, case, world.bank_a)
    client = log_in(world.analyst_a)
    sent = draft_form(world.second_a, row, kind="freeze", verb="save", second_officer="")
    with unchanged(but_files=True):
        answer = client.post(url(case), sent | {"instrument_file": pdf()})
    paper = Attachment.objects.get()
    assert answer.status_code == 422
    assert f'<option value="{paper.id}" selected' in answer.content.decode()
    assert "need not be uploaded again" in answer.content.decode()
    client.post(url(case), sent | {"instrument_file": pdf(), "second_officer": str(world.second_a.id)})
    assert Attachment.objects.count() == 1  # the same bytes are the same file
    assert Order.objects.get().instrument_id == paper.id


def test_a_file_that_is_no_pdf_is_refused(world: World, log_in: Any, case: Case) -> None:
    row = involve(world.analyst_a, case, world.bank_a)
    sent = draft_form(world.second_a, row, kind="freeze", verb="save", instrument_file=pdf(content=b"MZ nothing"))
    with unchanged():
        answer = log_in(world.analyst_a).post(url(case), sent)
    assert answer.status_code == 422
    assert "#id_instrument_file" in answer.content.decode()


def test_nothing_ticked(world: World, log_in: Any, case: Case) -> None:
    involve(world.analyst_a, case, world.bank_a)
    with unchanged():
        answer = log_in(world.analyst_a).post(url(case), draft_form(world.second_a, verb="save"))
    assert answer.status_code == 422
    assert "Choose at least one account." in answer.content.decode()


def test_a_kind_that_is_not_offered(world: World, log_in: Any) -> None:
    case = new_case(world.analyst_a)
    row = involve(world.analyst_a, case, world.bank_a)
    with unchanged():
        answer = log_in(world.analyst_a).post(url(case), draft_form(world.second_a, row, kind="freeze", verb="save"))
    assert answer.status_code == 422


def test_the_same_form_twice_drafts_once(world: World, log_in: Any, case: Case) -> None:
    row = involve(world.analyst_a, case, world.bank_a)
    client = log_in(world.analyst_a)
    sent = draft_form(world.second_a, row, verb="save")
    client.post(url(case), sent)
    with unchanged():
        again = client.post(url(case), sent)
    assert again.status_code == 409
    assert Order.objects.get().number in again.content.decode()


@pytest.mark.parametrize(
    ("name", "status"), [("analyst_b", 404), ("risk_a", 404), ("admin", 404), ("overseer", 404), ("approver_a", 403)]
)
@pytest.mark.parametrize("verb", ["", "save", "submit"])
def test_who_may_not(world: World, log_in: Any, case: Case, name: str, status: int, verb: str) -> None:
    row = involve(world.analyst_a, case, world.bank_a)
    client = log_in(getattr(world, name))
    with unchanged():
        answer = client.post(url(case), draft_form(world.second_a, row, verb=verb)) if verb else client.get(url(case))
    assert answer.status_code == status


def test_nobody_without_a_log_in(client: Any, world: World, case: Case) -> None:
    assert client.get(url(case)).status_code == 302


def test_statements_do_not_grow_with_the_accounts(world: World, log_in: Any, case: Case, counted: Any) -> None:
    involve(world.analyst_a, case, world.bank_a)
    client = log_in(world.analyst_a)
    client.get(url(case))
    with counted(19) as one:
        client.get(url(case))
    for _number in range(12):
        row = involve(world.analyst_a, case, world.bank_b)
        pay(world.analyst_a, case, row.account)
    with counted(len(one)):
        client.get(url(case))
