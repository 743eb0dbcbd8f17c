"""The second branch with the trace engine itself: two victims told apart by time, and what keeps them from being so."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Hold, LedgerAccount, LedgerChain, RefundRound, TraceRun
from accounts.selectors.refund_traces import trace_starts
from accounts.services.refunds.draft import refund_draft
from accounts.services.traces import trace_run
from antifraud import db
from antifraud.errors import Invalid, Superseded
from tests.accounts.factories import pay
from tests.accounts.flow import refunding as make
from tests.accounts.flow.ledger_rows import Made, ledger

FLOW = [("v1", "mule", 0, 400_000), ("v2", "mule", 60, 300_000), ("mule", "shop", 120, 200_000)]


def scene(world: Any, *, covered: tuple[str, ...] = ("mule", "shop")) -> tuple[Hold, Made]:
    """5,000.00 held on `mule`: of 4,000.00 of the first victim 2,000.00 went on, the second's 3,000.00 rest."""
    hold = make.frozen(world)
    made = ledger(world.analyst_a, hold.case, FLOW, covered=covered)
    with db.unit_of_work(world.analyst_a):
        LedgerAccount.objects.filter(pk=made.account["mule"].pk).update(account=hold.account)
    return hold, made


def run_from(world: Any, hold: Hold, made: Made, entry: int, method: str = "fifo", **more: Any) -> TraceRun:
    found = made.entries[entry]
    seeds = [{"entry": found.pk, "from_minor": 0, "to_minor": found.amount_minor}]
    with db.unit_of_work(world.analyst_a):
        return trace_run(by=world.analyst_a, case_id=hold.case_id, seeds=seeds, params={"method": method} | more)


def draft(world: Any, hold: Hold, *runs: TraceRun | None) -> RefundRound:
    people = [make.victims(hold.case)[0], make.another_victim(world, hold.case)]
    losses = (900_000, 800_000)
    claims = [
        make.claim(person, loss, run_id=run.pk if run else None)
        for person, loss, run in zip(people, losses, runs, strict=True)
    ]
    with db.unit_of_work(world.analyst_a):
        refund = refund_draft(by=world.analyst_a, hold_id=hold.id, data=make.data(*claims))
    return RefundRound.objects.get(refund=refund)


def test_money_that_can_be_told_apart_by_time_goes_back_directly(world: Any) -> None:
    hold, made = scene(world)
    current = draft(world, hold, run_from(world, hold, made, 0), run_from(world, hold, made, 1))
    assert (current.branch, current.surplus_minor) == ("trace", 0)
    assert [row["share_minor"] for row in current.worksheet["rows"]] == [200_000, 300_000]
    assert current.worksheet["facts"]["sources"] == 2
    refund = make.submit(world, current.refund)
    assert make.approve(world, refund).status == "decided", "a direct return needs no public notice"


def test_without_the_accounts_statement_nobody_can_say(world: Any) -> None:
    hold, made = scene(world, covered=())
    current = draft(world, hold, run_from(world, hold, made, 0), run_from(world, hold, made, 1))
    assert current.branch == "pro_rata"
    assert "trace_missing" in current.worksheet["reasons"]


def test_doubt_on_another_account_is_doubt_here(world: Any) -> None:
    """What went on to the shop may have come back to the held account: without the shop's statement nobody knows."""
    hold, made = scene(world, covered=("mule",))
    current = draft(world, hold, run_from(world, hold, made, 0), run_from(world, hold, made, 1))
    assert (current.branch, "trace_missing" in current.worksheet["reasons"]) == ("pro_rata", True)
    assert current.worksheet["facts"]["claims"][0]["traced_minor"] is None


def test_a_trace_that_stops_at_a_chosen_moment_says_nothing_of_now(world: Any) -> None:
    hold, made = scene(world)
    until = db.app_now().isoformat()
    runs = [run_from(world, hold, made, at, until=until) for at in (0, 1)]
    current = draft(world, hold, *runs)
    assert (current.branch, "trace_missing" in current.worksheet["reasons"]) == ("pro_rata", True)


def test_nobodys_word_stands_for_a_statement_that_is_there(world: Any) -> None:
    """The statement has a gap: it is in the ledger all the same, and so are two payers' own statements."""
    hold = make.frozen(world)
    made = ledger(world.analyst_a, hold.case, [("v1", "mule", 0, 600_000)], covered=("mule",))
    with db.unit_of_work(world.analyst_a):
        LedgerAccount.objects.filter(pk=made.account["mule"].pk).update(account=hold.account)
        LedgerChain.objects.filter(node=made.account["mule"].node).update(breaks=1)
    refund = make.draft(world, hold, 600_000, is_stated_single=True)
    current = RefundRound.objects.get(refund=refund)
    assert (current.branch, current.is_stated_single) == ("pro_rata", True)
    assert current.worksheet["facts"]["is_stated_single"] is False


