"""What links cases, and what does not: accounts, phones, clues, devices; entered, confirmed, dismissed, merged."""

from __future__ import annotations

import itertools
import random
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import InvolvedAccount, Series, SeriesEvent, SeriesLink, SeriesMember, StatementLine
from accounts.rules.series import components
from accounts.selectors.series_links import stale_cases
from accounts.services.identity import account_merge, account_unmerge
from accounts.services.involvements import involvement_confirm, involvement_dismiss
from antifraud import db
from antifraud.deliveries import outbox_handle
from antifraud.outbox.models import OutboxMessage
from cases.models import Victim
from cases.services.victims import victim_update
from tests.accounts.factories import card, involve
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.flow.serial_cases import case_with, followed, groups, series_of, sharing, together


def test_a_shared_account_makes_a_series_and_other_cases_stay_alone(world: Any) -> None:
    first, second = sharing(world, card(), world.analyst_a, world.analyst_b)
    other = case_with(world.analyst_a)
    involve(world.analyst_a, other, world.bank_a)
    followed(other)
    series = series_of(first)
    assert series is not None
    assert series_of(second) == series
    assert series_of(other) is None
    assert series.size == 2
    assert series.number.startswith("S")
    assert set(series.events.values_list("what", flat=True)) == {"formed", "added"}


def test_the_same_number_at_another_bank_is_another_account(world: Any) -> None:
    number = card()
    first, second = case_with(world.analyst_a), case_with(world.analyst_b)
    involve(world.analyst_a, first, world.bank_a, number=number)
    involve(world.analyst_b, second, world.bank_b, number=number)
    followed(first, second)
    assert not Series.objects.exists()


def test_the_post_office_links_what_was_entered(world: Any) -> None:
    """Nothing is called by hand: filing and entering leave facts, the post office carries them."""
    number = card()
    cases = [case_with(by) for by in (world.analyst_a, world.analyst_b)]
    for case, by in zip(cases, (world.analyst_a, world.analyst_b), strict=True):
        involve(by, case, world.bank_a, number=number)
        told = OutboxMessage.objects.filter(topic="case.clued", subject_id=case.id)
        assert told.count() == 1
    while outbox_handle():
        pass
    assert groups(*cases) == {together(*cases)}


def test_phones_meet_across_victims_clues_and_spellings(world: Any) -> None:
    victim = case_with(world.analyst_a, phone="138 0013 8001")
    clue = case_with(world.analyst_b, leads=(("phone", "+86-138-0013-8001"),))
    number = case_with(world.analyst_a)
    involve(world.analyst_a, number, world.telecom, number="13800138001", kind="phone")
    followed(victim, clue, number)
    assert groups(victim, clue, number) == {together(victim, clue, number)}
    assert set(SeriesLink.objects.values_list("kind", flat=True)) == {"phone"}


def test_clues_link_by_kind_and_value(world: Any) -> None:
    same = [case_with(by, leads=(("url", "http://bad.example/a"),)) for by in (world.analyst_a, world.analyst_b)]
    other_kind = case_with(world.analyst_a, leads=(("app", "http://bad.example/a"),))
    followed(*same, other_kind)
    assert groups(*same, other_kind) == {together(*same), together(other_kind)}


def test_a_shared_device_links_when_statements_are_taken_in(world: Any) -> None:
    cases = [case_with(by) for by in (world.analyst_a, world.analyst_b)]
    for case, by in zip(cases, (world.analyst_a, world.analyst_b), strict=True):
        ledger(by, case, [("a", "b", 0, 100)], covered=("a",))
    lines = StatementLine.objects.filter(case_id__in=[case.id for case in cases])
    assert lines.count() == 2
    lines.update(device=b"d" * 16)
    followed(*cases)
    assert groups(*cases) == {together(cases[0]), together(cases[1])}  # looked at only when asked
    followed(*cases, devices=True)
    assert groups(*cases) == {together(*cases)}
    lines.update(left_out="repeat")
    followed(*cases, devices=True)
    assert groups(*cases) == {together(cases[0]), together(cases[1])}


def test_a_proposed_account_links_when_it_is_confirmed_and_not_before(world: Any) -> None:
    number = card()
    (first,) = sharing(world, number, world.analyst_a)
    second = case_with(world.analyst_b)
    row = involve(world.analyst_b, second, world.bank_a, number=number, state="proposed")
    followed(second)
    assert series_of(second) is None
    with db.unit_of_work(world.analyst_b):
        involvement_confirm(by=world.analyst_b, involvement_id=row.id)
    followed(second)
    assert groups(first, second) == {together(first, second)}
    with db.unit_of_work(world.analyst_b):
        involvement_dismiss(by=world.analyst_b, involvement_id=row.id)
    followed(second)
    assert groups(first, second) == {together(first), together(second)}
    assert not SeriesMember.objects.exists()
    assert Series.objects.get().ended_at is not None


