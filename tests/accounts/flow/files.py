"""Statement files for tests: invented rows in the layout of 34 columns, received through the service, worked on in line.

file = csv_file(row(a, b, "out", 100_00), row(a, c, "out", 50_00, second=60))
received = receive(world.analyst_a, case, file)
work()                       # every queued job, in this thread
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import StatementFile
from accounts.services.statements.files import statement_ahead, statement_receive
from antifraud import db
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from antifraud.jobs.progress import Progress
from antifraud.workshop import WORKS
from banks.models import User
from cases.models import Case
from tests.cast import World

START = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
HEADINGS = (
    "交易卡号", "账户开户名称", "交易时间", "交易金额", "交易余额", "收付标志", "交易对手账卡号", "对手户名", "对手开户银行",
    "摘要说明", "交易币种", "交易是否成功", "交易流水号", "IP地址", "备注",
)  # fmt: skip
UNKNOWN = ("甲列", "乙列", "丙列", "丁列", "戊列")
_serial = itertools.count(1)


def row(
    account: str, counter: str, direction: str, amount: int, *, second: int = 0, name: str = "张三", counter_name: str = "李四",
    serial: str | None = None, balance: int | None = None, success: str = "成功", amount_text: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """One entry; amounts in minor units, `second` after START. `serial` "" leaves the bank's own number out."""
    at = (START + timedelta(seconds=second)).astimezone(ZONE)
    given = f"LS{next(_serial):09d}" if serial is None else serial
    return {
        "交易卡号": f"{account}\t", "账户开户名称": name, "交易时间": f"{at:%Y%m%d%H%M%S}",
        "交易金额": amount_text if amount_text is not None else f"{amount / 100:.2f}",
        "交易余额": "" if balance is None else f"{balance / 100:.2f}", "收付标志": "进" if direction == "in" else "出",
        "交易对手账卡号": counter, "对手户名": counter_name, "对手开户银行": "中国建设银行", "摘要说明": "转账", "交易币种": "CNY",
        "交易是否成功": success, "交易流水号": given, "IP地址": "", "备注": "手机银行",
    }  # fmt: skip


def csv_bytes(rows: Sequence[dict[str, Any]], headings: Sequence[str] = HEADINGS, encoding: str = "utf-8-sig") -> bytes:
    """The table as a bank writes it."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(headings)
    lines.writerows([line.get(name, "") for name in HEADINGS[: len(headings)]] for line in rows)
    return text.getvalue().encode(encoding)


def csv_file(*rows: dict[str, Any], name: str = "reply.csv") -> SimpleUploadedFile:
    """The same as somebody uploads it."""
    return SimpleUploadedFile(name, csv_bytes(rows), content_type="text/csv")


def unknown_file(*rows: dict[str, Any], name: str = "unknown.csv") -> SimpleUploadedFile:
    """Account, name, time, amount and balance under headings that mean nothing to anybody."""
    return SimpleUploadedFile(name, csv_bytes(rows, UNKNOWN), content_type="text/csv")


def receive(by: User, case: Case, file: Any, **given: Any) -> StatementFile:
    """Received for the case in a unit of work of its own."""
    with statement_ahead(case_id=case.pk, file=file) as stored, db.unit_of_work(by):
        source = given.pop("source", "upload")
        found = statement_receive(by=by, case=case, stored=stored, title=file.name, source=source, **given)
    return StatementFile.objects.get(pk=found.pk)


def work() -> list[str]:
    """Do every queued job here; the states that they ended in. No thread beats: rows of this test are not committed."""
    states = []
    for job in Job.objects.filter(state="queued").order_by("created_at"):
        with db.unit_of_work(None):
            claimed = queue.claim(job.id)
        assert claimed is not None
        WORKS[claimed.kind].run(claimed, Progress(claimed))
        with db.unit_of_work(None):
            queue.finish(claimed, "done")
        states.append(Job.objects.get(pk=job.pk).state)
    return states


def fresh(file: StatementFile) -> StatementFile:
    """As it stands now."""
    return StatementFile.objects.get(pk=file.pk)


def address(name: str, file: StatementFile) -> str:
    """The page of one file."""
    return reverse(f"accounts:{name}", args=[file.id])


def upload(client: Any, case: Any, *sent: Any, **fields: str) -> Any:
    """The form as a browser sends it."""
    data = {"chosen": list(sent), "zone": "Asia/Shanghai", "institution": "", "owner_number": "", "owner_name": ""}
    return client.post(reverse("accounts:case_statements", args=[case.id]), data | fields)


def preview(world: World, case: Any, *rows: Any) -> StatementFile:
    """Received, read, waiting to be checked."""
    file = receive(world.analyst_a, case, csv_file(*rows), institution=world.bank_a)
    work()
    return fresh(file)


def commit(client: Any, file: StatementFile, **fields: Any) -> Any:
    """The check page as sent."""
    data = {"version": file.version, "checked": "on", "take": "good", "repeats": "keep"} | fields
    return client.post(address("statement_commit", file), data)
