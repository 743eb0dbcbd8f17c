"""One step of bench-import as a process: prints {"rows", "seconds", "cpu", "child_cpu", "peak_mb", "stages"} as JSON.

`cpu` is this process's, `child_cpu` the confined parser's; PostgreSQL's is in neither, as it is not in COPY's.
"""

from __future__ import annotations

import csv
import io
import json
import resource
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import django

django.setup()

from django.core.files.base import File  # noqa: E402
from django.db import transaction  # noqa: E402
from openpyxl import load_workbook  # noqa: E402

from accounts.models import StatementFile, StatementLine  # noqa: E402
from accounts.rules.statements import BATCH_ROWS, Batch, read  # noqa: E402
from accounts.rules.statements.xlsx_parts import opened, shared_strings  # noqa: E402
from accounts.rules.statements.xlsx_sheet import SheetRows  # noqa: E402
from accounts.services.statements.files import statement_ahead, statement_commit, statement_receive  # noqa: E402
from accounts.services.statements.packing import COLUMNS, TABLE, Packer  # noqa: E402
from antifraud import bulk, db  # noqa: E402
from antifraud.jobs import queue, runner  # noqa: E402
from antifraud.jobs.models import Job  # noqa: E402
from antifraud.jobs.progress import Progress  # noqa: E402
from antifraud.money import to_minor  # noqa: E402
from antifraud.workshop import WORKS  # noqa: E402
from cases.models import Case  # noqa: E402
from tests.accounts.factories import new_case  # noqa: E402
from tests.bench.imports_files import HEADINGS  # noqa: E402
from tests.cast import World  # noqa: E402

world = World()
stages: dict[str, float] = {}


def timed(act: Callable[[], int]) -> dict[str, Any]:
    """Run it; what it took."""
    began, before = time.perf_counter(), _cpu()
    count = act()
    seconds, after = time.perf_counter() - began, _cpu()
    _stage("")
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "rows": count, "seconds": seconds, "cpu": after[0] - before[0], "child_cpu": after[1] - before[1],
        "peak_mb": peaks[0], "child_peak_mb": peaks[1], "stages": stages,
    }  # fmt: skip


def _cpu() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return used[0].ru_utime + used[0].ru_stime, used[1].ru_utime + used[1].ru_stime


_running: list[tuple[str, float]] = []


def _stage(name: str) -> None:
    """The stage before ends here."""
    now = time.perf_counter()
    if _running:
        before, since = _running.pop()
        stages[before] = stages.get(before, 0.0) + now - since
    if name:
        _running.append((name, now))


