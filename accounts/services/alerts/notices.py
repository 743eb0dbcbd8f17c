"""What an institution does with its notice of an alert: read it, acknowledge it, report back, take its lines along."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import AlertNotice
from accounts.policy import Action
from accounts.rules.deadlines import answer_due_at
from accounts.services.alerts.content import TOPIC
from accounts.states import notice_flow
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.crypto.masks import mask
from antifraud.errors import Invalid, NotFound, WrongState
from antifraud.outbox import post
from banks.models import User
from banks.services.deliveries import delivery_transported_by_inbox

ROWS = AlertNotice.objects.select_related(
    "alert__unit", "institution", "read_by", "acknowledged_by", "reported_by"
).defer("alert__payload", "alert__content")
LINE_FIELDS = ("number", "name")


@dataclass(frozen=True)
class NoticeReading:
    """A notice as it was told, its accounts masked: {"number", "name", "institution", "kept_here"} each."""

    notice: AlertNotice
    content: dict[str, Any]
    lines: list[dict[str, Any]]


def notice_open(*, by: User, notice_id: UUID) -> NoticeReading:
    """Read a notice; the first time marks it as read, and every time stands in the audit log. Raises NotFound."""
    notice = policy.get(by, Action.NOTICE_OPEN, ROWS, notice_id, lock=True)
    if notice.read_at is None:
        notice.read_at, notice.read_by = db.require_unit_of_work().now, by
        notice.save(update_fields=["read_at", "read_by"])
        post.enqueue("notice.read", notice.pk, institution_id=notice.institution_id)
        _arrived(by, notice)
    text = diary.reveal(notice, "payload", by=by, purpose=f"read alert {notice.alert.number}", case_id=notice.case_id)
    content: dict[str, Any] = json.loads(text)
    lines = [
        line | {"number": mask("account", line["number"]), "name": mask("name", line["name"]) if line["name"] else ""}
        for line in content["lines"]
    ]
    return NoticeReading(notice, content, lines)


def notice_acknowledge(*, by: User, notice_id: UUID, expected_version: int | None = None) -> AlertNotice:
    """Seen, and by whom. A second acknowledgement changes nothing. Raises WrongState once it is closed, Superseded."""
    notice = policy.get(by, Action.NOTICE_ACKNOWLEDGE, ROWS, notice_id, lock=True)
    if notice.status == AlertNotice.Status.ACKNOWLEDGED:
        return notice
    now = db.require_unit_of_work().now
    changes: dict[str, Any] = {"acknowledged_at": now, "acknowledged_by": by} | _available_first(notice)
    if notice.read_at is None:
        changes |= {"read_at": now, "read_by": by}
    notice_flow.apply(notice, "acknowledge", by=by, changes=changes, expected_version=expected_version)
    _arrived(by, notice)
    return notice


def notice_report_back(
    *, by: User, notice_id: UUID, finding: str, report: str = "", expected_version: int | None = None
) -> AlertNotice:
    """Tell the police what was found. Raises Invalid by field, WrongState unless it is acknowledged, Superseded."""
    notice = policy.get(by, Action.NOTICE_REPORT_BACK, ROWS, notice_id, lock=True)
    notice_flow.step("report_back", notice.status)
    text = report.strip()
    problems: dict[str, list[Any]] = {}
    if finding not in AlertNotice.Finding.values:
        problems["finding"] = [_("Say what was found.")]
    if finding != AlertNotice.Finding.NOTHING_FOUND and len(text) < 4:
        problems["report"] = [_("Say in at least four characters what was found or done.")]
    if len(text) > 4000:
        problems["report"] = [_("The report has more than 4,000 characters. Shorten it.")]
    if problems:
        raise Invalid(fields=problems)
    reject_forbidden(text, field="report")
    changes = {
        "finding": finding, "report": text or None, "reported_at": db.require_unit_of_work().now, "reported_by": by
    }  # fmt: skip
    return notice_flow.apply(
        notice, "report_back", by=by, changes=changes, detail={"finding": finding}, expected_version=expected_version
    )


def notice_line_reveal(*, by: User, notice_id: UUID, line_no: int, field: str, purpose: str) -> str:
    """One value of one line of a notice in clear. Raises NotFound for a line that the notice has not, Invalid without a reason."""
    if field not in LINE_FIELDS:
        raise Invalid(fields={"field": [_("This field cannot be shown.")]})
    notice = policy.get(by, Action.NOTICE_REVEAL, AlertNotice.objects.all(), notice_id)
    if not 1 <= line_no <= len(json.loads(notice.payload.open())["lines"]):
        raise NotFound
    text = diary.reveal(notice, "payload", by=by, purpose=purpose, case_id=notice.case_id)
    return str(json.loads(text)["lines"][line_no - 1][field])


def notice_lines_export(*, by: User, notice_id: UUID) -> tuple[AlertNotice, list[dict[str, Any]]]:
    """The lines of a notice in clear, for the institution's own search; an audited act. Raises WrongState without lines."""
    notice = policy.get(by, Action.NOTICE_REVEAL, ROWS, notice_id)
    text = diary.reveal(notice, "payload", by=by, purpose=f"export alert {notice.alert.number}", case_id=notice.case_id)
    lines: list[dict[str, Any]] = json.loads(text)["lines"]
    if not lines:
        raise WrongState(_("This alert names no account."))
    return notice, lines


def _available_first(notice: AlertNotice) -> dict[str, Any]:
    """Who acts on a notice has it: where the lane lags behind, its term begins with the act itself."""
    if notice.available_at is not None:
        return {}
    now = db.require_unit_of_work().now
    return {"available_at": now, "due_at": answer_due_at(now, notice.alert.acknowledge_minutes)}


def _arrived(by: User, notice: AlertNotice) -> bool:
    return delivery_transported_by_inbox(by=by, institution_id=by.institution_id, topic=TOPIC, subject_id=notice.id)
