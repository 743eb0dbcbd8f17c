"""Statement files for tests: made as CSV, received by an officer, read and committed by the jobs as a worker runs them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile

from accounts.models import LedgerAccount, LedgerEntry, StatementFile
from accounts.selectors.identity import index_of
from accounts.services.statements.files import statement_ahead, statement_commit, statement_receive
from antifraud import db
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from antifraud.jobs.runner import job_run
from antifraud.workshop import WORKS
from banks.models import User
from cases.models import Case
from tests.accounts.flow.ledger_rows import START

SHANGHAI = ZoneInfo("Asia/Shanghai")
A, B, C, D = (f"622202000000000000{n}" for n in range(1, 5))
HEADINGS = (
    "交易卡号", "账户开户名称", "交易时间", "交易金额", "交易余额", "收付标志", "交易对手账卡号", "对手户名", "对手开户银行", "交易币种",
    "交易流水号", "摘要说明", "现金标志", "MAC地址", "交易是否成功", "关联流水号",
)  # fmt: skip


@dataclass
class Line:
    """One row of a file. `at`: seconds after the start of the file; amounts in fen."""

    account: str
    way: str  # in, out
    amount: int
    at: int = 0
    counter: str = ""
    balance: int | None = None
    serial: str = ""
    currency: str = "CNY"
    name: str = "张三"
    counter_name: str = ""
    summary: str = ""
    cash: str = ""
    mac: str = ""
    success: str = "成功"
    reference: str = ""

    def cells(self, start: datetime = START) -> list[str]:
        """As the bank writes it."""
        time = f"{(start + timedelta(seconds=self.at)).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        balance = "" if self.balance is None else f"{self.balance / 100:.2f}"
        way = {"in": "进", "out": "出"}.get(self.way, self.way)
        return [
            self.account, self.name, time, f"{self.amount / 100:.2f}", balance, way, self.counter, self.counter_name, "",
            self.currency, self.serial, self.summary, self.cash, self.mac, self.success, self.reference,
        ]  # fmt: skip


def csv_file(
    lines: Sequence[Line], name: str = "流水.csv", headings: Sequence[str] = HEADINGS, start: datetime = START
) -> ContentFile[bytes]:
    """A CSV file in the bank's layout."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows(line.cells(start) for line in lines)
    return ContentFile(text.getvalue().encode(), name=name)


def receive(by: User, case: Case, file: ContentFile[bytes], **extra: Any) -> StatementFile:
    """Received, not yet read."""
    with statement_ahead(case_id=case.pk, file=file) as stored, db.unit_of_work(by):
        return statement_receive(by=by, case=case, stored=stored, title=file.name or "", source="upload", **extra)


def work(kind: str, subject_id: Any) -> str:
    """Run the waiting job as a worker does; the state in which it ended."""
    job = Job.objects.get(kind=kind, subject_id=subject_id, state="queued")
    return job_run(job.pk, WORKS)


def preview(by: User, case: Case, lines: Sequence[Line], start: datetime = START, **extra: Any) -> StatementFile:
    """Received and read."""
    file = receive(by, case, csv_file(lines, start=start), **extra)
    assert work("statement.read", file.pk) == "done", queue.latest(file.pk).note
    file.refresh_from_db()
    return file


def commit(by: User, file: StatementFile, *, leave_out_repeats: bool = False) -> StatementFile:
    """Taken into the ledger."""
    with db.unit_of_work(by):
        statement_commit(by=by, file_id=file.pk, leave_out_repeats=leave_out_repeats)
    assert work("statement.commit", file.pk) == "done", queue.latest(file.pk).note
    file.refresh_from_db()
    return file


def imported(by: User, case: Case, lines: Sequence[Line], **extra: Any) -> StatementFile:
    """All the way."""
    return commit(by, preview(by, case, lines, **extra))


def told_entries(case: Case) -> list[tuple[Any, ...]]:
    """The case's ledger in numbers: (payer, receiver, amount, currency, co, ci, src_before, dst_before, rows), sorted."""
    numbers = {
        row.node: row.number.open() if row.number else row.kind for row in LedgerAccount.objects.filter(case=case)
    }
    return sorted(
        (
            numbers.get(e.src, "") if e.src else "", numbers.get(e.dst, "") if e.dst else "", e.out_at, e.in_at, e.amount_minor,
            e.currency, e.co, e.ci, e.src_before, e.dst_before, e.out_line_id is not None, e.in_line_id is not None,
            e.transfer_id is not None,
        )
        for e in LedgerEntry.objects.filter(case=case)
    )  # fmt: skip


def account_of(case: Case, number: str) -> LedgerAccount:
    """The ledger account of a number."""
    return LedgerAccount.objects.get(case=case, number_index=index_of(number))