def test_payments_on_the_payers_statements_are_known_sources(world: Any) -> None:
    hold, _made = scene(world, covered=())
    refund = make.draft(world, hold, 600_000, is_stated_single=True)
    assert "several_sources" in RefundRound.objects.get(refund=refund).worksheet["reasons"]


def test_a_trace_by_parts_is_no_trace_by_time(world: Any) -> None:
    hold, made = scene(world)
    runs = [run_from(world, hold, made, at, "pro_rata") for at in (0, 1)]
    assert "trace_not_by_time" in draft(world, hold, *runs).worksheet["reasons"]


def test_one_victim_without_a_trace_is_enough_for_a_division(world: Any) -> None:
    hold, made = scene(world)
    current = draft(world, hold, run_from(world, hold, made, 0), None)
    assert (current.branch, "trace_missing" in current.worksheet["reasons"]) == ("pro_rata", True)


def test_two_victims_do_not_share_a_payment(world: Any) -> None:
    hold, made = scene(world)
    run = run_from(world, hold, made, 0)
    people = make.victims(hold.case)
    claims = [make.claim(people[0], 100, run_id=run.pk, place=place) for place in ("claims.0", "claims.1")]
    with make.nothing_happens(), pytest.raises(Invalid) as refused, db.unit_of_work(world.analyst_a):
        refund_draft(by=world.analyst_a, hold_id=hold.id, data=make.data(*claims))
    assert "claims.1.run" in refused.value.fields


def test_one_source_by_the_statement(world: Any) -> None:
    hold = make.frozen(world)
    made = ledger(world.analyst_a, hold.case, [("v1", "mule", 0, 600_000)], covered=("mule",))
    with db.unit_of_work(world.analyst_a):
        LedgerAccount.objects.filter(pk=made.account["mule"].pk).update(account=hold.account)
    refund = make.draft(world, hold, 600_000)
    current = RefundRound.objects.get(refund=refund)
    assert (current.branch, current.shared_minor) == ("single", 500_000)
    assert "one_source" in current.worksheet["reasons"]


def test_an_opening_balance_is_a_source(world: Any) -> None:
    hold = make.frozen(world)
    made = ledger(world.analyst_a, hold.case, [("v1", "mule", 0, 600_000)], covered=("mule",), openings={"mule": 100})
    with db.unit_of_work(world.analyst_a):
        LedgerAccount.objects.filter(pk=made.account["mule"].pk).update(account=hold.account)
    current = RefundRound.objects.get(refund=make.draft(world, hold, 600_000))
    assert (current.worksheet["facts"]["sources"], current.branch) == (2, "pro_rata")


def test_a_ledger_that_changed_takes_the_trace_its_word(world: Any) -> None:
    hold, made = scene(world)
    current = draft(world, hold, run_from(world, hold, made, 0), run_from(world, hold, made, 1))
    ledger(world.analyst_a, hold.case, [("other", "shop", 300, 1_000)], into=made)
    with make.nothing_happens(), pytest.raises(Superseded) as refused:
        make.submit(world, current.refund)
    assert refused.value.code == "payload_changed"


def test_evidence_that_changes_nothing_needs_no_new_round(world: Any, move_clock: Any) -> None:
    """A further payment into the account comes to light while the notice runs: still pro rata, still the same shares."""
    hold = make.frozen(world)
    refund = make.notice(world, make.draft(world, hold, 400_000, 800_000))
    pay(world.analyst_a, hold.case, hold.account)
    move_clock(timedelta(days=31))
    assert make.approve(world, make.submit(world, refund)).status == "decided"


def test_the_page_says_of_each_trace_where_it_begins_and_why_it_does_not_count(world: Any, log_in: Any) -> None:
    hold, made = scene(world)
    good, cut = run_from(world, hold, made, 0), run_from(world, hold, made, 1, max_edges=1)
    other, until = (
        run_from(world, hold, made, 0, "pro_rata"),
        run_from(world, hold, made, 0, until=db.app_now().isoformat()),
    )
    TraceRun.objects.filter(pk=cut.pk).update(is_cut=True)

    def labels() -> dict[str, str]:
        page = log_in(world.analyst_a).get(f"/cases/{hold.case_id}/refunds/new/").content.decode()
        return dict(re.findall(r'<option value="([0-9a-f-]{36})">(Trace [^<]+)</option>', page))

    found = labels()
    payer = made.account["v1"].number.masked()
    assert found[str(good.pk)].startswith(f"Trace {good.number} (First in, first out) · ")
    assert found[str(good.pk)].endswith(f" · {payer} · 1 payment, CNY 4,000.00")
    assert found[str(cut.pk)].endswith("a limit cut it off")
    assert found[str(other.pk)].endswith("it does not follow the money by time")
    assert found[str(until.pk)].endswith("it stops at a chosen time")
    ledger(world.analyst_a, hold.case, [("v2", "elsewhere", 300, 100)], into=made)
    assert labels()[str(good.pk)].endswith("the ledger has changed since, run it again")


