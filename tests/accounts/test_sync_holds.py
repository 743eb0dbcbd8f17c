"""T17 for open holds, and the duty that notes who did not compare in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Hold, SyncFinding, SyncRun
from accounts.services.holds import holds_expire
from accounts.services.sync_watch import syncs_watch
from antifraud import db
from banks.models import Notification
from banks.selectors.institutions import system_user
from tests.accounts.answering import bank_order, held
from tests.accounts.syncing import Books

pytestmark = pytest.mark.django_db
Move = Callable[[timedelta], None]


@pytest.fixture(autouse=True)
def forenoon(move_clock: Move) -> None:
    """The next 10:00 UTC: what is compared belongs to a day, and the tests' quarters of an hour must not cross its end."""
    ten = (db.app_now() + timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    move_clock(ten - db.app_now())


@pytest.fixture
def books(world: Any, log_in: Any) -> Books:
    return Books(log_in(world.machine_a))


def item(hold: Hold) -> str:
    ends = hold.legal_expires_at
    assert ends is not None
    return f"{hold.id}|{hold.order_id}|stop|{ends:%Y-%m-%dT%H:%M:%SZ}|{hold.amount_minor}|CNY"


def watch() -> int:
    by = system_user()
    with db.unit_of_work(by):
        return syncs_watch(by=by)


def noted() -> list[tuple[str, str]]:
    rows = Notification.objects.filter(code__startswith="sync.late").values_list("code", "user__username")
    return sorted(rows)


def test_open_holds_agree_until_one_is_altered_or_ends(world: Any, books: Books, move_clock: Move) -> None:
    one, two = held(world), held(world)
    books.items = {str(hold.id): item(hold) for hold in (one, two)}
    assert books.agrees(scope="open_holds")
    for altered in (item(one).replace("|CNY", "9|CNY"), item(one).replace("Z|", "Z|").replace("|stop|", "|freeze|")):
        books.items[str(one.id)] = altered
        assert not books.agrees(scope="open_holds")
        found = books.compare(scope="open_holds", day=None)
        assert found["different"] == [{"id": str(one.id), "platform": item(one), "bank": altered}]
        assert found["proposals"] == [{"id": str(one.id), "proposal": "check_hold"}]
    del books.items[str(one.id)]
    assert books.compare(scope="open_holds")["missing_at_bank"] == [str(one.id)]
    books.items[str(one.id)] = item(one)
    assert books.agrees(scope="open_holds")
    move_clock(timedelta(hours=49))
    assert not books.agrees(scope="open_holds"), "by the clock they are over, whatever their status says"
    assert sorted(books.compare(scope="open_holds")["unknown_to_platform"]) == sorted([str(one.id), str(two.id)])


def test_a_hold_lost_or_altered_on_the_platform_is_named(world: Any, books: Books) -> None:
    one, two = held(world), held(world)
    books.items = {str(hold.id): item(hold) for hold in (one, two)}
    Hold.objects.filter(pk=one.pk).update(amount_minor=1)
    Hold.objects.filter(pk=two.pk).update(status="released", ended_at=db.app_now())
    assert not books.agrees(scope="open_holds")
    found = books.compare(scope="open_holds")
    assert [row["id"] for row in found["different"]] == [str(one.id)]
    assert found["unknown_to_platform"] == [str(two.id)]


def test_holds_that_nobody_compares_for_a_quarter_of_an_hour_are_noted_once(
    world: Any, books: Books, move_clock: Move
) -> None:
    held(world)
    assert watch() == 0
    move_clock(timedelta(minutes=14))
    assert watch() == 0
    move_clock(timedelta(minutes=2))
    assert watch() == 1
    assert watch() == 0
    people = ["centre_supervisor", "risk_a", "risk_supervisor_a"]
    assert noted() == [("sync.late_holds", name) for name in people]
    books.get(scope="open_holds")
    move_clock(timedelta(minutes=14))
    assert watch() == 0
    move_clock(timedelta(minutes=2))
    assert watch() == 1
    run = SyncRun.objects.get(scope="open_holds")
    assert (run.outcome, run.times) == ("fetched", 1)


def to_midnight(move_clock: Move, before: timedelta) -> None:
    midnight = (db.app_now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    move_clock(midnight - before - db.app_now())


def test_a_difference_of_yesterday_ends_with_todays_comparison(world: Any, books: Books, move_clock: Move) -> None:
    to_midnight(move_clock, timedelta(minutes=5))
    hold = held(world)
    books.items[str(hold.id)] = item(hold).replace("|stop|", "|freeze|")
    assert len(books.compare(scope="open_holds")["different"]) == 1
    move_clock(timedelta(minutes=10))
    assert len(books.compare(scope="open_holds")["different"]) == 1
    (finding,) = SyncFinding.objects.all()
    assert finding.resolution == "", "the same difference, found on two days, is one"
    books.get(scope="open_holds")
    assert SyncRun.objects.latest("day").outcome == "differs"
    books.items[str(hold.id)] = item(hold)
    assert books.compare(scope="open_holds")["different"] == []
    finding.refresh_from_db()
    assert finding.resolution == "agreed"


def test_who_was_noted_before_midnight_is_noted_again_after_a_day_or_after_comparing(
    world: Any, books: Books, move_clock: Move
) -> None:
    def told() -> int:
        watch()
        return Notification.objects.filter(code="sync.late_holds", user=world.risk_a).count()

    to_midnight(move_clock, timedelta(minutes=19))
    held(world)
    move_clock(timedelta(minutes=16))
    assert told() == 1
    move_clock(timedelta(minutes=5))
    assert told() == 1, "five minutes later, on another day"
    move_clock(timedelta(hours=23))
    assert told() == 1
    move_clock(timedelta(hours=1))
    assert told() == 2
    books.get(scope="open_holds")
    move_clock(timedelta(minutes=16))
    assert told() == 3


def test_a_days_orders_are_due_six_hours_after_its_end(world: Any, books: Books, move_clock: Move) -> None:
    bank_order(world)
    midnight = (db.app_now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    move_clock(midnight + timedelta(hours=5, minutes=59) - db.app_now())
    assert watch() == 0
    move_clock(timedelta(minutes=2))
    assert watch() == 1
    assert watch() == 0
    day = (midnight - timedelta(days=1)).date()
    assert SyncRun.objects.get().day == day
    assert SyncRun.objects.get().outcome == "missing"
    books.get(day=day.isoformat())
    run = SyncRun.objects.get()
    assert (run.outcome, run.late_noted_at is not None) == ("fetched", True)


def test_a_day_that_was_compared_is_not_noted(world: Any, books: Books, move_clock: Move) -> None:
    bank_order(world)
    day = db.app_now().date().isoformat()
    move_clock(timedelta(days=1))
    books.get(day=day)
    move_clock(timedelta(hours=7))
    assert watch() == 0


def test_a_digest_before_the_days_end_does_not_count(world: Any, books: Books, move_clock: Move) -> None:
    today = db.app_now().date()
    books.get(day=today.isoformat())
    bank_order(world)
    move_clock(timedelta(days=1, hours=7))
    assert watch() == 1
    run = SyncRun.objects.get(day=today)
    assert run.late_noted_at is not None


def test_nobody_is_behind_with_nothing(world: Any, move_clock: Move) -> None:
    """No orders, no holds, no system, not connected."""
    move_clock(timedelta(days=2))
    assert watch() == 0
    assert noted() == []


def test_what_has_ended_needs_no_comparison(world: Any, move_clock: Move) -> None:
    held(world)
    move_clock(timedelta(hours=49))
    by = system_user()
    with db.unit_of_work(by):
        holds_expire(by=by)
    SyncRun.objects.all().delete()
    with db.unit_of_work(by):
        noted_now = syncs_watch(by=by)
    assert SyncRun.objects.filter(scope="open_holds").count() == 0
    assert noted_now == SyncRun.objects.filter(scope="orders").count()
