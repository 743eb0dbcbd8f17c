"""Features of a real ledger: computed in the background, stored, ranked, shown with their meaning, exported masked."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest

from accounts.models import LedgerFeature, LedgerFeatureRun, SeriesStop, StatementLine
from accounts.selectors.features import KEYSET, features_by_node, features_list
from accounts.services.features import KIND, features_compute
from antifraud import db
from antifraud.api.pagination import keyset_page
from antifraud.audit.models import AuditEntry
from antifraud.deliveries import outbox_handle
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.workshop import WORKS
from banks.selectors.institutions import system_user
from tests.accounts.factories import new_case
from tests.accounts.flow.ledger_rows import Made, ledger

MINUTE = 60
NIGHT = datetime(2026, 11, 1, 16, 0, tzinfo=UTC)  # midnight in Shanghai, the zone of the units
OUTSIDE = ["risk_a", "machine_a", "analyst_b", "overseer", "auditor", "admin"]


def at(minutes: int) -> datetime:
    return datetime.fromtimestamp(NIGHT.timestamp() + minutes * MINUTE, UTC)


@pytest.fixture
def worked(world: Any) -> Made:
    """The worked example of docs/fund-flow/features.md, at midnight in Shanghai."""
    rows: list[Any] = [
        ("a", "mule", at(0), 5_00),
        ("a", "mule", at(10), 1_000_00),
        ("b", "mule", at(20), 100_00),
        ("mule", "d", at(30), 600_00),
        ("c", "mule", at(70), 95_00),
        ("mule", "e", at(130), 400_00),
    ]
    return ledger(world.analyst_a, new_case(world.analyst_a), rows, covered=("mule",))


def computed(made: Made) -> LedgerFeatureRun:
    with db.unit_of_work(system_user()):
        return features_compute(by=system_user(), case_id=made.case.id)


def of(made: Made, name: str, currency: str = "CNY") -> LedgerFeature:
    return LedgerFeature.objects.get(node=made.node[name], currency=currency)


def test_the_worked_example_from_the_tables(world: Any, worked: Made) -> None:
    run = computed(worked)
    assert (run.accounts, run.entries, run.ledger_version) == (6, 6, 1)
    row = of(worked, "mule")
    assert (row.entries_in, row.entries_out, row.in_minor, row.out_minor) == (4, 2, 1_200_00, 1_000_00)
    assert (row.fan_in, row.fan_out, row.fan_in_hour, row.fan_out_hour) == (3, 2, 2, 1)
    assert (row.pass_through, row.dwell, row.burst) == (8_333, 20 * MINUTE, 20 * MINUTE)
    assert (row.night, row.round_amounts, row.test_payments) == (10_000, 1_666, 1)
    assert row.shared_device is None
    assert (row.score, row.known) == (466, 10)
    assert row.basis["dwell"] == 3
    other = of(worked, "a")
    assert (other.is_covered, other.fan_out, other.dwell, other.known) == (False, 1, None, 3)


def test_cash_and_nobody_are_no_accounts(world: Any) -> None:
    case = new_case(world.analyst_a)
    rows: list[Any] = [("till", "mule", 0, 100), (None, "mule", 60, 100), ("a", "mule", 120, 100)]
    made = ledger(world.analyst_a, case, rows, covered=("mule",), cash=("till",))
    computed(made)
    assert of(made, "mule").fan_in == 1
    assert set(LedgerFeature.objects.values_list("node", flat=True)) == {made.node["mule"], made.node["a"]}


def test_currencies_are_apart(world: Any, worked: Made) -> None:
    ledger(world.analyst_a, worked.case, [("x", "mule", 0, 700)], currency="USD", into=worked)
    computed(worked)
    assert of(worked, "mule").fan_in == 3
    assert of(worked, "mule", "USD").fan_in == 1
    assert of(worked, "mule", "USD").in_minor == 700


def test_shared_devices_without_those_on_the_stop_list(world: Any) -> None:
    case = new_case(world.analyst_a)
    rows: list[Any] = [("x", "one", 0, 100), ("x", "two", 60, 100), ("x", "three", 120, 100)]
    made = ledger(world.analyst_a, case, rows, covered=("one", "two", "three"))
    mine = {name: StatementLine.objects.filter(node=made.node[name]) for name in ("one", "two", "three")}
    mine["one"].update(device=b"m" * 16)
    mine["two"].update(device=b"m" * 16)
    computed(made)
    assert [of(made, name).shared_device for name in ("one", "two", "three")] == [1, 1, None]
    assert of(made, "one").basis["shared_device"] == 1
    with db.unit_of_work(world.supervisor_a) as work:
        SeriesStop.objects.create(
            kind="device", key=b"m" * 16, reason="a bank's own terminal", by=world.supervisor_a, at=work.now
        )
    computed(made)
    assert [of(made, name).shared_device for name in ("one", "two", "three")] == [None, None, None]


def test_rows_without_a_time_of_day(world: Any, worked: Made) -> None:
    StatementLine.objects.filter(case_id=worked.case.id).update(is_day_only=True)
    computed(worked)
    row = of(worked, "mule")
    assert (row.dwell, row.night, row.fan_in_hour) == (None, None, None)
    assert row.fan_in == 3


def test_a_changed_ledger_has_its_features_computed_in_the_background(world: Any, worked: Made) -> None:
    while outbox_handle():
        pass
    job = Job.objects.get(kind=KIND, subject_id=worked.case.id)
    assert job_run(job.id, WORKS) == "done"
    assert of(worked, "mule").score == 466
    ledger(world.analyst_a, worked.case, [("f", "mule", at(140), 5_000_00)], into=worked)
    while outbox_handle():
        pass
    again = Job.objects.exclude(pk=job.id).get(kind=KIND)
    assert job_run(again.id, WORKS) == "done"
    assert LedgerFeatureRun.objects.get(case=worked.case).ledger_version == 2
    assert of(worked, "mule").fan_in == 4


def test_computing_again_gives_the_same_rows(world: Any, worked: Made) -> None:
    computed(worked)
    before = list(LedgerFeature.objects.order_by("node").values())
    computed(worked)
    after = list(LedgerFeature.objects.order_by("node").values())
    assert [{**row, "id": 0} for row in after] == [{**row, "id": 0} for row in before]


def test_the_gravest_come_first_and_those_without_data_last(world: Any, worked: Made) -> None:
    ledger(
        world.analyst_a,
        worked.case,
        [("g", "slow", at(0), 900_00), ("slow", "h", at(3000), 900_00)],
        covered=("slow",),
        into=worked,
    )
    computed(worked)
    mule, slow = worked.node["mule"], worked.node["slow"]

    def ranked(sort: str, **options: Any) -> list[int]:
        rows = features_list(user=world.analyst_a, case=worked.case, sort=sort, **options)
        return [row.node for row in keyset_page(rows, KEYSET, None, 100).items]

    assert ranked("score")[:2] == [mule, slow]
    assert ranked("dwell")[:2] == [mule, slow]  # minutes before days
    assert ranked("pass_through")[:2] == [slow, mule]
    assert len(ranked("dwell")) == len(ranked("score"))
    assert set(ranked("score", covered=True)) == {mule, slow}
    found = features_by_node(user=world.analyst_a, case=worked.case, nodes=[mule], currency="CNY")
    assert found[mule].score == 466
    assert features_by_node(user=world.risk_a, case=worked.case, nodes=[mule], currency="CNY") == {}


def test_the_list_and_the_accounts_page(world: Any, worked: Made, log_in: Any) -> None:
    client, case = log_in(world.analyst_a), worked.case
    text = client.get(f"/cases/{case.id}/features/").content.decode()
    assert "No features have been computed" in text
    computed(worked)
    text = client.get(f"/cases/{case.id}/features/").content.decode()
    number = worked.account["mule"].number
    assert "466" in text
    assert number.masked() in text
    assert number.open() not in text
    assert "style=" not in text.split("<main", 1)[1]
    assert "has changed since" not in text
    page = client.get(f"/ledger/{worked.account['mule'].id}/features/").content.decode()
    for words in ("Passed on", "83.3 %", "Not enough data", "Rows behind it", "20:00", "466"):
        assert words in page, words
    assert number.open() not in page
    assert "≥ 1" in client.get(f"/ledger/{worked.account['a'].id}/features/").content.decode()
    ledger(world.analyst_a, case, [("f", "mule", at(140), 100)], into=worked)
    assert "has changed since" in client.get(f"/cases/{case.id}/features/").content.decode()


@pytest.mark.parametrize("name", OUTSIDE)
def test_for_everybody_else_there_is_nothing(world: Any, worked: Made, log_in: Any, name: str) -> None:
    computed(worked)
    client, before = log_in(getattr(world, name)), AuditEntry.objects.filter(outcome="ok").count()
    jobs = Job.objects.count()
    assert client.get(f"/cases/{worked.case.id}/features/").status_code == 404
    assert client.get(f"/ledger/{worked.account['mule'].id}/features/").status_code == 404
    assert client.post(f"/cases/{worked.case.id}/features/export/").status_code == 404
    assert client.post(f"/cases/{worked.case.id}/features/compute/").status_code == 404
    assert AuditEntry.objects.filter(outcome="ok").count() == before
    assert Job.objects.count() == jobs


def test_the_file_is_masked_guarded_and_audited(world: Any, worked: Made, log_in: Any) -> None:
    worked.account["mule"].institution_text = "=cmd()"
    worked.account["mule"].save(update_fields=["institution_text"])
    computed(worked)
    answer = log_in(world.analyst_a).post(f"/cases/{worked.case.id}/features/export/")
    assert answer.status_code == 200
    sheet, notes = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1][0] == worked.account["mule"].number.masked()
    assert rows[1][1] == "'=cmd()"
    assert rows[1][3:5] == [466, 10]
    assert len(rows) == 7
    assert len(list(notes.iter_rows())) == 11
    assert AuditEntry.objects.filter(verb="feature.export", case_id=worked.case.id).count() == 1


def test_having_them_computed_is_for_who_writes_the_case(world: Any, worked: Made, log_in: Any) -> None:
    Job.objects.all().delete()
    assert log_in(world.approver_a).post(f"/cases/{worked.case.id}/features/compute/").status_code == 403
    assert not Job.objects.exists()
    assert log_in(world.analyst_a).post(f"/cases/{worked.case.id}/features/compute/").status_code == 302
    assert Job.objects.get().kind == KIND


def test_ten_accounts_cost_as_many_statements_as_two_hundred(world: Any, log_in: Any, counted: Any) -> None:
    case = new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [(f"p{n}", "mule", n, 100 + n) for n in range(8)], covered=("mule",))
    computed(made)
    client = log_in(world.analyst_a)

    def sent(url: str) -> int:
        client.get(url)
        with counted(18) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    urls = [f"/cases/{case.id}/features/?sort=dwell", f"/ledger/{made.account['mule'].id}/features/"]
    before = [sent(url) for url in urls]
    ledger(world.analyst_a, case, [(f"q{n}", "mule", n, 100 + n) for n in range(190)], into=made)
    computed(made)
    assert LedgerFeature.objects.filter(case=case).count() == 199
    assert [sent(url) for url in urls] == before
