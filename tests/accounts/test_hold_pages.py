"""Holds for both sides: the list with its filters, one hold, confirming a lift, activating, what strangers see."""

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

from accounts.models import Hold
from accounts.services.holds import hold_lift, holds_expire
from antifraud import db
from antifraud.audit.models import AuditEntry
from banks.selectors.institutions import system_user
from tests.accounts.answering import answer, follow, frozen_behind, held, nothing_answered
from tests.accounts.factories import new_case
from tests.cast import World

Act = Callable[[Any], AbstractContextManager[Any]]
LogIn = Callable[[Any], Client]


def local(shift: timedelta = timedelta()) -> str:
    """A moment as the browser's picker sends it."""
    with timezone.override("Asia/Shanghai"):
        return timezone.localtime(db.app_now() + shift).strftime("%Y-%m-%dT%H:%M:%S")


def listed(page: Any) -> set[str]:
    """The holds in the list, by their order's number."""
    return set(re.findall(r"data-open>(O\d+-\d+)</a>", page.content.decode()))


def expire() -> None:
    """The scheduler's call."""
    by = system_user()
    with db.unit_of_work(by):
        holds_expire(by=by)


def test_both_sides_see_their_holds(world: World, log_in: LogIn) -> None:
    hold = held(world)
    for person in (world.risk_a, world.analyst_a, world.centre_analyst, world.bureau_approver):
        page = log_in(person).get(reverse("accounts:holds"))
        assert listed(page) == {hold.order.number}
        assert "6222 **** " in page.content.decode()


def test_filters(world: World, log_in: LogIn, move_clock: Any) -> None:
    case = new_case(world.analyst_a, filed=True)
    stop, freeze, waiting = held(world, case=case), held(world, "freeze", case=case), frozen_behind(world, case=case)
    released = held(world, case=case)
    answer(follow(world, released, "stop_release"), world.risk_a)
    move_clock(timedelta(hours=30))
    client = log_in(world.risk_a)
    for query, expected in (
        ({}, {stop, freeze, waiting, released}),
        ({"state": "in_force"}, {stop, freeze}),
        ({"state": "ending"}, {stop}),
        ({"state": "waiting"}, {waiting}),
        ({"state": "ended"}, {released}),
        ({"state": "lift"}, set()),
        ({"kind": "freeze"}, {freeze, waiting}),
        ({"state": "sofa"}, {stop, freeze, waiting, released}),
    ):
        assert listed(client.get(reverse("accounts:holds"), query)) == {each.order.number for each in expected}, query
    move_clock(timedelta(hours=20))
    page = client.get(reverse("accounts:holds"), {"state": "ended"})
    assert listed(page) == {stop.order.number, released.order.number}
    assert "ended, not in force" in page.content.decode()
    expire()
    assert listed(client.get(reverse("accounts:holds"), {"state": "lift"})) == {stop.order.number}


def test_one_hold_with_its_orders(world: World, log_in: LogIn) -> None:
    hold = held(world)
    release = follow(world, hold, "stop_release")
    for person in (world.risk_a, world.analyst_a):
        html = log_in(person).get(reverse("accounts:hold", args=[hold.pk])).content.decode()
        assert hold.order.number in html
        assert release.number in html
    assert "Analyst A" not in log_in(world.risk_a).get(reverse("accounts:hold", args=[hold.pk])).content.decode()


def test_the_police_are_led_to_drafts(world: World, log_in: LogIn) -> None:
    hold = held(world)
    page = log_in(world.analyst_a).get(reverse("accounts:hold", args=[hold.pk]))
    drafts = reverse("accounts:order_draft", args=[hold.case_id])
    assert [url for _label, url in page.context["follow"]] == [
        f"{drafts}?kind=stop_release&hold={hold.pk}", f"{drafts}?kind=stop_extend&hold={hold.pk}",
    ]  # fmt: skip
    assert page.context["forms"] == {}
    assert log_in(world.approver_a).get(reverse("accounts:hold", args=[hold.pk])).context["follow"] == []
    assert log_in(world.risk_a).get(reverse("accounts:hold", args=[hold.pk])).context["follow"] == []


def test_past_its_end_nothing_can_be_drafted(world: World, log_in: LogIn, move_clock: Any) -> None:
    hold = held(world)
    move_clock(timedelta(hours=49))
    page = log_in(world.analyst_a).get(reverse("accounts:hold", args=[hold.pk]))
    assert page.context["follow"] == []
    assert "ended, not in force" in page.content.decode()


