"""The paper answer: entered by one officer with its scan, compared by another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import Answer, Hold, Order
from cases.models import Attachment
from tests.accounts.factories import involve, issue, new_case
from tests.accounts.pages import PNG, pdf, unchanged
from tests.cast import World


@pytest.fixture
def paper(world: World) -> Order:
    """A freeze for an institution that is not connected."""
    return issue(world, involve(world.analyst_a, new_case(world.analyst_a, filed=True), world.bank_paper), "freeze")


def record(order: Order) -> str:
    """Where the answer is entered."""
    return reverse("accounts:answer_record", args=[order.id])


def just_now() -> str:
    """A moment after the issue, as the officer's browser writes it."""
    at = timezone.now().astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(seconds=1)
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def slip(**changes: Any) -> dict[str, Any]:
    """The form as a browser sends it."""
    data: dict[str, Any] = {
        "outcome": "executed", "executed_minor": "5,000.00", "handled_by": "Zhao", "reason": "",
        "effective_from": just_now(), "initial-effective_from": "", "balance_minor": "5,000.00", "previously_frozen_minor": "0",
        "free_minor": "5,000.00",
        "scan": SimpleUploadedFile("slip.png", PNG, content_type="image/png"),
    }  # fmt: skip
    for prefix in ("hop", "prior", "sub"):
        data |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0"}
    return data | changes


def entered(world: World, log_in: Any, order: Order) -> Answer:
    """Entered by analyst A."""
    answer = log_in(world.analyst_a).post(record(order), slip())
    assert answer.status_code == 303, answer.content.decode()
    return Answer.objects.get()


def test_it_takes_effect_only_when_another_has_compared_it(world: World, log_in: Any, paper: Order) -> None:
    saved = entered(world, log_in, paper)
    assert (saved.source, saved.executed_minor, saved.confirmed_by_id) == ("recorded", 500_000, None)
    assert Attachment.objects.get().purpose == "scan"
    assert Order.objects.get().status == "issued"
    confirm = reverse("accounts:answer_confirm", args=[saved.id])
    with unchanged():
        assert log_in(world.analyst_a).post(confirm).status_code == 403
    client = log_in(world.second_a)
    text = client.get(confirm).content.decode()
    assert "5,000.00" in text
    assert reverse("cases:attachment_open", args=[paper.case_id, saved.scan_id]) in text
    client.post(confirm)
    assert (Order.objects.get().status, Hold.objects.get().status) == ("answered", "active")
    with unchanged():
        assert client.post(confirm).status_code == 409


def test_what_does_not_agree_is_thrown_away(world: World, log_in: Any, paper: Order) -> None:
    saved = entered(world, log_in, paper)
    discard = reverse("accounts:answer_discard", args=[saved.id])
    client = log_in(world.second_a)
    with unchanged():
        short = client.post(discard, {"reason": "no"})
    assert short.status_code == 422
    assert "data-open" in short.content.decode().split('id="dlg-discard"')[1].split(">")[0]
    client.post(discard, {"reason": "another amount"})
    assert not Answer.objects.exists()
    assert Order.objects.get().status == "issued"


def test_bad_input_keeps_what_was_typed(world: World, log_in: Any, paper: Order) -> None:
    with unchanged():
        answer = log_in(world.analyst_a).post(record(paper), slip(executed_minor="6,000.00", handled_by="Zhao Wei"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "higher than the amount asked for" in text
    assert 'value="6,000.00"' in text
    assert 'value="Zhao Wei"' in text


def test_the_scan_is_needed_and_checked(world: World, log_in: Any, paper: Order) -> None:
    sent = slip()
    del sent["scan"]
    client = log_in(world.analyst_a)
    for form in (sent, sent | {"scan": pdf(content=b"MZ nothing")}):
        with unchanged():
            answer = client.post(record(paper), form)
        assert answer.status_code == 422
        assert 'href="#id_scan"' in answer.content.decode()


def test_the_answer_to_htmx_is_the_form_alone_with_its_files_kept(world: World, log_in: Any, paper: Order) -> None:
    answer = log_in(world.analyst_a).post(record(paper), slip(handled_by=""), headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert (answer.status_code, "<html" in text) == (422, False)
    assert 'id="keep-scan" hx-preserve' in text


def test_entering_twice(world: World, log_in: Any, paper: Order) -> None:
    entered(world, log_in, paper)
    with unchanged():
        assert log_in(world.second_a).post(record(paper), slip()).status_code == 409


def test_an_institution_that_answers_itself(world: World, log_in: Any) -> None:
    order = issue(world, involve(world.analyst_a, new_case(world.analyst_a), world.bank_a))
    client = log_in(world.analyst_a)
    with unchanged():
        assert client.get(record(order)).status_code == 409
        assert client.post(record(order), slip()).status_code == 409


@pytest.mark.parametrize(("name", "status"), [("analyst_b", 404), ("risk_a", 404), ("risk_paper", 403), ("admin", 404)])
def test_who_may_not(world: World, log_in: Any, paper: Order, name: str, status: int) -> None:
    saved = entered(world, log_in, paper)
    client = log_in(getattr(world, name))
    with unchanged():
        assert client.get(record(paper)).status_code == status
        assert client.post(record(paper), slip()).status_code == status
        assert client.get(reverse("accounts:answer_confirm", args=[saved.id])).status_code == status
        assert client.post(reverse("accounts:answer_confirm", args=[saved.id])).status_code == status
        assert (
            client.post(reverse("accounts:answer_discard", args=[saved.id]), {"reason": "no good"}).status_code
            == status
        )
