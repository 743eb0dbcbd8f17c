"""Release cascade: which holds are proposed and why, what an officer may tick, and the drafts that follow."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Hold, LedgerAccount, LedgerEntry, Order
from accounts.selectors.cascades import Proposal, cascade_of
from accounts.services.cascades import cascade_draft
from accounts.services.holds import hold_release
from accounts.services.traces import trace_run
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.errors import Forbidden, Invalid, NotFound, WrongState
from tests.accounts import answering, factories
from tests.accounts.flow import refunding as make
from tests.accounts.flow.ledger_rows import ledger
from tests.cast import World


@pytest.fixture
def chain(world: World) -> dict[str, Hold]:
    """victim → first → second → third, and victim → side → third; `first` was released as found unrelated."""
    case = factories.new_case(world.analyst_a, filed=True)
    holds = {name: answering.held(world, "freeze", case=case) for name in ("first", "second", "third", "side")}
    found = {name: Hold.objects.select_related("account", "case").get(pk=hold.pk) for name, hold in holds.items()}
    for payer, payee in ((None, "first"), ("first", "second"), ("second", "third"), (None, "side"), ("side", "third")):
        account = found[payer].account if payer else None
        factories.pay(world.analyst_a, case, found[payee].account, payer=account)
    end(world, found["first"])
    return found


def end(world: World, hold: Hold, cause: str = "unrelated") -> None:
    with db.unit_of_work(world.risk_a) as work:
        fresh = Hold.objects.get(pk=hold.pk)
        hold_release(by=world.risk_a, hold=fresh, cause=cause, trigger_at=work.now, released_at=work.now)


def proposals(by: Any, hold: Hold) -> dict[Any, Proposal]:
    with db.unit_of_work(by):
        _wrong, found = cascade_of(user=by, hold_id=hold.pk)
    return {each.hold.pk: each for each in found}


def draft(
    world: World, hold: Hold, *ticked: Hold, by: Any = None, reason: str = "rests on a wrong hold"
) -> list[Order]:
    by = by or world.analyst_a
    with db.unit_of_work(by):
        return cascade_draft(by=by, hold_id=hold.pk, hold_ids=[each.pk for each in ticked], reason=reason)


def test_what_rests_only_on_it_is_proposed_with_its_way(world: World, chain: dict[str, Hold]) -> None:
    found = proposals(world.analyst_a, chain["first"])
    assert set(found) == {chain["second"].pk, chain["third"].pk}
    second, third = found[chain["second"].pk], found[chain["third"].pk]
    assert (second.is_only, second.steps) == (True, 1)
    assert [account.pk for account in second.way] == [chain["first"].account_id, chain["second"].account_id]
    assert third.is_only is False, "money reaches it by the other account too"


def test_the_ticked_releases_are_drafted(world: World, chain: dict[str, Hold]) -> None:
    (order,) = draft(world, chain["first"], chain["second"])
    assert (order.kind, order.status, order.trigger) == ("freeze_release", "draft", "unrelated")
    assert (order.original_id, order.due_at is not None) == (chain["second"].order_id, True)
    row = AuditEntry.objects.get(verb="cascade.draft")
    assert (row.object_id, row.case_id) == (chain["first"].pk, chain["first"].case_id)


def test_what_is_fed_otherwise_cannot_be_ticked(world: World, chain: dict[str, Hold]) -> None:
    for wrong in ([chain["third"]], [chain["side"]], []):
        before = Order.objects.count()
        with pytest.raises(Invalid):
            draft(world, chain["first"], *wrong)
        assert Order.objects.count() == before


def test_a_reason_is_needed(world: World, chain: dict[str, Hold]) -> None:
    with pytest.raises(Invalid) as refused:
        draft(world, chain["first"], chain["second"], reason=" ")
    assert list(refused.value.fields) == ["reason"]


def test_only_behind_a_wrong_hold(world: World, chain: dict[str, Hold]) -> None:
    with pytest.raises(WrongState):
        proposals(world.analyst_a, chain["side"])


@pytest.mark.parametrize(("who", "error"), [("analyst_b", NotFound), ("risk_a", NotFound), ("risk_b", NotFound)])
def test_nobody_else_sees_what_lies_behind(
    world: World, chain: dict[str, Hold], who: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        proposals(getattr(world, who), chain["first"])


def test_an_approver_reads_but_does_not_draft(world: World, chain: dict[str, Hold]) -> None:
    assert proposals(world.approver_a, chain["first"])
    with pytest.raises(Forbidden):
        draft(world, chain["first"], chain["second"], by=world.approver_a)
    assert not Order.objects.filter(trigger="unrelated").exists()


def test_a_trace_shows_ways_that_nobody_told(world: World) -> None:
    """The transfers say nothing of the way; the ledger's trace does: victim → mule → keeper."""
    case = factories.new_case(world.analyst_a, filed=True)
    mule, keeper = (
        Hold.objects.select_related("account", "case").get(pk=answering.held(world, "freeze", case=case).pk)
        for _ in range(2)
    )
    rows = [("victim", "mule", 0, 400_000), ("mule", "keeper", 60, 300_000)]
    made = ledger(world.analyst_a, case, rows, covered=("mule", "keeper"))
    with db.unit_of_work(world.analyst_a):
        for name, hold in (("mule", mule), ("keeper", keeper)):
            LedgerAccount.objects.filter(pk=made.account[name].pk).update(account=hold.account)
    end(world, mule, "error")
    assert proposals(world.analyst_a, mule) == {}
    with db.unit_of_work(world.analyst_a):
        seeds = [{"entry": made.entries[0].pk, "from_minor": 0, "to_minor": 400_000}]
        trace_run(by=world.analyst_a, case_id=case.pk, seeds=seeds, params={})
    found = proposals(world.analyst_a, mule)
    assert {pk: each.is_only for pk, each in found.items()} == {keeper.pk: True}


