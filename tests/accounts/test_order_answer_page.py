"""The page on which an institution answers: what it shows masked and in clear, its form by kind, and every refusal on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Answer, Hold, HolderRecord, NextHop, Order, PriorFreeze
from accounts.services.answers import order_acknowledge
from accounts.services.orders.cancel import order_cancel
from accounts.services.orders.correct import order_correct
from antifraud import db
from antifraud.audit.models import AuditEntry
from tests.accounts.answering import answer, arrived, bank_order, csv_file, follow, held, nothing_answered
from tests.accounts.factories import approve, involve, issue, new_case, pay, submit
from tests.accounts.test_order_content_reveal import with_instrument
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]
LogIn = Callable[[Any], Client]
HTMX = {"HX-Request": "true"}
NUMBER = "6222021234567890123"


def url(order: Order, name: str = "order_answer") -> str:
    """The address of a page or act of the order."""
    return reverse(f"accounts:{name}", args=[order.pk])


def local(ago: timedelta = timedelta()) -> str:
    """A moment as the browser's picker sends it, in the cast's time zone."""
    with timezone.override("Asia/Shanghai"):
        return timezone.localtime(db.app_now() - ago).strftime("%Y-%m-%dT%H:%M:%S")


def typed(order: Order, outcome: str = "executed", **changes: Any) -> dict[str, Any]:
    """A form that passes for a stop or freeze, as a browser sends it."""
    lists = {f"{prefix}-{name}": "0" for prefix in ("hop", "prior", "sub") for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    wanted: dict[str, Any] = lists | {
        "version": order.version,
        "outcome": outcome,
        "handled_by": "Zhao Liu",
        "verb": "answer",
    }
    if outcome == "executed":
        wanted |= {"effective_from": local(), "executed_minor": "5,000.00"}
    if outcome == "refused":
        wanted["reason"] = "no_such_account"
    return wanted | changes


def with_hop(world: World) -> Order:
    """A stop with the transfer into its account, in the bank's queue."""
    case = new_case(world.analyst_a, filed=True)
    target = involve(world.analyst_a, case, world.bank_a, number=NUMBER)
    payer = involve(world.analyst_a, case, world.bank_b, level=0, name="王小明").account
    pay(world.analyst_a, case, target.account, payer=payer, amount=880_000)
    return arrived(issue(world, target))


# -- what is shown ---------------------------------------------------------------------------------


def test_the_four_things_stand_masked_until_asked_for(world: World, log_in: LogIn) -> None:
    order = with_hop(world)
    client = log_in(world.risk_a)
    page = client.get(url(order))
    html = page.content.decode()
    assert page.status_code == 200
    assert [thing["must"] for thing in page.context["things"]] == [True] * 4
    assert "6222 **** 0123" in html
    assert "8,800.00" in html
    for clear in (NUMBER, "张三", "王小明"):
        assert clear not in html
    assert not AuditEntry.objects.filter(verb="order.reveal").exists()


def test_one_button_shows_all_four_and_is_recorded(world: World, log_in: LogIn) -> None:
    order = with_hop(world)
    shown = log_in(world.risk_a).post(url(order, "order_match"), headers=HTMX)
    html = shown.content.decode()
    assert shown.status_code == 200
    for clear in (NUMBER, "张三", "8,800.00", "王小明"):
        assert clear in html
    assert "<html" not in html
    entry = AuditEntry.objects.get(verb="order.reveal", object_id=order.id)
    assert (entry.actor_id, entry.purpose) == (world.risk_a.id, f"answer order {order.number}")
    masked = log_in(world.risk_a).get(url(order, "order_match"), headers=HTMX).content.decode()
    assert NUMBER not in masked
    assert AuditEntry.objects.filter(verb="order.reveal").count() == 1


def test_it_works_without_a_script(world: World, log_in: LogIn) -> None:
    order = with_hop(world)
    html = log_in(world.risk_a).post(url(order, "order_match")).content.decode()
    assert NUMBER in html
    assert "<html" in html


def test_a_freeze_is_matched_by_number_and_name(world: World, log_in: LogIn) -> None:
    page = log_in(world.risk_a).get(url(bank_order(world, "freeze")))
    assert [(thing["name"], thing["must"]) for thing in page.context["things"]] == [
        ("number", True), ("name", True), ("amount", False), ("time", False),
    ]  # fmt: skip