def test_a_trace_whose_money_is_lost_on_its_way_says_so(world: Any) -> None:
    hold, made = scene(world, covered=("mule",))
    run = run_from(world, hold, made, 0)
    assert trace_starts(user=world.analyst_a, case=hold.case, currency="CNY")[run.pk].lacks == "uncertain"


def test_money_that_came_back_to_the_victim_is_told_beside_its_field(world: Any, log_in: Any) -> None:
    hold, made = scene(world)
    client, payer = log_in(world.analyst_a), made.account["v1"].number.masked()

    def told() -> list[str]:
        page = client.get(f"/cases/{hold.case_id}/refunds/new/").content.decode()
        return re.findall(r"Trace \d+: CNY [0-9,.]+ came back to [^.]+\.", page)

    run_from(world, hold, made, 0)
    assert told() == []
    ledger(world.analyst_a, hold.case, [("mule", "v1", 180, 50_000)], into=made)
    assert told() == []
    run = run_from(world, hold, made, 0)
    assert run.result["totals"]["returned"] == 50_000
    assert told() == [f"Trace {run.number}: CNY 500.00 came back to {payer}."]


def told_back(client: Any, hold: Hold) -> list[str]:
    page = client.get(f"/cases/{hold.case_id}/refunds/new/").content.decode()
    return re.findall(r"Trace \d+: CNY [0-9,.]+ came back to [^.]+(?:\.\d\d[^.]*)*\.[^.]+\.", page)


def test_what_this_platform_returned_is_not_to_be_entered_as_come_back_elsewhere(world: Any, log_in: Any) -> None:
    """The payout of 2,000.00 is in the ledger; 500.00 came back besides."""
    hold, now = make.frozen(world), db.app_now()
    made = ledger(world.analyst_a, hold.case, [("v1", "mule", now - timedelta(hours=2), 400_000)], covered=("mule",))
    with db.unit_of_work(world.analyst_a):
        LedgerAccount.objects.filter(pk=made.account["mule"].pk).update(account=hold.account)
    refund = make.decided(world, make.draft(world, hold, 200_000))
    (share,) = make.shares(refund)
    make.report(world, refund, make.paid(share))
    client, payer = log_in(world.analyst_a), made.account["v1"].number.masked()
    ledger(world.analyst_a, hold.case, [("mule", "v1", db.app_now(), 200_000)], into=made)
    run = run_from(world, hold, made, 0)
    assert run.result["totals"]["returned"] == 200_000
    assert told_back(client, hold) == [
        f"Trace {run.number}: CNY 2,000.00 came back to {payer} by this platform's own returns. Do not enter it."
    ]
    ledger(world.analyst_a, hold.case, [("mule", "v1", now - timedelta(hours=1), 50_000)], into=made)
    run = run_from(world, hold, made, 0)
    assert run.result["totals"]["returned"] == 250_000
    (told,) = told_back(client, hold)
    assert told == (
        f"Trace {run.number}: CNY 500.00 came back to {payer}, without the CNY 2,000.00 that this platform returned. "
        "Enter it here if it is this victim's."
    )


def test_a_newer_trace_of_another_payment_hides_nothing_that_came_back(world: Any, log_in: Any) -> None:
    hold, made = scene(world)
    ledger(world.analyst_a, hold.case, [("mule", "v1", 180, 50_000), ("v1", "shop", 200, 1_000)], into=made)
    older = run_from(world, hold, made, 0)
    newer = run_from(world, hold, made, 4)
    (told,) = told_back(log_in(world.analyst_a), hold)
    assert told.startswith(f"Trace {older.number}: CNY 500.00 came back")
    assert newer.result["totals"].get("returned", 0) == 0


def test_a_return_of_nothing_names_the_reason(world: Any) -> None:
    """By the traces only the first victim's money rests here, who misses nothing; the second misses all and gets none."""
    hold = make.frozen(world)
    flow = [("v1", "mule", 0, 400_000), ("v2", "other", 60, 300_000)]
    made = ledger(world.analyst_a, hold.case, flow, covered=("mule", "other"))
    with db.unit_of_work(world.analyst_a):
        LedgerAccount.objects.filter(pk=made.account["mule"].pk).update(account=hold.account)
    people = [make.victims(hold.case)[0], make.another_victim(world, hold.case)]
    runs = [run_from(world, hold, made, at) for at in (0, 1)]

    def refused(*claims: Any) -> str:
        with make.nothing_happens(), pytest.raises(Invalid) as error, db.unit_of_work(world.analyst_a):
            refund_draft(by=world.analyst_a, hold_id=hold.id, data=make.data(*claims))
        return str(error.value.fields["claims"][0])

    first = make.claim(people[0], 400_000, elsewhere_minor=400_000, run_id=runs[0].pk)
    second = make.claim(people[1], 300_000, run_id=runs[1].pk)
    assert refused(first, second).startswith("The traces leave money here only for victims who miss nothing")
    assert refused(first).startswith("None of these victims misses anything")
