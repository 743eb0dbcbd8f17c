"""The job `statement.read`: parse in a confined child, stage batch by batch, show what was found; restartable at any point."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any
from uuid import UUID

from accounts.models import StatementFile, StatementMapping
from accounts.rules.statements import Batch, Header, NeedsMapping, StatementError
from accounts.rules.statements.messages import told_params
from accounts.services.statements.clearing import file_clear
from accounts.services.statements.files import headings_index
from accounts.services.statements.known import known_mark, ledger_version, repeats_mark, twice_mark
from accounts.services.statements.packing import Packed
from accounts.services.statements.parsing import parsed
from accounts.services.statements.staging import Staging
from accounts.states import statement_flow
from antifraud import bulk, db
from antifraud.ahead import ahead
from antifraud.confined import ConfinedError
from antifraud.jobs.progress import Progress
from antifraud.jobs.queue import Claimed
from antifraud.leash import Leash
from banks.models import User

Status = StatementFile.Status
REFUSALS = {"memory": "reading_too_much_memory", "cpu": "reading_too_long"}


def statement_read_work(job: Claimed, progress: Progress) -> None:
    """Read the file into staged rows and show the preview; a file that was read already stays as it is."""
    by = User.objects.select_related("institution").get(pk=job.by_id)
    file = _begin(by, job.subject_id, progress)
    if file is None:
        return
    try:
        header, staging = _stage(by, file, file.mapping, progress)
    except NeedsMapping as wish:
        remembered = _remembered(file, wish)
        if remembered is None:
            _ask(by, file, wish, progress)
            return
        _read_as_remembered(by, file, remembered, progress)
        return
    except (StatementError, ConfinedError) as error:
        _refuse(by, file, error, progress)
        return
    _show(by, file, header, staging, progress)


def statement_read_cancelled(job: Claimed) -> None:
    """Nothing of the file stays but the original."""
    by = User.objects.select_related("institution").get(pk=job.by_id)
    with db.unit_of_work(by):
        file = StatementFile.objects.select_for_update(of=("self",), no_key=True).get(pk=job.subject_id)
        if file.status == Status.RECEIVED:
            statement_flow.apply(file, "discard", by=by, detail={"cancelled": True})
    file_clear(by, job.subject_id)


def _begin(by: User, file_id: UUID, progress: Progress) -> StatementFile | None:
    """The file without what an earlier, unfinished reading left; None where there is nothing to read."""
    progress.begin("reading")
    with db.unit_of_work(by):
        file = StatementFile.objects.select_related("attachment", "institution").get(pk=file_id)
    if file.status != Status.RECEIVED:
        return None
    file_clear(by, file_id, fence=progress.fence)
    return file


def _stage(by: User, file: StatementFile, mapping: dict[str, str] | None, progress: Progress) -> tuple[Header, Staging]:
    """Three at work at once: the child reads, a thread packs the batch that is next, and this one writes."""
    leash = Leash()
    with db.unit_of_work(by) as work:
        staging, header, now_us = Staging(file), Header(layout=""), int(work.now.timestamp() * 1_000_000)
        progress.fence()
        owner = file.owner_number.open() if file.owner_number is not None else None
        items = parsed(
            file.attachment.storage_name, mapping=mapping, zone=file.zone,
            owner=(owner["number"], owner["name"]) if owner else None, now_us=now_us, leash=leash,
        )  # fmt: skip
    with bulk.collecting_young() as collect, closing(ahead(_prepared(items, staging), stop=leash.cut)) as made:
        for item in made:
            collect()
            if isinstance(item, Header):
                header = header if header.layout else item
                staging.head(item)
                continue
            with db.unit_of_work(by):
                bulk.long_work()
                staging.stage(item)
                progress.fence()
            batch = item if isinstance(item, Batch) else item.batch
            progress.set(staging.read, _guess(staging.read, batch, file.attachment.size))
    if header.layout == "table" and not staging.read:
        raise StatementError("table_empty")
    return header, staging


def _prepared(items: Generator[Header | Batch], staging: Staging) -> Generator[Header | Packed | Batch]:
    """The items; whatever ends the work also ends the child."""
    with closing(items):
        for item in items:
            yield item if isinstance(item, Header) else staging.prepare(item)


def _guess(rows: int, batch: Batch, size: int) -> int | None:
    """How many rows the whole file may have, by the bytes that these took."""
    return max(rows, rows * size // batch.done_bytes) if batch.done_bytes else None


def _show(by: User, file: StatementFile, header: Header, staging: Staging, progress: Progress) -> None:
    """The preview: which rows the case knows already, which look like repeats, the totals."""
    progress.begin("checking")
    with bulk.collecting_young(), db.unit_of_work(by):
        bulk.long_work()
        bulk.plan_for(staging.good)
        fresh = StatementFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
        known = staging.known + _mark(file, staging)
        changes = _facts(header) | {
            "totals": staging.totals, "parties": staging.parties, "rows_read": staging.read, "rows_good": staging.good,
            "rows_bad": staging.severities["bad"], "rows_left_out": staging.severities["left_out"] + known, "rows_known": known,
        }  # fmt: skip
        detail = {"rows": staging.good, "bad": staging.severities["bad"], "known": known}
        statement_flow.apply(fresh, "read", by=by, changes=changes, detail=detail)
        progress.fence()
    progress.end(staging.read)


def _mark(file: StatementFile, staging: Staging) -> int:
    """Leave out what is known, as far as the batches were not asked about it, and suspected repeats; how many are known."""
    known = twice_mark(file.pk) if staging.may_repeat else 0
    if staging.ledger_version != ledger_version(file.case_id):
        known += known_mark(file.case_id, file.pk)
    return known + repeats_mark(file.case_id, file.pk, staging.unnumbered)[0]


def _facts(header: Header) -> dict[str, Any]:
    found: dict[str, Any] = {"layout": header.layout, "encoding": header.encoding[:20]}
    if header.headings:
        found["headings"] = {
            "headings": list(header.headings), "samples": [], "missing": [], "sheet": header.sheet, "row": header.heading_row,
        }  # fmt: skip
        found["mapping"] = dict(header.mapping)
    return found


def _remembered(file: StatementFile, wish: NeedsMapping) -> dict[str, str] | None:
    """How the institution headed its columns last time; not where an officer has just named them."""
    if file.institution_id is None or file.mapping:
        return None
    rows = StatementMapping.objects.filter(
        institution_id=file.institution_id, headings_key=headings_index(list(wish.headings))
    )
    return rows.values_list("mapping", flat=True).first()


def _read_as_remembered(by: User, file: StatementFile, mapping: dict[str, str], progress: Progress) -> None:
    try:
        header, staging = _stage(by, file, mapping, progress)
    except NeedsMapping as wish:
        _ask(by, file, wish, progress)
    except (StatementError, ConfinedError) as error:
        _refuse(by, file, error, progress)
    else:
        _show(by, file, header, staging, progress)


def _ask(by: User, file: StatementFile, wish: NeedsMapping, progress: Progress) -> None:
    """Let an officer name the columns; the samples are personal data and sealed."""
    file_clear(by, file.pk, fence=progress.fence)
    headings = {
        "headings": list(wish.headings), "samples": [list(row) for row in wish.samples], "missing": list(wish.missing),
        "sheet": wish.sheet, "row": wish.row,
    }  # fmt: skip
    with db.unit_of_work(by):
        fresh = StatementFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
        changes = {"layout": "table", "headings": headings, "mapping": wish.recognised}
        statement_flow.apply(fresh, "ask", by=by, changes=changes)
        progress.fence()


def _refuse(by: User, file: StatementFile, error: StatementError | ConfinedError, progress: Progress) -> None:
    """Refused as a whole, with the place in the file: an address or a line number, never a value of the file."""
    file_clear(by, file.pk, fence=progress.fence)
    code = _code(error)
    changes = {
        "refusal": code[:40],
        "refusal_params": told_params(error.params) if isinstance(error, StatementError) else {},
    }
    with db.unit_of_work(by):
        fresh = StatementFile.objects.select_for_update(of=("self",), no_key=True).get(pk=file.pk)
        statement_flow.apply(fresh, "refuse", by=by, changes=changes, detail={"code": code})
        progress.fence()


def _code(error: StatementError | ConfinedError) -> str:
    """A key of rules.statements.messages."""
    return REFUSALS.get(error.reason, "reading_failed") if isinstance(error, ConfinedError) else error.code