def test_a_victims_way_stays_however_often_anothers_trace_is_run(world: World) -> None:
    """Two victims lost the same; the one's trace was run once, the other's again and again after it."""
    case = factories.new_case(world.analyst_a, filed=True)
    mule, keeper = (
        Hold.objects.select_related("account", "case").get(pk=answering.held(world, "freeze", case=case).pk)
        for _ in range(2)
    )
    rows = [("victim", "mule", 0, 400_000), ("mule", "keeper", 60, 400_000), ("other", "shop", 5, 400_000)]
    made = ledger(world.analyst_a, case, rows, covered=("mule", "keeper"))
    for name, hold in (("mule", mule), ("keeper", keeper)):
        LedgerAccount.objects.filter(pk=made.account[name].pk).update(account=hold.account)
    end(world, mule, "error")
    with db.unit_of_work(world.analyst_a):
        for entry in (made.entries[0], *[made.entries[2]] * 21):
            seeds = [{"entry": entry.pk, "from_minor": 0, "to_minor": 400_000}]
            trace_run(by=world.analyst_a, case_id=case.pk, seeds=seeds, params={})
    assert set(proposals(world.analyst_a, mule)) == {keeper.pk}


def test_of_one_question_the_newest_answer_counts(world: World) -> None:
    """The first run saw the mule pay the keeper; by the second one that payment is gone from the ledger."""
    case = factories.new_case(world.analyst_a, filed=True)
    mule, keeper = (
        Hold.objects.select_related("account", "case").get(pk=answering.held(world, "freeze", case=case).pk)
        for _ in range(2)
    )
    rows = [("victim", "mule", 0, 400_000), ("mule", "keeper", 60, 400_000)]
    made = ledger(world.analyst_a, case, rows)
    for name, hold in (("mule", mule), ("keeper", keeper)):
        LedgerAccount.objects.filter(pk=made.account[name].pk).update(account=hold.account)
    end(world, mule, "error")
    for expected in ({keeper.pk}, set()):
        with db.unit_of_work(world.analyst_a):
            seeds = [{"entry": made.entries[0].pk, "from_minor": 0, "to_minor": 400_000}]
            trace_run(by=world.analyst_a, case_id=case.pk, seeds=seeds, params={})
        assert set(proposals(world.analyst_a, mule)) == expected
        LedgerEntry.objects.filter(pk=made.entries[1].pk).delete()


def test_the_page_keeps_the_ticks(world: World, chain: dict[str, Hold], log_in: Any) -> None:
    client = log_in(world.analyst_a)
    url = f"/holds/{chain['first'].pk}/cascade/"
    page = client.get(url).content.decode()
    assert "rests only on it" in page
    assert "fed by other ways too" in page
    refused = client.post(url, {"hold": str(chain["second"].pk), "reason": ""})
    assert refused.status_code == 422
    assert "checked" in refused.content.decode()
    done = client.post(url, {"hold": str(chain["second"].pk), "reason": "rests on a wrong hold"})
    assert (done.status_code, Order.objects.filter(trigger="unrelated").count()) == (303, 1)
    assert str(chain["first"].pk) in client.get(f"/cases/{chain['first'].case_id}/refunds/").content.decode()
    assert make.victims(chain["first"].case)