def test_the_bank_confirms_the_lift(world: World, log_in: LogIn, move_clock: Any) -> None:
    hold = held(world)
    move_clock(timedelta(hours=49))
    expire()
    hold.refresh_from_db()
    client, url = log_in(world.risk_a), reverse("accounts:hold_lift", args=[hold.pk])
    assert "lift" in client.get(reverse("accounts:hold", args=[hold.pk])).context["forms"]
    with nothing_answered():
        early = client.post(url, {"lifted_at": local(timedelta(hours=2)), "version": hold.version})
    assert early.status_code == 422
    assert "future" in early.content.decode()
    done = client.post(url, {"lifted_at": local(), "version": hold.version})
    assert (done.status_code, done["Location"]) == (303, reverse("accounts:hold", args=[hold.pk]))
    hold.refresh_from_db()
    assert hold.status == "lift_confirmed"


def test_a_stale_page_is_told_and_can_be_sent_again(world: World, log_in: LogIn, move_clock: Any) -> None:
    hold = held(world)
    move_clock(timedelta(hours=49))
    expire()
    hold.refresh_from_db()
    client, url = log_in(world.risk_a), reverse("accounts:hold_lift", args=[hold.pk])
    with nothing_answered():
        stale = client.post(url, {"lifted_at": local(), "version": hold.version - 1})
    assert stale.status_code == 409
    shown = re.search(r'name="version" value="(\d+)"', stale.content.decode())
    assert shown is not None
    assert client.post(url, {"lifted_at": local(), "version": shown[1]}).status_code == 303


def test_confirmed_by_somebody_else_meanwhile(world: World, log_in: LogIn, act: Act, move_clock: Any) -> None:
    hold = held(world)
    move_clock(timedelta(hours=49))
    expire()
    hold.refresh_from_db()
    with act(world.risk_supervisor_a) as work:
        hold_lift(by=world.risk_supervisor_a, hold_id=hold.pk, lifted_at=work.now)
    with nothing_answered():
        page = log_in(world.risk_a).post(
            reverse("accounts:hold_lift", args=[hold.pk]), {"lifted_at": local(), "version": hold.version}
        )
    assert page.status_code == 409


def test_a_waiting_hold_is_activated(world: World, log_in: LogIn) -> None:
    hold = frozen_behind(world)
    client, url = log_in(world.risk_a), reverse("accounts:hold_activate", args=[hold.pk])
    with nothing_answered():
        wrong = client.post(url, {"effective_from": local(), "amount_minor": "9,999,999", "version": hold.version})
    assert wrong.status_code == 422
    assert "higher than the one asked for" in wrong.content.decode()
    assert (
        client.post(url, {"effective_from": local(), "amount_minor": "4,000", "version": hold.version}).status_code
        == 303
    )
    hold.refresh_from_db()
    assert (hold.status, hold.amount_minor) == ("active", 400_000)


@pytest.mark.parametrize("name", ["risk_b", "risk_branch", "risk_telecom", "analyst_b", "overseer", "auditor", "admin"])
def test_strangers_see_no_hold(world: World, log_in: LogIn, name: str) -> None:
    hold = held(world)
    client = log_in(getattr(world, name))
    page = client.get(reverse("accounts:holds"))
    assert page.status_code in {200, 403}
    assert hold.order.number not in page.content.decode()
    assert client.get(reverse("accounts:hold", args=[hold.pk])).status_code == 404
    for act in ("hold_lift", "hold_activate"):
        with nothing_answered():
            refused = client.post(
                reverse(f"accounts:{act}", args=[hold.pk]),
                {"lifted_at": local(), "effective_from": local(), "version": "1"},
            )
        assert refused.status_code == 404


def test_the_police_cannot_speak_for_a_connected_bank(world: World, log_in: LogIn, move_clock: Any) -> None:
    hold = held(world)
    move_clock(timedelta(hours=49))
    expire()
    page = log_in(world.analyst_a).post(reverse("accounts:hold_lift", args=[hold.pk]), {"lifted_at": local()})
    assert page.status_code == 403
    hold.refresh_from_db()
    assert (hold.status, hold.lifted_at) == ("expired", None)
    assert not AuditEntry.objects.filter(verb="hold.lift", outcome="ok").exists()


@pytest.mark.parametrize("name", ["risk_a", "analyst_a"])
def test_ten_and_eight_statements(world: World, log_in: LogIn, counted: Any, name: str) -> None:
    case = new_case(world.analyst_a, filed=True)
    hold = held(world, case=case)
    client = log_in(getattr(world, name))
    places = [(reverse("accounts:holds"), 10), (reverse("accounts:hold", args=[hold.pk]), 10)]
    for url, most in places:
        client.get(url)
        with counted(most) as few:
            client.get(url)
        for _ in range(4):
            held(world, case=case)
        with counted(most) as many:
            client.get(url)
        assert len(few) == len(many)
    assert Hold.objects.count() == 9