def test_the_instrument_is_a_download(world: World, log_in: LogIn) -> None:
    order = with_instrument(world)
    client = log_in(world.risk_a)
    assert url(order, "order_instrument") in client.get(url(order)).content.decode()
    paper: Any = client.post(url(order, "order_instrument"))
    assert b"".join(paper.streaming_content).startswith(b"%PDF-")
    assert "attachment" in paper["Content-Disposition"]
    assert paper["Content-Security-Policy"] == "sandbox"
    assert AuditEntry.objects.filter(verb="attachment.open").count() == 1


def test_history_names_own_people_only(world: World, log_in: LogIn, act: Act) -> None:
    order = bank_order(world)
    with act(world.risk_supervisor_a):
        order_acknowledge(by=world.risk_supervisor_a, order_id=order.id)
    html = log_in(world.risk_a).get(url(order)).content.decode()
    assert "Risk Supervisor A (risk_supervisor_a)" in html
    assert "Approver A" not in html


@pytest.mark.parametrize(
    ("kind", "fields", "absent"),
    [
        ("stop", {"executed_minor", "effective_from", "mismatch_field", "hop_lines", "mode"}, {"waiting_rank", "statement", "holder_name"}),
        ("freeze", {"executed_minor", "effective_from", "waiting_rank", "hop_lines"}, {"statement", "holder_name"}),
        ("query_transactions", {"statement", "hop_lines", "mismatch_field"}, {"executed_minor", "effective_from", "holder_name"}),
        ("query_holder", {"statement", "holder_name", "holder_id_number"}, {"executed_minor", "hop_lines", "effective_from"}),
        ("suspend_number", {"effective_from", "mismatch_field"}, {"executed_minor", "hop_lines", "statement"}),
    ],
)  # fmt: skip
def test_the_form_has_what_the_kind_needs(
    world: World, log_in: LogIn, kind: str, fields: set[str], absent: set[str]
) -> None:
    person = world.risk_telecom if kind == "suspend_number" else world.risk_a
    form = log_in(person).get(url(bank_order(world, kind))).context["forms"].form
    assert fields <= set(form.fields)
    assert not absent & set(form.fields)


def test_a_release_asks_for_little(world: World, log_in: LogIn) -> None:
    forms = log_in(world.risk_a).get(url(follow(world, held(world), "stop_release"))).context["forms"]
    assert [name for name, _label in forms.form.fields["outcome"].choices] == ["executed", "refused"]
    assert "mismatch_field" not in forms.form.fields
    assert (forms.hops, forms.priors, forms.subs) == (None, None, None)


def test_the_form_begins_with_now_and_the_own_name(world: World, log_in: LogIn) -> None:
    html = log_in(world.risk_a).get(url(bank_order(world))).content.decode()
    assert f'value="{local()[:15]}' in html
    assert 'value="Risk A"' in html


# -- answering -------------------------------------------------------------------------------------