def test_the_smaller_series_is_relabelled_and_leads_to_the_larger(world: Any) -> None:
    large = sharing(world, card(), world.analyst_a, world.analyst_a, world.analyst_b)
    number = card()
    small = sharing(world, number, world.analyst_b, world.analyst_a)
    target, gone = series_of(large[0]), series_of(small[0])
    involve(world.analyst_a, large[0], world.bank_a, number=number)
    followed(large[0])
    assert groups(*large, *small) == {together(*large, *small)}
    assert series_of(small[0]) == target
    gone.refresh_from_db()
    target.refresh_from_db()
    assert (gone.size, gone.merged_into) == (0, target)
    assert target.size == 5
    assert SeriesEvent.objects.filter(series=target, what="merged", other=gone).count() == 1


def test_merged_accounts_link_and_an_undone_merge_unlinks(world: Any) -> None:
    cases = [case_with(by) for by in (world.analyst_a, world.analyst_a)]
    rows = [involve(world.analyst_a, case, world.bank_a) for case in cases]
    followed(*cases)
    assert not Series.objects.exists()
    with db.unit_of_work(world.analyst_a):
        account_merge(by=world.analyst_a, account_id=rows[0].account_id, into_id=rows[1].account_id, reason="same card")
    told = set(OutboxMessage.objects.filter(topic="case.clued").values_list("subject_id", flat=True))
    assert told >= {case.id for case in cases}
    followed(*cases)
    assert groups(*cases) == {together(*cases)}
    change = InvolvedAccount.objects.get(pk=rows[0].account_id).changes.get()
    with db.unit_of_work(world.analyst_a):
        account_unmerge(by=world.analyst_a, change_id=change.id, reason="two cards")
    followed(*cases)
    assert groups(*cases) == {together(cases[0]), together(cases[1])}


def test_a_corrected_phone_moves_the_case(world: Any) -> None:
    first, second = (case_with(by, phone="13800138002") for by in (world.analyst_a, world.analyst_b))
    followed(first, second)
    assert groups(first, second) == {together(first, second)}
    victim = Victim.objects.get(case=second)
    with db.unit_of_work(world.analyst_b):
        victim_update(by=world.analyst_b, victim_id=victim.id, changes={"phone": "13900139000"})
    followed(second)
    assert groups(first, second) == {together(first), together(second)}


def test_following_twice_changes_nothing(world: Any) -> None:
    cases = sharing(world, card(), world.analyst_a, world.analyst_b)
    before = (SeriesEvent.objects.count(), SeriesLink.objects.count(), series_of(cases[0]))
    followed(*cases, *cases)
    assert (SeriesEvent.objects.count(), SeriesLink.objects.count(), series_of(cases[0])) == before


def test_whatever_the_order_the_labels_are_the_components(world: Any) -> None:
    """Accounts enter and leave twelve cases at random; after every step the labels are those of a full recomputation."""
    dice = random.Random(7)  # noqa: S311  a fixed course of events
    cases = [case_with(world.analyst_a) for _ in range(12)]
    numbers = [card() for _ in range(8)]
    held: dict[tuple[int, int], Any] = {}
    for _step in range(45):
        at, thing = dice.randrange(12), dice.randrange(8)
        row = held.pop((at, thing), None)
        if row is None:
            held[at, thing] = involve(world.analyst_a, cases[at], world.bank_a, number=numbers[thing])
        else:
            with db.unit_of_work(world.analyst_a):
                involvement_dismiss(by=world.analyst_a, involvement_id=row.id)
        followed(cases[at])
        expected = {frozenset(cases[n].id for n in part) for part in components(range(12), held)}
        assert groups(*cases) == expected
    counted = {series.pk: series.members.count() for series in Series.objects.all()}
    assert counted == dict(Series.objects.values_list("pk", "size"))


def test_a_case_from_before_there_were_series_is_found(world: Any) -> None:
    cases = [case_with(by, leads=(("chat", "wx-1"),)) for by in (world.analyst_a, world.analyst_b)]
    number = card()
    third = case_with(world.analyst_a)
    involve(world.analyst_a, third, world.bank_a, number=number)
    assert set(stale_cases(10)) == {case.id for case in (*cases, third)}
    followed(*cases, third)
    assert stale_cases(10) == []
    assert len(list(itertools.chain(*groups(*cases, third)))) == 3


def test_joining_many_series_takes_as_many_statements_as_joining_two(world: Any) -> None:
    def joined(several: str) -> tuple[int, Any]:
        cases = [case_with(by, leads=(("url", f"http://bad.example/{each}"),)) for each in several
                 for by in (world.analyst_a, world.analyst_b)]  # fmt: skip
        followed(*cases)
        last = case_with(world.analyst_a, leads=tuple(("url", f"http://bad.example/{each}") for each in several))
        with CaptureQueriesContext(connection) as sent:
            followed(last)
        assert groups(*cases, last) == {together(*cases, last)}
        series = series_of(last)
        assert series is not None
        assert series.size == len(cases) + 1
        merged = SeriesEvent.objects.filter(series=series, what="merged").values_list("other", flat=True)
        gone = Series.objects.filter(pk__in=list(merged))
        assert len(gone) == len(several) - 1
        assert {(each.size, each.merged_into_id) for each in gone} == {(0, series.pk)}
        return len(sent), series

    two, _series = joined("ab")
    five, _series = joined("cdefg")
    assert two == five
