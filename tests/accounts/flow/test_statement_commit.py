"""Taking a file into the ledger: entries, matches, known rows, repeats, order of imports, twice, all or none, undo."""

from __future__ import annotations

import itertools
import random

import pytest

from accounts.models import CaseLedger, LedgerAccount, LedgerChain, LedgerEntry, LedgerMatch, StatementFile
from accounts.services.ledger.undo import match_undo
from accounts.services.statements import committing
from accounts.services.statements.files import statement_commit, statement_discard
from antifraud import db
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import outbox_handle
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound, Superseded, WrongState
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.outbox.models import OutboxMessage
from antifraud.workshop import WORKS
from banks.models import User
from tests.accounts.factories import involve, new_case, pay
from tests.accounts.flow.statement_files import (
    A,
    B,
    C,
    D,
    Line,
    account_of,
    commit,
    imported,
    preview,
    told_entries,
    work,
)
from tests.cast import World

pytestmark = pytest.mark.django_db
OF_A = [
    Line(A, "in", 900_00, 0, D, 900_00, "A1"),
    Line(A, "out", 500_00, 60, B, 400_00, "A2"),
    Line(A, "out", 500_00, 400, B, -100_00, "A3"),
]
OF_B = [
    Line(B, "in", 500_00, 65, A, 500_00, "B1"),
    Line(B, "in", 500_00, 401, A, 1000_00, "B2"),
    Line(B, "out", 700_00, 500, C, 300_00, "B3"),
]
OF_C = [Line(C, "in", 700_00, 502, B, 700_00, "C1"), Line(C, "out", 100_00, 900, "", 600_00, "C2")]


def test_rows_become_entries_with_their_sums(world: World) -> None:
    case = new_case(world.analyst_a)
    file = imported(world.analyst_a, case, OF_B, institution=world.bank_b)
    assert (file.status, file.committed_by) == ("committed", world.analyst_a)
    node = account_of(case, B).node
    entries = list(LedgerEntry.objects.filter(case=case).order_by("out_at"))
    assert [(e.amount_minor, e.co, e.ci) for e in entries] == [(500_00, 0, 0), (500_00, 500_00, 500_00), (700_00, 0, 0)]
    chain = LedgerChain.objects.get(node=node, currency="CNY")
    assert (chain.in_minor, chain.out_minor, chain.closing_minor, chain.breaks) == (1000_00, 700_00, 300_00, 0)
    assert (chain.covered_from, chain.covered_to) == (entries[0].in_at, entries[2].out_at)
    assert LedgerChain.objects.get(node=account_of(case, C).node).covered_from is None
    assert CaseLedger.objects.get(case=case).version == 1
    assert OutboxMessage.objects.filter(topic="ledger.changed", subject_id=case.pk).count() == 1


def test_both_sides_of_a_transfer_are_one_entry(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, OF_A)
    imported(world.analyst_a, case, OF_B)
    assert LedgerEntry.objects.filter(case=case).count() == 4  # D->A, twice A->B, B->C
    matches = list(LedgerMatch.objects.filter(case=case).order_by("seconds_apart"))
    assert [(m.rule, m.seconds_apart) for m in matches] == [("parties", 1), ("parties", 5)]
    both = LedgerEntry.objects.get(matches=matches[1])
    assert (both.in_at - both.out_at).total_seconds() == 5


def test_a_file_with_both_sides_matches_within_itself(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, [*OF_A, *OF_B, *OF_C])
    assert LedgerEntry.objects.filter(case=case).count() == 5
    assert LedgerMatch.objects.filter(case=case).count() == 3


def test_a_row_that_names_nobody_is_matched_by_its_reference_alone(world: World) -> None:
    ledgers = []
    out = [Line(A, "out", 7_00, 0, B, serial="a", reference="REF-000001"), Line(A, "out", 8_00, 1, B, serial="b")]
    into = [Line(B, "in", 7_00, 30, serial="c", reference="ref-000001"), Line(B, "in", 8_00, 31, serial="d")]
    for files in ((out, into), (into, out)):
        case = new_case(world.analyst_a)
        for rows in files:
            imported(world.analyst_a, case, rows)
        assert LedgerMatch.objects.get(case=case).rule == "reference"
        assert LedgerChain.objects.get(node=account_of(case, B).node).in_minor == 7_00 + 8_00 + 8_00
        ledgers.append(told_entries(case))
    assert ledgers[0] == ledgers[1]


def test_currencies_never_match(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, [Line(A, "out", 1_00, 0, B, serial="1", currency="USD")])
    imported(world.analyst_a, case, [Line(B, "in", 1_00, 0, A, serial="2", currency="CNY")])
    assert LedgerEntry.objects.filter(case=case).count() == 2
    assert LedgerMatch.objects.count() == 0