def test_an_answer_is_taken(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    at = local(timedelta(seconds=5))
    sent = log_in(world.risk_a).post(url(order), typed(order, effective_from=at, balance_minor="9000"))
    assert (sent.status_code, sent["Location"]) == (303, reverse("accounts:queue"))
    saved = Answer.objects.get()
    assert (saved.outcome, saved.executed_minor, saved.balance_minor, saved.source) == (
        "executed",
        500_000,
        900_000,
        "logged_in",
    )
    assert saved.effective_at is not None
    with timezone.override("Asia/Shanghai"):
        assert timezone.localtime(saved.effective_at).strftime("%Y-%m-%dT%H:%M:%S") == at
    assert Hold.objects.count() == 1


def test_answer_and_next_leads_to_the_most_urgent(world: World, log_in: LogIn) -> None:
    case = new_case(world.analyst_a, filed=True)
    slow, fast, urgent = (
        bank_order(world, "freeze", case=case), bank_order(world, case=case), bank_order(world, case=case, urgency="02"),
    )  # fmt: skip
    client = log_in(world.risk_a)
    first = client.post(url(urgent), typed(urgent, verb="next"), headers=HTMX)
    assert first.headers["HX-Redirect"] == url(fast)
    second = client.post(url(fast), typed(fast, verb="next"))
    assert (second.status_code, second["Location"]) == (303, url(slow))
    third = client.post(url(slow), typed(slow, "refused", verb="next"))
    assert third["Location"] == reverse("accounts:queue")


def test_a_refusal_with_the_prefilled_time_is_taken(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    page = log_in(world.risk_a).get(url(order)).content.decode()
    shown = re.search(r'name="initial-effective_from" value="([^"]+)"', page)
    assert shown is not None
    data = typed(order, "refused") | {"effective_from": shown[1], "initial-effective_from": shown[1]}
    assert log_in(world.risk_a).post(url(order), data).status_code == 303
    assert Answer.objects.get().effective_at is None


def test_lists_that_were_not_sent_are_empty(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    data = {name: value for name, value in typed(order, "refused").items() if not name.endswith("_FORMS")}
    assert log_in(world.risk_a).post(url(order), data).status_code == 303
    assert Answer.objects.get().outcome == "refused"


def test_a_time_that_was_typed_with_a_refusal_is_told(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    data = typed(order, "refused") | {"effective_from": local(), "initial-effective_from": local(timedelta(hours=1))}
    with nothing_answered():
        page = log_in(world.risk_a).post(url(order), data)
    assert page.status_code == 422
    assert "effective_from" in page.context["forms"].form.errors


@pytest.mark.parametrize(
    ("outcome", "changes", "field"),
    [
        ("executed", {"executed_minor": "5,000.01"}, "executed_minor"),
        ("executed", {"executed_minor": "much"}, "executed_minor"),
        ("executed", {"executed_minor": ""}, "executed_minor"),
        ("executed", {"effective_from": ""}, "effective_from"),
        ("executed", {"handled_by": ""}, "handled_by"),
        ("executed", {"second_person": "zhao liu"}, "second_person"),
        ("executed", {"outcome": ""}, "outcome"),
        ("refused", {"reason": ""}, "reason"),
        ("refused", {"reason": "other"}, "reason_text"),
        ("refused", {"reason": "not_ours"}, "suggested_institution"),
        ("refused", {"mismatch_field": "name"}, "mismatch_field"),
        ("executed", {"hop_lines": "not an account at all"}, "hop_lines"),
        ("executed", {"remarks": "密码是123456"}, "remarks"),
    ],
)
def test_a_mistake_stands_at_its_field_and_everything_typed_stays(
    world: World, log_in: LogIn, outcome: str, changes: dict[str, str], field: str
) -> None:
    order = bank_order(world)
    with nothing_answered():
        page = log_in(world.risk_a).post(
            url(order), typed(order, outcome, branch="East Branch") | changes, headers=HTMX
        )
    assert page.status_code == 422
    assert field in page.context["forms"].form.errors
    html = page.content.decode()
    assert "data-error-summary" in html
    assert 'value="East Branch"' in html
    assert "<html" not in html
    assert f'name="version" value="{order.version}"' in html


def test_wrong_lines_are_told_with_their_list(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    data = typed(order) | {"hop-TOTAL_FORMS": "1", "hop-0-number": "6217000000000000017", "hop-0-amount": "12"}
    with nothing_answered():
        page = log_in(world.risk_a).post(url(order), data)
    assert page.status_code == 422
    texts = " ".join(str(text) for text in page.context["forms"].hops.non_form_errors())
    assert "institution is missing" in texts
    assert "time is missing" in texts


def test_next_hops_from_lines_and_from_the_paste_box(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    moment = local(timedelta(minutes=3)).replace("T", " ")
    data = typed(order) | {
        "hop-TOTAL_FORMS": "2", "hop-0-number": "6217 0000 0000 0000 017", "hop-0-institution": world.bank_b.name, "hop-0-name": "李四",
        "hop-0-amount": "1,200", "hop-0-at": local(timedelta(minutes=4)),
        "hop_lines": f"6228480000000000012\t中国建设银行\t赵六\t300.50\t{moment}",
    }  # fmt: skip
    assert log_in(world.risk_a).post(url(order), data).status_code == 303
    found = {hop.number.open(): hop for hop in NextHop.objects.all()}
    assert sorted(found) == ["6217000000000000017", "6228480000000000012"]
    assert found["6217000000000000017"].institution_id == world.bank_b.id
    assert (found["6217000000000000017"].amount_minor, found["6228480000000000012"].amount_minor) == (120_000, 30_050)
    assert found["6228480000000000012"].institution_id == world.bank_b.id


def test_the_paste_box_answers_while_it_is_typed(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    with nothing_answered():
        page = log_in(world.risk_a).post(
            url(order, "answer_hops"), {"hop_lines": "6217000000000000017 建行 李四 1200\nrubbish"}, headers=HTMX
        )
    html = page.content.decode()
    assert "6217000000000000017" in html
    assert world.bank_b.name in html
    assert "No account number was found" in html


def test_prior_freezes_rank_by_their_line(world: World, log_in: LogIn) -> None:
    order = bank_order(world, "freeze")
    data = typed(order) | {
        "effective_from": "", "executed_minor": "", "waiting_rank": "3", "prior-TOTAL_FORMS": "3", "prior-0-body": "City Court",
        "prior-2-body": "Tax Office", "prior-2-amount": "10",
    }  # fmt: skip
    assert log_in(world.risk_a).post(url(order), data).status_code == 303
    assert list(PriorFreeze.objects.order_by("rank").values_list("rank", "body")) == [
        (1, "City Court"),
        (2, "Tax Office"),
    ]
    assert Hold.objects.get().status == "waiting"


def test_transactions_come_as_a_file(world: World, log_in: LogIn) -> None:
    order = bank_order(world, "query_transactions")
    client = log_in(world.risk_a)
    lists = {"hop-TOTAL_FORMS": "0", "hop-INITIAL_FORMS": "0"}
    base = lists | {"version": order.version, "outcome": "executed", "handled_by": "Zhao"}
    with nothing_answered():
        missing = client.post(url(order), base)
    assert (missing.status_code, list(missing.context["forms"].form.errors)) == (422, ["statement"])
    assert client.post(url(order), base | {"statement": csv_file()}).status_code == 303
    assert Answer.objects.get().statement is not None


def test_a_holder_record_is_typed(world: World, log_in: LogIn) -> None:
    order = bank_order(world, "query_holder")
    client = log_in(world.risk_a)
    base = {"version": order.version, "outcome": "executed", "handled_by": "Zhao"}
    with nothing_answered():
        missing = client.post(url(order), base)
        nameless = client.post(url(order), base | {"holder_phone": "13900139000"})
    assert list(missing.context["forms"].form.errors) == ["holder_name"]
    assert list(nameless.context["forms"].form.errors) == ["holder_name"]
    assert client.post(url(order), base | {"holder_name": "张三", "holder_opened_on": "2020-05-01"}).status_code == 303
    assert HolderRecord.objects.get().name.open() == "张三"


def test_warnings_are_shown_once_and_confirmed(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    client = log_in(world.risk_a)
    data = typed(order, balance_minor="10")
    with nothing_answered():
        page = client.post(url(order), data, headers=HTMX)
    html = page.content.decode()
    assert page.status_code == 422
    assert "higher than the balance" in html
    mark = re.search(r'name="warnings_seen" value="(\w+)"', html)
    assert mark is not None
    with nothing_answered():
        other = client.post(
            url(order), data | {"warnings_seen": mark[1], "previously_frozen_minor": "3", "free_minor": "3"}
        )
    assert other.status_code == 422
    assert client.post(url(order), data | {"warnings_seen": mark[1]}).status_code == 303


def test_who_was_first_is_said_and_nothing_is_sent(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    answer(order, world.risk_supervisor_a, "refused")
    with nothing_answered():
        page = log_in(world.risk_a).post(url(order), typed(order), headers=HTMX)
    html = page.content.decode()
    assert page.status_code == 409
    assert "Nothing was sent." in html
    assert "Risk Supervisor A answered this order: Refused." in html
    assert 'id="answer-form"' not in html


def test_after_somebodys_acknowledgement_the_second_try_passes(world: World, log_in: LogIn, act: Act) -> None:
    order = bank_order(world)
    with act(world.risk_supervisor_a):
        order_acknowledge(by=world.risk_supervisor_a, order_id=order.id)
    client = log_in(world.risk_a)
    with nothing_answered():
        page = client.post(url(order), typed(order, branch="East Branch"), headers=HTMX)
    html = page.content.decode()
    assert page.status_code == 409
    assert "Risk Supervisor A acknowledged this order." in html
    assert 'value="East Branch"' in html
    fresh = re.search(r'name="version" value="(\d+)"', html)
    assert fresh is not None
    assert int(fresh[1]) == order.version + 1
    assert client.post(url(order), typed(order, version=fresh[1])).status_code == 303


def test_a_running_stop_is_told_as_a_conflict(world: World, log_in: LogIn) -> None:
    first = held(world)
    second = bank_order(world, case=first.case, number=first.account.number.open())
    with nothing_answered():
        page = log_in(world.risk_a).post(url(second), typed(second), headers=HTMX)
    assert page.status_code == 409
    assert "already" in page.content.decode()


def test_an_answered_order_shows_its_answer_and_no_form(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    answer(order, world.risk_a)
    html = log_in(world.risk_a).get(url(order)).content.decode()
    assert "Your answer" in html
    assert 'id="answer-form"' not in html
    assert reverse("accounts:hold", args=[Hold.objects.get().pk]) in html


def test_a_cancelled_order_takes_only_what_crossed(world: World, log_in: LogIn, act: Act) -> None:
    order = bank_order(world)
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="withdrawn by us")
    client = log_in(world.risk_a)
    page = client.get(url(order))
    assert "Do not execute it" in page.content.decode()
    assert [name for name, _label in page.context["forms"].form.fields["outcome"].choices] == ["executed", "partial"]
    order.refresh_from_db()
    assert client.post(url(order), typed(order)).status_code == 303
    assert Order.objects.get(kind="stop_release").trigger == "crossed"


def test_what_crossed_is_taken_although_a_corrected_order_came_since(world: World, log_in: LogIn, act: Act) -> None:
    order = bank_order(world)
    with act(world.analyst_a):
        order_cancel(by=world.analyst_a, order_id=order.id, reason="wrong amount")
    with act(world.analyst_a):
        made = order_correct(by=world.analyst_a, order_id=order.id, changes={"amount_minor": 100_000})
    approve(submit(made), world.approver_a)
    order.refresh_from_db()
    assert order.status == "superseded"
    client = log_in(world.risk_a)
    page = client.get(url(order))
    assert "Do not execute it" in page.content.decode()
    assert [name for name, _label in page.context["forms"].form.fields["outcome"].choices] == ["executed", "partial"]
    assert client.post(url(order), typed(order)).status_code == 303
    assert Order.objects.get(kind="stop_release").trigger == "crossed"


# -- small acts ------------------------------------------------------------------------------------


def test_acknowledge_and_route_from_the_page(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    client = log_in(world.risk_a)
    assert client.post(url(order, "order_acknowledge"))["Location"] == url(order)
    assert client.post(url(order, "order_route"), {"branch": str(world.branch_a.pk)})["Location"] == url(order)
    order.refresh_from_db()
    assert (order.status, order.routed_to) == ("acknowledged", world.branch_a)
    html = log_in(world.risk_branch).get(url(order)).content.decode()
    assert "dlg-route" not in html
    with nothing_answered():
        client.post(url(order, "order_route"), {"branch": str(world.bank_b.pk)})


def test_a_late_acknowledgement_says_who_was_first(world: World, log_in: LogIn) -> None:
    order = bank_order(world)
    answer(order, world.risk_supervisor_a, "refused")
    with nothing_answered():
        page = log_in(world.risk_a).post(url(order, "order_acknowledge"), follow=True)
    assert "Risk Supervisor A answered this order: Refused." in page.content.decode()


# -- others ----------------------------------------------------------------------------------------


def test_a_foreign_order_is_absent_whatever_is_tried(world: World, log_in: LogIn) -> None:
    order = with_instrument(world)
    absent = Order(pk="00000000-0000-4000-8000-000000000000")
    data = typed(order)
    for name in ("risk_b", "risk_branch", "risk_payment", "analyst_a", "analyst_b", "overseer", "admin"):
        client = log_in(getattr(world, name))
        for place in ("order_answer", "order_match"):
            assert client.get(url(order, place)).status_code == 404, (name, place)
        for place in (
            "order_answer", "order_match", "order_acknowledge", "order_route", "order_instrument", "order_note_cancellation", "answer_hops",
        ):  # fmt: skip
            with nothing_answered():
                page = client.post(url(order, place), data)
            assert page.status_code == 404, (name, place)
    client = log_in(world.risk_b)
    foreign, missing = client.get(url(order)), client.get(url(absent))
    tokens = re.compile(rb'csrf[^>]+|"[0-9a-zA-Z]{64}"|content="20[^"]+"')
    assert tokens.sub(b"", foreign.content) == tokens.sub(b"", missing.content)


# -- cost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stop", "freeze", "query_holder", "stop_release"])
def test_eight_statements_beside_session_and_user(world: World, log_in: LogIn, counted: Any, kind: str) -> None:
    order = follow(world, held(world), kind) if kind == "stop_release" else bank_order(world, kind)
    client = log_in(world.risk_a)
    client.get(url(order))
    with counted(10) as few:
        client.get(url(order))
    case = Order.objects.select_related("case").get(pk=order.pk).case
    for _ in range(5):
        bank_order(world, case=case)
    with counted(10) as many:
        client.get(url(order))
    assert len(many) == len(few)


def test_an_answered_page_costs_no_more(world: World, log_in: LogIn, counted: Any) -> None:
    order = bank_order(world)
    answer(order, world.risk_a)
    client = log_in(world.risk_a)
    client.get(url(order))
    with counted(10):
        client.get(url(order))
