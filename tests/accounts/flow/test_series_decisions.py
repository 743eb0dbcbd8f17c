"""Joins and splits by hand: with a reason, kept against later links, undone exactly; the stop list; who may."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Series, SeriesCut, SeriesDecision, SeriesLink, SeriesMember, SeriesStop, SeriesTie
from accounts.services.identity import account_merge
from accounts.services.series.decisions import series_join, series_split, series_undo
from accounts.services.series.stops import stop_add, stop_add_account, stop_end
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, WrongState
from tests.accounts.factories import card, involve
from tests.accounts.flow.serial_cases import case_with, followed, groups, series_of, sharing, together

WHY = "the same boss in both statements"


def join(by: Any, a: Any, b: Any, reason: str = WHY) -> Series:
    with db.unit_of_work(by):
        return series_join(by=by, case_id=a.id, other_id=b.id, reason=reason)


def split(by: Any, *cases: Any, reason: str = WHY) -> SeriesDecision:
    with db.unit_of_work(by):
        return series_split(by=by, series_id=series_of(cases[0]).id, case_ids=[c.id for c in cases], reason=reason)


def undo(by: Any, decision: SeriesDecision) -> None:
    with db.unit_of_work(by):
        series_undo(by=by, decision_id=decision.id, reason="it was an error")


def rows() -> tuple[int, ...]:
    tables: Any = (SeriesDecision, SeriesTie, SeriesCut, SeriesStop, SeriesMember, Series)
    return (*(table.objects.count() for table in tables), AuditEntry.objects.filter(outcome="ok").count())


def test_a_join_holds_without_anything_shared_and_is_undone(world: Any) -> None:
    first, second = (case_with(world.analyst_a) for _ in range(2))
    series = join(world.analyst_a, first, second)
    assert groups(first, second) == {together(first, second)}
    followed(first, second)
    assert groups(first, second) == {together(first, second)}
    decision = SeriesDecision.objects.get()
    assert (decision.kind, decision.reason, decision.by, decision.series) == ("join", WHY, world.analyst_a, series)
    assert set(AuditEntry.objects.filter(verb="series.join").values_list("case_id", flat=True)) == {first.id, second.id}
    undo(world.second_a, decision)
    assert groups(first, second) == {together(first), together(second)}
    with pytest.raises(WrongState):
        undo(world.second_a, decision)


def test_an_undone_join_leaves_what_is_linked_by_itself(world: Any) -> None:
    first, second = (case_with(world.analyst_a) for _ in range(2))
    join(world.analyst_a, first, second)
    number = card()
    for case in (first, second):
        involve(world.analyst_a, case, world.bank_a, number=number)
    followed(first, second)
    undo(world.analyst_a, SeriesDecision.objects.get())
    assert groups(first, second) == {together(first, second)}


def test_cases_of_one_series_are_not_joined_again(world: Any) -> None:
    first, second = sharing(world, card(), world.analyst_a, world.analyst_a)
    before = rows()
    with pytest.raises(Conflict) as refused:
        join(world.analyst_a, first, second)
    assert refused.value.code == "series_joined"
    assert rows() == before


def test_a_split_is_not_undone_by_the_same_link(world: Any) -> None:
    number = card()
    first, second, third = sharing(world, number, world.analyst_a, world.analyst_a, world.analyst_b)
    kept = series_of(first)
    decision = split(world.analyst_a, first)
    assert groups(first, second, third) == {together(first), together(second, third)}
    assert series_of(second) == kept
    # entered again, followed again, another case with the same account: still split
    involve(world.analyst_a, first, world.bank_a, number=number)
    (fourth,) = sharing(world, number, world.analyst_b)
    followed(first, second, third)
    assert groups(first, second, third, fourth) == {together(first), together(second, third, fourth)}
    # a new shared thing links
    other = card()
    for case in (first, second):
        involve(world.analyst_a, case, world.bank_a, number=other)
    followed(first, second)
    assert len(groups(first, second, third, fourth)) == 1
    undo(world.analyst_a, decision)
    assert len(groups(first, second, third, fourth)) == 1


def test_an_undone_split_links_again(world: Any) -> None:
    first, second, third = sharing(world, card(), world.analyst_a, world.analyst_a, world.analyst_a)
    decision = split(world.analyst_a, first, second)
    assert groups(first, second, third) == {together(first, second), together(third)}
    undo(world.analyst_a, decision)
    assert groups(first, second, third) == {together(first, second, third)}
    assert not SeriesTie.objects.filter(is_live=True).exists()
    assert SeriesLink.objects.filter(counts=False).count() == 0


def test_a_split_ends_joins_across_and_its_undoing_restores_them(world: Any) -> None:
    first, second = (case_with(world.analyst_a) for _ in range(2))
    join(world.analyst_a, first, second)
    decision = split(world.analyst_a, first)
    assert groups(first, second) == {together(first), together(second)}
    undo(world.analyst_a, decision)
    assert groups(first, second) == {together(first, second)}


def test_a_split_holds_for_the_account_that_it_was_merged_into(world: Any) -> None:
    number = card()
    first, second = sharing(world, number, world.analyst_a, world.analyst_a)
    split(world.analyst_a, first)
    old = first.involvements.get().account
    other = case_with(world.analyst_a)
    into = involve(world.analyst_a, other, world.bank_a).account
    with db.unit_of_work(world.analyst_a):
        account_merge(by=world.analyst_a, account_id=old.id, into_id=into.id, reason="same card")
    followed(first, second, other)
    assert groups(first, second, other) == {together(first), together(second, other)}


@pytest.mark.parametrize("reason", ["", "no", "   "])
def test_every_decision_needs_a_reason(world: Any, reason: str) -> None:
    first, second = sharing(world, card(), world.analyst_a, world.analyst_a)
    third = case_with(world.analyst_a)
    before = rows()
    for act in (
        lambda: join(world.analyst_a, first, third, reason),
        lambda: split(world.analyst_a, second, reason=reason),
    ):
        with pytest.raises(Invalid) as refused:
            act()
        assert list(refused.value.fields) == ["reason"]
    assert rows() == before


def test_numbers_in_a_reason_are_not_kept(world: Any) -> None:
    first, second = (case_with(world.analyst_a) for _ in range(2))
    join(world.analyst_a, first, second, "card 6222020000000000012 in both")
    assert "6222" not in SeriesDecision.objects.get().reason


def test_what_a_split_refuses(world: Any) -> None:
    mine, theirs = sharing(world, card(), world.analyst_a, world.analyst_b)
    before = rows()
    with pytest.raises(Invalid):
        split(world.analyst_a, theirs)  # a case of the series, out of the officer's reach
    with pytest.raises(Invalid):
        split(world.centre_analyst, mine, theirs)  # nobody would stay
    with pytest.raises(Forbidden):
        split(world.approver_a, mine)
    with pytest.raises(NotFound):
        split(world.risk_a, mine)
    assert rows() == before
    split(world.analyst_a, mine)
    assert groups(mine, theirs) == {together(mine), together(theirs)}


def test_only_cases_of_ones_own_reach_are_joined(world: Any) -> None:
    mine, theirs = case_with(world.analyst_a), case_with(world.analyst_b)
    before = rows()
    for by, refusal in (
        (world.analyst_a, NotFound),
        (world.analyst_b, NotFound),
        (world.approver_a, Forbidden),
        (world.overseer, NotFound),
    ):
        with pytest.raises(refusal):
            join(by, mine, theirs)
    with pytest.raises(Invalid):
        join(world.analyst_a, mine, mine)
    assert rows() == before
    join(world.centre_analyst, mine, theirs)
    assert groups(mine, theirs) == {together(mine, theirs)}


def test_a_foreign_decision_is_not_undone(world: Any) -> None:
    first, second = (case_with(world.analyst_a) for _ in range(2))
    join(world.analyst_a, first, second)
    before = rows()
    for by in (world.analyst_b, world.risk_a, world.overseer, world.admin):
        with pytest.raises(NotFound):
            undo(by, SeriesDecision.objects.get())
    assert rows() == before


# -- the stop list ----------------------------------------------------------------------------------


def test_a_hub_on_the_stop_list_links_nobody_and_the_rest_stays(world: Any) -> None:
    hub, real = card(), card()
    cases = sharing(world, hub, world.analyst_a, world.analyst_a, world.analyst_b, world.analyst_b)
    for case in cases[:2]:
        involve(world.analyst_a, case, world.bank_a, number=real)
    followed(*cases)
    assert len(groups(*cases)) == 1
    series = series_of(cases[0])
    account = cases[0].involvements.order_by("entered_at").first().account
    link = SeriesLink.objects.get(case=cases[0], source_id=account.id)
    with db.unit_of_work(world.supervisor_a):
        stop = stop_add(by=world.supervisor_a, series_id=series.id, link_id=link.id, reason="collecting account")
    assert (stop.account_id, stop.by, stop.reason) == (account.id, world.supervisor_a, "collecting account")
    assert groups(*cases) == {together(*cases[:2]), together(cases[2]), together(cases[3])}
    later = sharing(world, hub, world.analyst_a)
    assert series_of(later[0]) is None
    with pytest.raises(Conflict), db.unit_of_work(world.supervisor_a):
        stop_add_account(by=world.supervisor_a, account_id=account.id, reason="once more")
    with db.unit_of_work(world.approver_a):
        stop_end(by=world.approver_a, stop_id=stop.id, reason="it was a private card")
    assert len(groups(*cases, *later)) == 1


def test_the_stop_list_and_a_split_do_not_undo_each_other(world: Any) -> None:
    number = card()
    first, second, third = sharing(world, number, world.analyst_a, world.analyst_a, world.analyst_a)
    decision = split(world.analyst_a, first)
    account = first.involvements.get().account
    with db.unit_of_work(world.supervisor_a):
        stop = stop_add_account(by=world.supervisor_a, account_id=account.id, reason="collecting account")
    assert len(groups(first, second, third)) == 3
    undo(world.analyst_a, decision)
    assert len(groups(first, second, third)) == 3
    with db.unit_of_work(world.supervisor_a):
        stop_end(by=world.supervisor_a, stop_id=stop.id, reason="it was a private card")
    assert len(groups(first, second, third)) == 1


def test_who_may_not_put_on_the_stop_list(world: Any) -> None:
    mine, _theirs = sharing(world, card(), world.analyst_a, world.analyst_b)
    series, link = series_of(mine), SeriesLink.objects.get(case=mine, kind="account")
    before = rows()
    for by in (world.analyst_a, world.risk_supervisor_a, world.overseer, world.admin):
        with pytest.raises((NotFound, Forbidden)), db.unit_of_work(by):
            stop_add(by=by, series_id=series.id, link_id=link.id, reason="collecting account")
        with pytest.raises((NotFound, Forbidden)), db.unit_of_work(by):
            stop_add_account(by=by, account_id=link.source_id, reason="collecting account")
    foreign = SeriesLink.objects.exclude(case=mine).get(kind="account")
    with pytest.raises(Invalid), db.unit_of_work(world.supervisor_a):
        stop_add(by=world.supervisor_a, series_id=series.id, link_id=foreign.id, reason="collecting account")
    assert rows() == before
