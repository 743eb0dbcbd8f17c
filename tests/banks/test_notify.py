"""Telling people: one row each, and open pages hear of it after commit."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from antifraud import hints
from antifraud.errors import NotFound
from banks.models import Notification
from banks.services.notifications import TEXTS, notification_open, notifications_read, notify
from tests.cast import World

PARAMS = {"number": "E2026-1"}


def test_each_person_gets_one_row(world: World, act: Any, counted: Any) -> None:
    people = [world.analyst_a, world.second_a, world.analyst_a]
    with act(world.admin) as work, counted(1):
        notify(users=people, code="order.rejected", params=PARAMS, url="/orders/1/")
    rows = Notification.objects.all()
    assert {row.user_id for row in rows} == {world.analyst_a.id, world.second_a.id}
    assert len(rows) == 2
    assert {(row.code, row.url, row.created_at, row.read_at) for row in rows} == {
        ("order.rejected", "/orders/1/", work.now, None)
    }


def test_nobody_is_no_row(world: World, act: Any) -> None:
    with act(world.admin):
        assert notify(users=[], code="order.rejected", params=PARAMS, url="/") == []
    assert not Notification.objects.exists()


def test_a_code_without_a_text_is_a_defect(world: World, act: Any) -> None:
    with pytest.raises(ValueError, match="no text"), act(world.admin):
        notify(users=[world.analyst_a], code="order.unheard_of", params={}, url="/")
    assert not Notification.objects.exists()


def test_pages_hear_of_it_after_commit(
    world: World, act: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[tuple[str, str]] = []
    monkeypatch.setattr(hints, "publish", lambda topic, kind: heard.append((topic, kind)))
    with django_capture_on_commit_callbacks(execute=True), act(world.admin):
        notify(users=[world.analyst_a], code="order.rejected", params=PARAMS, url="/")
        assert heard == []
    assert heard == [(f"user:{world.analyst_a.id}", "notice")]


def test_texts_take_only_plain_parameters() -> None:
    for text in TEXTS.values():
        fields = {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}
        assert all(name.isidentifier() for name in fields)
        assert "%" not in text


def test_reading_is_ones_own(world: World, act: Any) -> None:
    with act(world.admin):
        notify(users=[world.analyst_a, world.second_a], code="order.rejected", params=PARAMS, url="/")
    with act(world.analyst_a):
        assert notifications_read(by=world.analyst_a) == 1
        assert notifications_read(by=world.analyst_a) == 0
    unread = Notification.objects.get(read_at__isnull=True)
    assert unread.user_id == world.second_a.id


def test_opening_marks_one_as_read_and_strangers_find_nothing(world: World, act: Any) -> None:
    with act(world.admin):
        (row,) = notify(users=[world.analyst_a], code="order.rejected", params=PARAMS, url="/orders/1/")
    for stranger in (world.second_a, world.admin, world.risk_a):
        with pytest.raises(NotFound), act(stranger):
            notification_open(by=stranger, notification_id=row.id)
    assert Notification.objects.get().read_at is None
    with act(world.analyst_a) as work:
        assert notification_open(by=world.analyst_a, notification_id=row.id).url == "/orders/1/"
    assert Notification.objects.get().read_at == work.now