class Watched(Progress):
    """Notes when a stage begins."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "stage" and value:
            _stage(value)
        super().__setattr__(name, value)


def copy(wanted: dict[str, Any]) -> dict[str, Any]:
    """The limit: rows that are packed already, COPY alone, without commit."""
    pieces, count = [], 0
    case = new_case(world.analyst_a)
    with db.unit_of_work(world.analyst_a):
        packer = Packer(case.pk, uuid.uuid4())
    for batch in _batches(wanted["path"]):
        nodes = [int(account[-9:]) for account in batch.account]
        pieces.append(b"".join(packer.pack(batch).rows(nodes, [2] * len(batch), {})))
        count += len(batch)

    def act() -> int:
        with db.unit_of_work(world.analyst_a):
            bulk.long_work()
            for piece in pieces:
                bulk.copy_raw(TABLE, COLUMNS, [piece])
            transaction.set_rollback(True)
        return count

    return timed(act)


def _batches(path: str) -> Iterator[Batch]:
    with Path(path).open("rb") as stream:
        yield from (item for item in read(stream) if isinstance(item, Batch))


def _case(mark: str) -> Case:
    return Case.objects.filter(incident_number=mark).first() or new_case(world.analyst_a, incident=mark)


def read_file(wanted: dict[str, Any]) -> dict[str, Any]:
    """The product: stored encrypted, then the job from its claim to the preview."""
    case, path = _case(wanted["case"]), Path(wanted["path"])
    with (
        path.open("rb") as stream,
        statement_ahead(case_id=case.pk, file=File(stream, name=path.name)) as stored,
        db.unit_of_work(world.analyst_a),
    ):
        file = statement_receive(
            by=world.analyst_a, case=case, stored=stored, title=path.name, source="upload", institution=world.bank_a
        )
    job = Job.objects.get(kind="statement.read", subject_id=file.pk)

    def act() -> int:
        _done(job)
        return StatementFile.objects.get(pk=file.pk).rows_good

    told = timed(act)
    found = StatementFile.objects.get(pk=file.pk)
    return told | {"status": found.status, "left_out": found.rows_left_out, "bytes": path.stat().st_size}


def commit(wanted: dict[str, Any]) -> dict[str, Any]:
    """The product: from the preview to the ledger with its sums, one transaction."""
    file = StatementFile.objects.get(case=_case(wanted["case"]), status="preview")
    with db.unit_of_work(world.analyst_a):
        statement_commit(by=world.analyst_a, file_id=file.pk, leave_out_repeats=False)
    job = Job.objects.get(kind="statement.commit", subject_id=file.pk)

    def act() -> int:
        _done(job)
        return file.rows_good

    return timed(act)


def _done(job: Job) -> None:
    state = runner.job_run(job.pk, WORKS)
    if state != "done":
        raise RuntimeError(f"the job ended as {state!r}: {queue.latest(job.subject_id).note}")


def bulk_create(wanted: dict[str, Any]) -> dict[str, Any]:
    """The usual way: csv.DictReader, model instances with their sealed details, bulk_create by 5,000."""
    file = StatementFile.objects.filter(status="committed").first()
    if file is None:
        raise RuntimeError("nothing is committed yet")

    def act() -> int:
        with Path(wanted["path"]).open(encoding="utf-8", newline="") as stream, db.unit_of_work(world.analyst_a):
            bulk.long_work()
            lines = [_line(file, number, row) for number, row in enumerate(_some(stream, wanted["rows"]), 2)]
            StatementLine.objects.bulk_create(lines, batch_size=5000, ignore_conflicts=True)
            transaction.set_rollback(True)
        return len(lines)

    return timed(act)


def _some(stream: io.TextIOBase, count: int) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(stream)
    return (row for _number, row in zip(range(count), reader, strict=False))


def _line(file: StatementFile, number: int, row: dict[str, str]) -> StatementLine:
    at = datetime.strptime(row[HEADINGS[1]], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    return StatementLine(
        file=file, case_id=file.case_id, row=number, node=1, counter=2, at=at,
        direction="in" if row[HEADINGS[4]] == "进" else "out", amount_minor=to_minor(row[HEADINGS[2]], "CNY"), currency="CNY",
        balance_minor=to_minor(row[HEADINGS[3]], "CNY"), serial=row[HEADINGS[8]],
        details={"summary": row[HEADINGS[9]]},
    )  # fmt: skip


def openpyxl(wanted: dict[str, Any]) -> dict[str, Any]:
    """The usual reader of workbooks: cells only, nothing stored."""

    def act() -> int:
        book = load_workbook(wanted["path"], read_only=True)
        return sum(1 for _row in book.worksheets[0].iter_rows(values_only=True)) - 1

    return timed(act)


def xlsx_cells(wanted: dict[str, Any]) -> dict[str, Any]:
    """Our reader of workbooks, as the confined child runs it but in this process: cells only, every one of them a text."""

    def act() -> int:
        with Path(wanted["path"]).open("rb") as stream, opened(stream, Path(wanted["path"]).stat().st_size) as book:
            rows = SheetRows(book, book.sheets[0], shared_strings(book.archive), after=1)
            count = 0
            while found := rows(BATCH_ROWS)[0]:
                count += len(found)
        return count

    return timed(act)


STEPS = {
    "copy": copy,
    "read": read_file,
    "commit": commit,
    "bulk_create": bulk_create,
    "xlsx_cells": xlsx_cells,
    "openpyxl": openpyxl,
}


def main() -> None:
    """One step."""
    wanted = json.loads(sys.argv[1])
    setattr(runner, "Progress", Watched)  # noqa: B010 (imported there, not exported)
    json.dump(STEPS[wanted["what"]](wanted), sys.stdout)


if __name__ == "__main__":
    main()
