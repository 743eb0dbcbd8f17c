"""What the pages of statement files show: the list's lines, one file's steps, control totals, accounts and remarks."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.forms.statement_adopt import AdoptForm
from accounts.forms.statement_fields import field_label
from accounts.forms.statement_words import layout_text, refusal_text, remark_text
from accounts.forms.statements import CommitForm
from accounts.models import StatementFile
from accounts.policy import FlowAction
from accounts.selectors import matches
from accounts.selectors import statements as selectors
from accounts.selectors.second_numbers import numbers_disputed
from accounts.selectors.statement_doubts import statement_doubts
from accounts.selectors.statements_elsewhere import statements_elsewhere
from accounts.services.statements.files import COMMIT, ENDED, READ
from accounts.views.jobs import job_context
from antifraud import policy
from antifraud.api.pagination import capped_count, keyset_page, page_urls
from antifraud.crypto.fields import preload_rows
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from banks.middleware import UserRequest
from cases.models import Case
from cases.views.tabs import case_context

PAGE = 50
Status = StatementFile.Status
REPEAT = "repeat"  # staged rows without a serial number that look like rows of an earlier file
SHOWING = (Status.PREVIEW, Status.COMMITTED)


def case_files_context(request: UserRequest, case: Case) -> dict[str, Any]:
    """The tab of a case: its files newest first, whether more can be received."""
    user = request.user
    rows = selectors.case_statements(user=user, case=case)
    page = keyset_page(rows, selectors.KEYSET, request.GET.get("cursor"), PAGE)
    preload_rows([file.attachment for file in page.items])
    recognised, more = capped_count(matches.case_matches(user=user, case=case, undone=False))
    context = case_context(case, "statements") | page_urls(request, page)
    may_import = policy.can(user, FlowAction.STATEMENT_IMPORT, case)
    found = statements_elsewhere(user=user, case=case) if may_import else []
    return context | {
        "adopt": AdoptForm(found=found) if found else None,
        "page": page,
        "files": [(file, layout_text(file), file_name(file)) for file in page.items],
        "broken_off": queue.broken_off([file.id for file in page.items if file.status == Status.RECEIVED], READ),
        "recognised": f"{recognised}+" if more else recognised,
        "may_import": may_import,
        "disputed": numbers_disputed(user=user, case=case),
    }


def statement_context(request: UserRequest, file: StatementFile, job: Job | None) -> dict[str, Any]:
    """One file and its newest work. What its state has nothing to say about is not read."""
    user = request.user
    context = case_context(file.case, "statements")
    context["crumbs"] = file_crumbs(file)
    may = {name: policy.can(user, f"statement.{name}", file) for name in ("map", "commit", "discard")}
    context |= {
        "file": file,
        "title": file_title(file),
        "name": file_name(file),
        "layout": layout_text(file),
        "has_columns": file.headings is not None,
        "digest": bytes(file.sha256).hex(),
        "lender": file.adopted_from.case
        if file.adopted_from and policy.can(user, "case.view", file.adopted_from.case)
        else None,
        "refusal": refusal_text(file),
        "may": may | {"reveal": policy.can(user, FlowAction.LEDGER_REVEAL)},
        "steps": _steps(file),
    }
    context |= _job(file, job, may_cancel=may["discard"])
    is_taken = context["is_busy"] and job is not None and job.kind == COMMIT
    context["shown_status"] = "taking" if is_taken else file.status
    context |= _findings(request, file) if file.status in SHOWING else {"repeats": 0}
    if file.status == Status.PREVIEW and file.rows_good and may["commit"] and not context["is_busy"]:
        initial = {"version": file.version}
        context["form"] = CommitForm(bad=file.rows_bad, repeats=context["repeats"], initial=initial)
    return context


def file_crumbs(file: StatementFile) -> list[tuple[str, str]]:
    """Cases, the case, its statements, this file."""
    return [
        (_("Cases"), reverse("cases:list")),
        (file.case.number, reverse("cases:report", args=[file.case_id])),
        (_("Statements"), reverse("accounts:case_statements", args=[file.case_id])),
        (file_title(file), ""),
    ]


def file_title(file: StatementFile) -> str:
    """Which bank's file it is, in a word; a file's own name may name a person and stays out of titles."""
    return file.institution.title if file.institution else _("Statement")


def file_name(file: StatementFile) -> str:
    """What an uploaded file was called, for readers of its case alone; others were named by the platform ("")."""
    return file.attachment.title.open() if file.source == StatementFile.Source.UPLOAD else ""


def _job(file: StatementFile, job: Job | None, *, may_cancel: bool) -> dict[str, Any]:
    is_unread = file.status == Status.RECEIVED and (job is None or not job.is_active)
    unread = {"is_unread": is_unread, "may_retry": is_unread and may_cancel}
    if job is None or job.state == job.State.DONE or file.status in ENDED:
        return unread | {"is_busy": False}
    shown = job_context(
        job, progress_url=reverse("accounts:statement_progress", args=[file.id]),
        cancel_url=reverse("accounts:statement_cancel", args=[file.id]) if may_cancel else "",
    )  # fmt: skip
    return shown | unread | {"is_busy": job.is_active}


def _findings(request: UserRequest, file: StatementFile) -> dict[str, Any]:
    """Totals as stored, accounts as they are in the rows, remarks by kind."""
    user = request.user
    accounts = selectors.statement_accounts(user=user, file=file)
    preload_rows([row.account for row in accounts if row.account is not None])
    counts = selectors.issue_counts(user=user, file=file)
    suspected = selectors.statement_counted(user=user, file=file, left_out=REPEAT)
    return {
        "accounts": accounts,
        "period": (min(row.first_at for row in accounts), max(row.last_at for row in accounts)) if accounts else None,
        "remarks": [(row, field_label(row.field), remark_text(row.code)) for row in counts],
        "repeats": sum(count for count, _sum in suspected.values()),
        "suspected": [(currency, way, *found) for (currency, way), found in sorted(suspected.items())],
        "doubts": statement_doubts(file, file.answer.order) if file.answer else None,
    } | _totals(request, file)


def _totals(request: UserRequest, file: StatementFile) -> dict[str, Any]:
    """The control totals as they were certified; of a committed file beside them what it brought and what counts of it by now.

    `is_part_taken`: rows were known or left out as repeats, so less was brought than the totals say.
    `recounted`: rows that were taken and count no more, or the other way round, since a later file tells the same entries
    under another number of the account.
    """
    totals = [dict(total) for total in file.totals]
    if file.status != Status.COMMITTED:
        return {"totals": totals, "recounted": 0}
    counted = selectors.statement_counted(user=request.user, file=file)
    brought = {(each["currency"], each["direction"]): (each["count"], each["sum_minor"]) for each in file.taken}
    for total in totals:
        key = (total["currency"], total["direction"])
        total |= {"taken": brought.get(key, (0, 0)), "now": counted.get(key, (0, 0))}
    taken = [(each["count"], counted.get((each["currency"], each["direction"]), (0, 0))[0]) for each in file.taken]
    changed = sum(abs(before - now) for before, now in taken)
    is_part_taken = any(total["taken"][0] != total["count"] for total in totals)
    return {"totals": totals, "recounted": changed, "is_part_taken": is_part_taken}


def _steps(file: StatementFile) -> list[dict[str, Any]]:
    """Received, columns named, checked, in the ledger: where the file stands."""
    labels = [_("Received"), _("Columns understood"), _("Checked"), _("In the ledger")]
    at = {Status.RECEIVED: 0, Status.NEEDS_MAPPING: 1, Status.PREVIEW: 2, Status.COMMITTED: 4}.get(
        Status(file.status), -1
    )
    if at < 0:
        return []
    states = ["done" if place < at else "current" if place == at else "todo" for place in range(len(labels))]
    return [{"label": label, "state": state} for label, state in zip(labels, states, strict=True)]
