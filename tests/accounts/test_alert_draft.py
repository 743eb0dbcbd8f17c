"""What a draft may say and to whom: texts that name nobody, lines that somebody will see, room in the lanes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Alert
from accounts.services.alerts.draft import alert_draft, alert_update
from antifraud import db
from antifraud.errors import Forbidden, Invalid, NotFound, RateLimited, Superseded, WrongState
from banks.models import Lane
from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.accounts.factories import card, new_case
from tests.banks.lanes import enqueue
from tests.cast import World


def refused(by: Any, *lines: Any, **changes: Any) -> list[str]:
    """The fields for which the draft is refused; nothing may have happened."""
    before = alerting.facts()
    with pytest.raises(Invalid) as error, db.unit_of_work(by):
        alert_draft(by=by, data=alerting.alert_input(*lines, **changes))
    assert all(texts for texts in error.value.fields.values())
    assert alerting.facts() == before
    return sorted(error.value.fields)


def test_a_draft_is_numbered_sealed_and_seen_by_the_police_only(world: World) -> None:
    one = line(world.bank_a)
    alert = Alert.objects.get(pk=alerting.draft(world.analyst_a, one).pk)
    assert alert.number.startswith("N20")
    assert alert.acknowledge_minutes == 1440
    assert [str(each) for each in alert.addressees.all()] == [world.bank_a.title]
    kept = alert.lines.get()
    assert (kept.number.open(), kept.name.open(), kept.position) == (one.number, "张三", 1)
    seeing = set(alert.grants.values_list("group__institution__code", flat=True))
    assert seeing == {"unit_a", "bureau", "centre"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "x"}, "title"),
        ({"title": "Card 622202 again"}, "title"),
        ({"content": "short"}, "content"),
        ({"content": "Look at 6222 0212 3456 7890 123 please"}, "content"),
        ({"content": "Look at the holder's id １１０１０１１９９００１０１１２３４"}, "content"),
        ({"content": "His password: hunter2 opens it all"}, "content"),
        ({"legal_basis": "because"}, "legal_basis"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "look for 6222021234567890123"}, "purpose"),
        ({"purpose": "look for 622.202/12"}, "purpose"),
        ({"purpose": "use PIN 1234 there"}, "purpose"),
        ({"title": "Card 622. 202 again"}, "title"),
        ({"content": "His PIN 1234 opens it all"}, "content"),
        ({"kind": "gossip"}, "kind"),
        ({"audience": "friends"}, "audience"),
    ],
)
def test_what_may_not_stand_is_named(world: World, changes: dict[str, Any], field: str) -> None:
    assert field in refused(world.analyst_a, line(world.bank_a), **changes)


@pytest.mark.parametrize(
    "gap", [".", "/", " / ", "  ", "\n", "\r\n", "\u00a0", "\u2011", "\u2013", " \u2014 ", "·", "\u2212"]
)
def test_a_number_in_pieces_is_a_number_still(world: World, gap: str) -> None:
    number = gap.join(["6222", "0212", "3456", "7890", "123"])
    assert refused(world.analyst_a, line(world.bank_a), content=f"Look at card {number} please") == ["content"]


@pytest.mark.parametrize(
    "text",
    [
        "128,000.00 on 2026-11-22 15:46",
        "2026-11-22 15:46 2026-11-23 09:10:11",
        "2026-11-22 - 2026-11-25, each night",
        "2026/11/22-2026/11/25 and 20261126 20261127",
        "5000.00 / 6000.00 / 7000.00 each",
        "2026-11-22 128,000.00 2026-11-23 1,250,000.00",
        "2026-11-22\n2026-11-23\n2026-11-24",
        "Call 010-62134567 or 13800000001.",
        "In 2026.\n1. 3 cards\n2. 40 transfers of 500",
        "2026年11月22日 15:46 128,000.00 元",
    ],
)
def test_amounts_dates_and_telephones_may_stand_in_the_text(world: World, text: str) -> None:
    text = f"Seen again: {text}"
    assert alerting.draft(world.analyst_a, line(world.bank_a), content=text).content.open() == text


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_the_end_lies_in_the_future_within_a_year(world: World, days: int) -> None:
    assert refused(world.analyst_a, line(world.bank_a), expires_at=db.app_now() + timedelta(days=days)) == [
        "expires_at"
    ]


def test_a_line_that_nobody_would_see_is_refused(world: World) -> None:
    lines = [line(world.bank_a), line(None), line(world.bank_b), line(world.bank_paper)]
    assert refused(world.analyst_a, *lines, audience="chosen", addressees=(world.bank_a,)) == [
        "lines.1", "lines.2", "lines.3"
    ]  # fmt: skip
    shown = [line(world.bank_a), line(None, to_all=True), line(world.bank_b, to_all=True)]
    alert = alerting.draft(world.analyst_a, *shown, audience="chosen", addressees=(world.bank_a,))
    assert alert.lines.count() == 3


def test_the_same_account_twice_and_unreadable_numbers_are_refused(world: World) -> None:
    one = line(world.bank_a)
    assert refused(world.analyst_a, one, one, line(world.bank_a, number="12")) == ["lines.1", "lines.2"]


def test_the_audience(world: World) -> None:
    def codes(**changes: Any) -> list[str]:
        alert = alerting.draft(world.analyst_a, *changes.pop("lines", ()), **changes)
        return sorted(alert.addressees.values_list("code", flat=True))

    assert codes(audience="all") == ["bank_a", "bank_b", "branch_a", "payment", "telecom"]
    assert codes(audience="chosen", addressees=(world.telecom, world.bank_paper)) == ["telecom"]
    assert codes(lines=(line(world.bank_b), line(world.bank_b))) == ["bank_b"]
    assert refused(world.analyst_a, audience="chosen") == ["addressees"]
    assert refused(world.analyst_a, audience="chosen", addressees=(world.bank_paper,)) == ["addressees"]
    assert refused(world.analyst_a) == ["audience"]


def test_at_most_five_hundred_lines(world: World) -> None:
    lines = [line(world.bank_a) for _ in range(501)]
    assert refused(world.analyst_a, *lines) == ["lines"]


@pytest.mark.parametrize("who", ["risk_a", "approver_a", "overseer", "admin", "auditor"])
def test_others_draft_nothing(world: World, who: str) -> None:
    person = getattr(world, who)
    before = alerting.facts()
    with pytest.raises(Forbidden), db.unit_of_work(person):
        alert_draft(by=person, data=alerting.alert_input(line(world.bank_a)))
    assert alerting.facts() == before


def test_a_foreign_case_cannot_be_named(world: World) -> None:
    case = new_case(world.analyst_b)
    with pytest.raises(NotFound), db.unit_of_work(world.analyst_a):
        alert_draft(by=world.analyst_a, data=alerting.alert_input(line(world.bank_a), case=case))
    assert not Alert.objects.exists()


def test_an_update_replaces_lines_and_addressees(world: World) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    case, other = new_case(world.analyst_a), line(world.bank_b)
    with db.unit_of_work(world.second_a):
        alert_update(
            by=world.second_a, alert_id=alert.id, data=alerting.alert_input(other, case=case, title="Another title"),
            expected_version=alert.version,
        )  # fmt: skip
    kept = Alert.objects.get(pk=alert.pk)
    assert (kept.title, kept.case, kept.content.open()) == ("Another title", case, alerting.CONTENT)
    assert [each.number.open() for each in kept.lines.all()] == [other.number]
    assert [each.code for each in kept.addressees.all()] == ["bank_b"]


def test_a_stale_or_submitted_draft_is_not_overwritten(world: World) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    data = alerting.alert_input(line(world.bank_b))
    with pytest.raises(Superseded), db.unit_of_work(world.analyst_a):
        alert_update(by=world.analyst_a, alert_id=alert.id, data=data, expected_version=alert.version - 1)
    alerting.submit(alert)
    with pytest.raises(WrongState), db.unit_of_work(world.analyst_a):
        alert_update(by=world.analyst_a, alert_id=alert.id, data=data)
    assert [each.code for each in alert.addressees.all()] == ["bank_a"]


def test_a_superior_approves_but_does_not_write(world: World) -> None:
    alert = alerting.draft(world.analyst_a, line(world.bank_a))
    with pytest.raises(Forbidden), db.unit_of_work(world.centre_analyst):
        alert_update(by=world.centre_analyst, alert_id=alert.id, data=alerting.alert_input(line(world.bank_b)))


def test_alerts_are_shed_where_a_lane_is_full_and_only_there(world: World) -> None:
    Lane.objects.filter(institution=world.bank_a).update(alert_depth_limit=2)
    enqueue(world.bank_a, 1)
    alerting.draft(world.analyst_a, line(world.bank_a))
    enqueue(world.bank_a, 1)
    before = alerting.facts()
    with pytest.raises(RateLimited) as error, db.unit_of_work(world.analyst_a):
        alert_draft(by=world.analyst_a, data=alerting.alert_input(line(world.bank_a)))
    assert error.value.extra["retry_after"] > 0
    assert alerting.facts() == before
    alerting.draft(world.analyst_a, line(world.bank_b, number=card()))


def test_one_full_lane_keeps_no_alert_from_the_others(world: World) -> None:
    Lane.objects.filter(institution=world.bank_a).update(alert_depth_limit=1)
    enqueue(world.bank_a, 1)
    alert = alerting.issue(world)
    assert sorted(alert.notices.values_list("institution__code", flat=True)) == ["bank_a", "bank_b"]
