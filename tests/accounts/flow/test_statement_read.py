"""Reading a file: staged rows, sealed details, totals, remarks, accounts, mapping, refusal, restart, cancelling."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from accounts.models import (
    LedgerAccount,
    LedgerChain,
    LedgerEntry,
    StatementFile,
    StatementIssue,
    StatementLine,
    StatementMapping,
)
from accounts.services.statements import reading
from accounts.services.statements.files import statement_discard, statement_map
from antifraud import db
from antifraud.errors import Conflict, Forbidden, Invalid, NotFound
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.workshop import WORKS
from cases.models import Attachment
from tests.accounts.factories import involve, new_case
from tests.accounts.flow.statement_files import (
    HEADINGS,
    A,
    B,
    Line,
    account_of,
    commit,
    csv_file,
    preview,
    receive,
    work,
)
from tests.cast import World

pytestmark = pytest.mark.django_db
ROWS = [
    Line(A, "in", 500_00, 0, B, 500_00, "S1", counter_name="李四", summary="转账"),
    Line(A, "out", 200_00, 60, "", 300_00, "S2", cash="现金"),
    Line(A, "out", 1_00, 90, "", 299_00, "S3"),
]


def test_rows_are_staged_with_their_totals(world: World) -> None:
    file = preview(world.analyst_a, new_case(world.analyst_a), ROWS, institution=world.bank_a)
    assert (file.status, file.layout, file.rows_read, file.rows_good, file.rows_bad) == ("preview", "table", 3, 3, 0)
    assert file.totals == [
        {"currency": "CNY", "direction": "in", "count": 1, "sum_minor": 500_00},
        {"currency": "CNY", "direction": "out", "count": 2, "sum_minor": 201_00},
    ]
    rows = list(StatementLine.objects.filter(file=file).order_by("row"))
    assert [(row.row, row.direction, row.amount_minor, row.balance_minor, row.serial) for row in rows] == [
        (2, "in", 500_00, 500_00, "S1"), (3, "out", 200_00, 300_00, "S2"), (4, "out", 1_00, 299_00, "S3"),
    ]  # fmt: skip
    assert rows[0].at.isoformat() == "2026-11-01T08:00:00+00:00"
    assert rows[0].details.open() == {"summary": "转账"}
    assert LedgerEntry.objects.count() == 0


def test_accounts_are_sealed_once_and_open_like_any_other_field(world: World) -> None:
    case = new_case(world.analyst_a)
    file = preview(world.analyst_a, case, ROWS, institution=world.bank_a)
    own, other = account_of(case, A), account_of(case, B)
    assert (own.number.open(), own.name.open(), own.institution) == (A, "张三", world.bank_a)
    assert (other.number.open(), other.name.open(), other.institution) == (B, "李四", None)
    rows = list(StatementLine.objects.filter(file=file).order_by("row"))
    cash = LedgerAccount.objects.get(case=case, kind="cash")
    assert [(row.node, row.counter) for row in rows] == [
        (own.node, other.node),
        (own.node, cash.node),
        (own.node, None),
    ]
    own.name = "王五"
    own.save(update_fields=["name"])
    assert LedgerAccount.objects.get(pk=own.pk).name.open() == "王五"


def test_a_number_of_the_case_is_led_to_its_involved_account(world: World) -> None:
    case = new_case(world.analyst_a)
    known = involve(world.analyst_a, case, world.bank_b, number=B)
    file = preview(world.analyst_a, case, ROWS)
    assert account_of(case, B).account_id is None, "only what is taken leads anywhere"
    commit(world.analyst_a, file)
    assert account_of(case, B).account_id == known.account_id
    assert account_of(case, B).institution == world.bank_b
    assert account_of(case, A).account_id is None


def test_bad_rows_are_told_with_their_lines(world: World) -> None:
    rows = [Line(A, "in", 1_00, 0), Line(A, "in", 1_00, 1, success="失败"), Line(A, "sideways", 1_00, 2)]
    file = preview(world.analyst_a, new_case(world.analyst_a), rows)
    assert (file.rows_read, file.rows_good, file.rows_bad, file.rows_left_out) == (3, 1, 1, 1)
    issues = StatementIssue.objects.filter(file=file, severity__in=("bad", "left_out")).values_list(
        "row", "code", "severity"
    )
    assert sorted(issues) == [(3, "not_successful", "left_out"), (4, "direction_unreadable", "bad")]


def test_the_original_is_kept_encrypted(world: World) -> None:
    file = preview(world.analyst_a, new_case(world.analyst_a), ROWS)
    from antifraud.crypto.evidence import open_evidence

    with open_evidence(file.attachment.storage_name) as stored:
        assert stored.read() == csv_file(ROWS).read()
    assert bytes(file.sha256) == bytes(file.attachment.sha256)
    assert file.attachment.purpose == "statement"


def test_the_same_file_again_is_refused_and_names_the_first(world: World) -> None:
    case = new_case(world.analyst_a)
    preview(world.analyst_a, case, ROWS)
    before = (StatementFile.objects.count(), Attachment.objects.count(), Job.objects.count())
    with pytest.raises(Conflict) as refused:
        receive(world.analyst_a, case, csv_file(ROWS, name="again.csv"))
    assert refused.value.code == "statement_known"
    assert "流水.csv" not in f"{refused.value.message}{refused.value.extra}", "an error is logged"
    assert (StatementFile.objects.count(), Attachment.objects.count(), Job.objects.count()) == before
    receive(world.analyst_a, new_case(world.analyst_a), csv_file(ROWS))


def test_a_discarded_file_can_come_again_and_leaves_no_rows(world: World) -> None:
    case = new_case(world.analyst_a)
    file = preview(world.analyst_a, case, ROWS)
    with db.unit_of_work(world.analyst_a):
        statement_discard(by=world.analyst_a, file_id=file.pk)
    assert work("statement.clear", file.pk) == "done"
    assert StatementLine.objects.count() == LedgerAccount.objects.count() == 0
    assert preview(world.analyst_a, case, ROWS).status == "preview"


@pytest.mark.parametrize("who", ["risk_a", "analyst_b", "approver_a"])
def test_who_may_not_import_leaves_nothing(world: World, who: str) -> None:
    case = new_case(world.analyst_a)
    before = (Attachment.objects.count(), Job.objects.count())
    with pytest.raises((NotFound, Forbidden)):
        receive(getattr(world, who), case, csv_file(ROWS))
    assert (Attachment.objects.count(), Job.objects.count()) == before
    assert StatementFile.objects.count() == 0


def test_unknown_headings_ask_and_are_remembered_for_the_bank(world: World) -> None:
    case = new_case(world.analyst_a)
    headings = ("K1", *HEADINGS[1:])
    file = receive(world.analyst_a, case, csv_file(ROWS, headings=headings), institution=world.bank_a)
    assert work("statement.read", file.pk) == "done"
    file.refresh_from_db()
    assert file.status == "needs_mapping"
    asked = file.headings.open()
    assert (asked["headings"], asked["missing"]) == (list(headings), ["account"])
    mapping = {**(file.mapping or {}), "K1": "card", "张三的账": "", "摘要说明(张三)": ""}
    del mapping["摘要说明"]
    with db.unit_of_work(world.analyst_a):
        statement_map(by=world.analyst_a, file_id=file.pk, mapping=mapping, remember=True)
    assert work("statement.read", file.pk) == "done"
    file.refresh_from_db()
    assert (file.status, file.rows_good) == ("preview", 3)
    remembered = StatementMapping.objects.get()
    assert (remembered.institution, remembered.mapping["K1"]) == (world.bank_a, "card")
    assert remembered.mapping["摘要说明"] == "", "a known heading that is not to be used stays unused"
    assert "张三" not in f"{remembered.mapping}{file.mapping}"
    again = receive(
        world.analyst_a, new_case(world.analyst_a), csv_file(ROWS, headings=headings), institution=world.bank_a
    )
    assert work("statement.read", again.pk) == "done"
    again.refresh_from_db()
    assert again.status == "preview"


def test_a_column_named_as_nothing_known_is_refused(world: World) -> None:
    file = preview(world.analyst_a, new_case(world.analyst_a), ROWS)
    with pytest.raises(Invalid), db.unit_of_work(world.analyst_a):
        statement_map(by=world.analyst_a, file_id=file.pk, mapping={"a": "nonsense"}, remember=False)
    file.refresh_from_db()
    assert file.status == "preview"


def test_a_file_that_is_no_statement_is_refused_by_a_code(world: World) -> None:
    file = receive(world.analyst_a, new_case(world.analyst_a), ContentFile(b"hello\nworld\n", name="a.csv"))
    assert work("statement.read", file.pk) == "done"
    file.refresh_from_db()
    assert file.status == "refused"
    assert file.refusal == "headings_missing"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_died_leaves_rows_which_the_next_one_replaces(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = receive(world.analyst_a, new_case(world.analyst_a), csv_file(ROWS))
    job = Job.objects.get(subject_id=file.pk)

    def die(*_args: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(reading, "_show", die)
        with pytest.raises(KeyboardInterrupt):
            job_run(job.pk, WORKS)
    assert StatementLine.objects.filter(file=file).count() == 3
    assert job_run(job.pk, WORKS) == ""  # the dead worker's lease still runs
    Job.objects.filter(pk=job.pk).update(lease_until=job.created_at)
    assert queue.waiting(5) == [job.pk]
    assert job_run(job.pk, WORKS) == "done"
    assert StatementLine.objects.filter(file=file).count() == 3
    assert LedgerAccount.objects.filter(case=file.case).count() == 3


def test_a_reading_cancelled_before_it_began_leaves_the_original_only(world: World) -> None:
    file = receive(world.analyst_a, new_case(world.analyst_a), csv_file(ROWS))
    job = Job.objects.get(subject_id=file.pk)
    with db.unit_of_work(world.analyst_a):
        queue.cancel(job.pk)
    assert job_run(job.pk, WORKS) == "cancelled"
    file.refresh_from_db()
    assert file.status == "discarded"
    assert StatementLine.objects.count() == LedgerAccount.objects.count() == StatementIssue.objects.count() == 0


MT940 = """:20:START
:25:12345678/1234567890
:28C:1/1
:60F:C261031EUR1000,00
:61:2611011101DR100,00NTRFNONREF//B1
:86:rent
:61:2611021102CR50,00NTRFNONREF//B2
:86:refund
:61:2611031103DR25,50NTRFNONREF//B3
:86:power
:62F:C261103EUR924,50
-
"""


def test_balances_stated_outside_the_entries_open_and_close_the_chain(world: World) -> None:
    case = new_case(world.analyst_a)
    file = receive(world.analyst_a, case, ContentFile(MT940.replace("\n", "\r\n").encode(), name="a.sta"))
    assert work("statement.read", file.pk) == "done"
    file.refresh_from_db()
    assert (file.status, file.layout, file.rows_good) == ("preview", "mt940", 3)
    rows = StatementLine.objects.filter(file=file).order_by("row")
    assert [row.balance_minor for row in rows] == [900_00, None, 924_50]
    commit(world.analyst_a, file)
    chain = LedgerChain.objects.get(case=case, currency="EUR", covered_from__isnull=False)
    assert (chain.opening_minor, chain.is_opening_stated, chain.closing_minor, chain.breaks) == (
        1000_00,
        True,
        924_50,
        0,
    )
    assert chain.top_up_minor == 0


def test_devices_and_headings_are_indexed_and_sealed(world: World) -> None:
    rows = [
        Line(A, "in", 1_00, 0, mac="00-1A-2B-3C-4D-5E"),
        Line(B, "in", 1_00, 1, mac="00:1a:2b:3c:4d:5e"),
        Line(A, "in", 2_00, 2),
    ]
    file = preview(world.analyst_a, new_case(world.analyst_a), rows)
    devices = list(StatementLine.objects.filter(file=file).order_by("row").values_list("device", flat=True))
    assert devices[0] is not None
    assert bytes(devices[0]) == bytes(devices[1] or b"")
    assert devices[2] is None
    assert file.headings.open()["headings"] == list(HEADINGS)