def _in_any_order(by: User, files: list[list[Line]], order: tuple[int, ...], seed: int) -> list[tuple[object, ...]]:
    case = new_case(by)
    for number in order:
        rows = list(files[number])
        random.Random(seed).shuffle(rows)  # noqa: S311
        imported(by, case, rows)
    return told_entries(case)


def test_any_order_of_files_and_rows_gives_the_same_ledger(world: World) -> None:
    near = [
        [Line(A, "out", 5_00, at, B, serial=f"a{at}") for at in (0, 60, 480, 481)],
        [Line(B, "in", 5_00, 500, A, serial="b1"), Line(B, "out", 9_00, 501, C, serial="b9")],
        [Line(B, "in", 5_00, at, A, serial=f"b{at}") for at in (30, 90)],
    ]
    found = [
        _in_any_order(world.analyst_a, near, order, seed) for seed, order in enumerate(itertools.permutations(range(3)))
    ]
    assert all(each == found[0] for each in found)
    assert sum(1 for each in found[0] if each[-3] and each[-2]) == 3


def test_rows_known_by_serial_are_left_out(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, OF_B)
    file = preview(world.analyst_a, case, [*OF_B, Line(B, "in", 5_00, 600, A, 305_00, "B4")])
    assert file.rows_left_out == 3
    file = commit(world.analyst_a, file)
    assert (file.rows_known, file.taken) == (3, [{"currency": "CNY", "direction": "in", "count": 1, "sum_minor": 5_00}])
    assert LedgerEntry.objects.filter(case=case).count() == 4


def test_two_previews_of_the_same_rows_count_once(world: World) -> None:
    case = new_case(world.analyst_a)
    first, second = preview(world.analyst_a, case, OF_B), preview(world.analyst_a, case, list(reversed(OF_B)))
    commit(world.analyst_a, first)
    assert commit(world.analyst_a, second).rows_left_out == 3
    assert LedgerEntry.objects.filter(case=case).count() == 3


def test_legitimate_repeats_survive_and_the_officer_decides_about_suspected_ones(world: World) -> None:
    rows = [Line(A, "out", 5_00, 0, B), Line(A, "out", 5_00, 0, B)]
    for leave_out, expected in ((False, 5), (True, 3)):
        case = new_case(world.analyst_a)
        imported(world.analyst_a, case, rows)
        assert LedgerEntry.objects.filter(case=case).count() == 2
        file = preview(world.analyst_a, case, [*rows, Line(A, "out", 6_00, 1, B, 4_00)])
        assert file.lines.filter(left_out="repeat").count() == 2
        commit(world.analyst_a, file, leave_out_repeats=leave_out)
        assert LedgerEntry.objects.filter(case=case).count() == expected


def test_numbers_that_tell_nothing_apart_are_no_serials(world: World) -> None:
    case = new_case(world.analyst_a)
    rows = [
        Line(A, "out", 5_00, at, B, serial=serial)
        for at, serial in enumerate(("000000", "000000", "--", "NONREF", "NONREF"))
    ]
    imported(world.analyst_a, case, rows)
    assert LedgerEntry.objects.filter(case=case).count() == 5


def test_a_serial_twice_in_a_file_is_one_row_only_where_time_and_balance_agree(world: World) -> None:
    case = new_case(world.analyst_a)
    rows = [
        Line(A, "out", 5_00, 0, B, 95_00, "X1"),
        Line(A, "out", 5_00, 0, B, 95_00, "X1"),
        Line(A, "out", 5_00, 0, B, 90_00, "X1"),
    ]
    file = imported(world.analyst_a, case, rows)
    assert (file.rows_left_out, LedgerEntry.objects.filter(case=case).count()) == (1, 2)


def test_committed_twice_is_once(world: World) -> None:
    case = new_case(world.analyst_a)
    file = preview(world.analyst_a, case, OF_B)
    with db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk, leave_out_repeats=False)
    with pytest.raises(Conflict), db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk, leave_out_repeats=False)
    assert Job.objects.filter(kind="statement.commit").count() == 1
    job = Job.objects.get(kind="statement.commit")
    assert job_run(job.pk, WORKS) == "done"
    assert job_run(job.pk, WORKS) == ""
    Job.objects.filter(pk=job.pk).update(state="queued")  # a worker that died after its commit
    assert job_run(job.pk, WORKS) == "done"
    assert LedgerEntry.objects.filter(case=case).count() == 3
    with pytest.raises(WrongState), db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk, leave_out_repeats=False)
    with pytest.raises(Conflict), db.unit_of_work(world.analyst_a):
        statement_discard(by=world.analyst_a, file_id=file.pk)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_in_the_transaction_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = new_case(world.analyst_a)
    file = preview(world.analyst_a, case, OF_B)
    with db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk, leave_out_repeats=False)
    job = Job.objects.get(kind="statement.commit")

    def die(*_args: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(committing, "_digest", die)
        with pytest.raises(KeyboardInterrupt):
            job_run(job.pk, WORKS)
    assert LedgerEntry.objects.count() == LedgerChain.objects.count() == 0
    assert StatementFile.objects.get(pk=file.pk).status == "preview"
    Job.objects.filter(pk=job.pk).update(lease_until=job.created_at)
    assert job_run(job.pk, WORKS) == "done"
    assert LedgerEntry.objects.count() == 3


def test_all_or_none_takes_none_while_a_row_is_bad(world: World) -> None:
    file = preview(world.analyst_a, new_case(world.analyst_a), [*OF_B, Line(B, "sideways", 1_00, 700)])
    with pytest.raises(Invalid), db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk, leave_out_repeats=False, only_if_all_good=True)
    with pytest.raises(Superseded), db.unit_of_work(world.analyst_a):
        statement_commit(
            by=world.analyst_a, file_id=file.pk, leave_out_repeats=False, expected_version=file.version - 1
        )
    assert not Job.objects.filter(kind="statement.commit").exists()


