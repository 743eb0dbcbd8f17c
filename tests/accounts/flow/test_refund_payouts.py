"""What is told as "came back" beside a victim's line: each cent once, and nothing that this platform paid out itself."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Hold, LedgerAccount, StatementLine, TraceRun
from accounts.selectors.refund_payouts import payouts
from accounts.services.traces import trace_run
from antifraud import db
from antifraud.crypto.blind import row_key
from tests.accounts.flow import refunding as make
from tests.accounts.flow.ledger_rows import Made, Row, ledger

NUMBER = "PAYOUT-2026-0001"


def scene(world: Any, rows: list[Row], **more: Any) -> tuple[Hold, Made]:
    """Money is held on `mule`."""
    hold = make.frozen(world)
    made = ledger(world.analyst_a, hold.case, rows, covered=("mule",), **more)
    with db.unit_of_work(world.analyst_a):
        LedgerAccount.objects.filter(pk=made.account["mule"].pk).update(account=hold.account)
    return hold, made


def run_from(world: Any, hold: Hold, made: Made, *entries: int) -> TraceRun:
    rows = [made.entries[at] for at in entries]
    seeds = [{"entry": row.pk, "from_minor": 0, "to_minor": row.amount_minor} for row in rows]
    with db.unit_of_work(world.analyst_a):
        return trace_run(by=world.analyst_a, case_id=hold.case_id, seeds=seeds, params={"window_seconds": 864_000})


def told(client: Any, hold: Hold) -> list[str]:
    """The sentences about money that came back, as the page shows them."""
    page = client.get(f"/cases/{hold.case_id}/refunds/new/").content.decode()
    text = page.split('<div class="form-text"')
    found = {part for each in text for part in re.findall(r"Trace \d+: CNY [^<]+", each)}
    return [sentence.strip() for part in found for sentence in re.split(r"(?=Trace \d+: )", part) if sentence.strip()]


@pytest.mark.parametrize("order", list(permutations([(0,), (1,), (0, 1)])), ids=str)
def test_sets_of_payments_that_overlap_tell_each_cent_once(world: Any, log_in: Any, order: Any) -> None:
    """Of 4,000.00 and 3,000.00 came 500.00 and 4,000.00 back: by time all of the first and 500.00 of the second."""
    flow: list[Row] = [("v1", "mule", 0, 400_000), ("v1", "mule", 60, 300_000)]
    hold, made = scene(world, [*flow, ("mule", "v1", 120, 50_000), ("mule", "v1", 180, 400_000)])
    for entries in order:
        run_from(world, hold, made, *entries)
    amounts = [each.split("CNY ")[1].split(" ")[0] for each in told(log_in(world.analyst_a), hold)]
    assert sorted(amounts) == (["4,500.00"] if order[-1] == (0, 1) else ["4,000.00", "500.00"])


def returned(world: Any, rows_before: list[Row]) -> tuple[Hold, Made, datetime]:
    """2,000.00 of 4,000.00 are returned by a decision, and the bank reported the payment."""
    now = db.app_now()
    hold, made = scene(world, [("v1", "mule", now - timedelta(hours=2), 400_000), *rows_before])
    refund = make.decided(world, make.draft(world, hold, 200_000))
    (share,) = make.shares(refund)
    make.report(world, refund, make.paid(share, NUMBER))
    return hold, made, db.app_now()


def test_a_payout_by_way_of_the_banks_own_account_is_this_platforms(world: Any, log_in: Any) -> None:
    hold, made, now = returned(world, [])
    way: list[Row] = [("mule", "suspense", now, 200_000), ("suspense", "v1", now + timedelta(minutes=5), 200_000)]
    ledger(world.analyst_a, hold.case, way, into=made)
    run = run_from(world, hold, made, 0)
    assert run.result["totals"]["returned"] == 200_000
    (sentence,) = told(log_in(world.analyst_a), hold)
    assert "CNY 2,000.00" in sentence
    assert sentence.endswith("by this platform's own returns. Do not enter it.")


@pytest.mark.parametrize("column", ["reference", "serial", ""])
def test_a_payout_from_another_account_is_known_by_its_number_or_told_as_doubtful(
    world: Any, log_in: Any, column: str
) -> None:
    """The bank collects into its account and pays from it: no payment out of the held account has the share's amount."""
    now = db.app_now()
    hold, made, later = returned(world, [("mule", "suspense", now - timedelta(hours=1), 350_000)])
    ledger(world.analyst_a, hold.case, [("suspense", "v1", later, 200_000)], covered=("v1",), into=made)
    index = row_key("statement.reference")(NUMBER.encode())
    line = StatementLine.objects.filter(node=made.node["v1"], amount_minor=200_000)
    with db.unit_of_work(world.analyst_a):
        if column:
            assert line.update(**{column: index if column == "reference" else NUMBER}) == 1
    run_from(world, hold, made, 0)
    (sentence,) = told(log_in(world.analyst_a), hold)
    assert "CNY 2,000.00" in sentence
    assert sentence.endswith("Do not enter it.") is bool(column)
    assert ("may be this platform's own return by way of another account" in sentence) is not bool(column)


def test_one_payout_speaks_for_one_payment_only(world: Any, log_in: Any) -> None:
    """The payout itself and, the same day, as much from the mule's other account: that one came back elsewhere."""
    now = db.app_now()
    hold, made, later = returned(world, [("mule", "other", now - timedelta(hours=1), 150_000)])
    ledger(world.analyst_a, hold.case, [("mule", "v1", later, 200_000), ("other", "v1", later, 150_000)], into=made)
    run_from(world, hold, made, 0)
    (sentence,) = told(log_in(world.analyst_a), hold)
    assert "CNY 1,500.00 came back" in sentence
    assert "without the CNY 2,000.00 that this platform returned" in sentence


def test_what_is_read_does_not_grow_with_the_payments(world: Any) -> None:
    """Payouts by way of accounts of the bank's: the statements depend on the returns only."""
    hold, made, now = returned(world, [])
    counts = []
    for place in range(3):
        name = f"other {place}"
        ledger(world.analyst_a, hold.case, [(name, "v1", now + timedelta(minutes=place), 200_000)], into=made)
        with CaptureQueriesContext(connection) as asked:
            found = payouts(hold.case, "CNY", {made.node["v1"]})
        counts.append(len(asked))
        assert len(found.doubtful) == 1
    assert counts == [5, 5, 5], "two, and three for the return"
    way: Row = ("mule", "other 1", now, 200_000)
    ledger(world.analyst_a, hold.case, [way], into=made)
    assert payouts(hold.case, "CNY", {made.node["v1"]}).own == {made.entries[2].pk}