@pytest.mark.parametrize("who", ["risk_a", "analyst_b", "approver_a"])
def test_who_may_not_commit_changes_nothing(world: World, who: str) -> None:
    file = preview(world.analyst_a, new_case(world.analyst_a), OF_B)
    by = getattr(world, who)
    with pytest.raises((NotFound, Forbidden)), db.unit_of_work(by):
        statement_commit(by=by, file_id=file.pk, leave_out_repeats=False)
    assert not Job.objects.filter(kind="statement.commit").exists()


def test_an_undone_match_is_two_transfers_for_good(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, [Line(A, "out", 500_00, 60, B, serial="A2")])
    imported(world.analyst_a, case, [Line(B, "in", 500_00, 65, A, serial="B1")])
    match = LedgerMatch.objects.get()
    with db.unit_of_work(world.analyst_a):
        match_undo(by=world.analyst_a, match_id=match.pk, reason="two separate payments")
    assert LedgerEntry.objects.filter(case=case).count() == 2
    match.refresh_from_db()
    assert (match.entry_id, match.undone_by) == (None, world.analyst_a)
    assert LedgerChain.objects.get(node=account_of(case, B).node).in_minor == 1000_00
    assert AuditEntry.objects.filter(verb="match.undo", object_id=match.pk).count() == 1
    imported(world.analyst_a, case, [Line(A, "out", 1_00, 70, B, serial="A9")])
    assert LedgerEntry.objects.filter(case=case).count() == 3
    with pytest.raises(WrongState), db.unit_of_work(world.analyst_a):
        match_undo(by=world.analyst_a, match_id=match.pk, reason="once more")


def test_who_may_not_undo_changes_nothing(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(world.analyst_a, case, [*OF_A, *OF_B])
    match = LedgerMatch.objects.filter(case=case).first()
    for by in (world.risk_a, world.analyst_b, world.approver_a):
        with pytest.raises((NotFound, Forbidden)), db.unit_of_work(by):
            match_undo(by=by, match_id=match.pk, reason="not my business")
    assert not LedgerMatch.objects.filter(undone_at__isnull=False).exists()


def test_a_told_transfer_enters_the_ledger_and_meets_its_row(world: World) -> None:
    case = new_case(world.analyst_a)
    victim = involve(world.analyst_a, case, world.bank_a, number=A, level=0)
    mule = involve(world.analyst_a, case, world.bank_b, number=B)
    told = pay(world.analyst_a, case, mule.account, amount=500_00, payer=victim.account)
    outbox_handle()
    assert work("ledger.tell", case.pk) == "done"
    entry = LedgerEntry.objects.get(case=case)
    assert (entry.transfer_id, entry.amount_minor, entry.out_line_id) == (told.pk, 500_00, None)
    assert {entry.src, entry.dst} == {account_of(case, A).node, account_of(case, B).node}
    assert account_of(case, B).account_id == mule.account_id
    rows = [Line(B, "in", 500_00, 0, A, 500_00, "B1"), Line(B, "in", 500_00, 3600, A, 1000_00, "B2")]
    imported(world.analyst_a, case, rows, start=told.at)
    entries = list(LedgerEntry.objects.filter(case=case).order_by("in_at"))
    assert [(e.transfer_id, e.in_line_id is not None) for e in entries] == [(told.pk, True), (None, True)]
    assert LedgerMatch.objects.get(case=case).rule == "told"


def test_cash_is_a_side_of_its_own_and_nobody_is_named_twice(world: World) -> None:
    case = new_case(world.analyst_a)
    imported(
        world.analyst_a, case, [Line(A, "in", 9_00, 0), Line(A, "out", 5_00, 1, cash="现金"), Line(A, "out", 4_00, 2)]
    )
    cash = LedgerAccount.objects.get(case=case, kind="cash")
    found = LedgerEntry.objects.filter(case=case).order_by("out_at").values_list("src", "dst")
    node = account_of(case, A).node
    assert list(found) == [(None, node), (node, cash.node), (node, None)]
    assert not LedgerChain.objects.filter(node=cash.node).exists()
