"""What an alert, its lines and reports say in clear, for police: the audit row first, then the value (R29); exports masked."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Alert, AlertLine, AlertNotice
from accounts.policy import Action
from accounts.services.alerts.content import ROWS
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.fields import preload_rows
from antifraud.errors import Invalid, NotFound, WrongState
from banks.models import User

LINE_FIELDS = ("number", "name")


def alert_reveal(*, by: User, alert_id: UUID, purpose: str) -> str:
    """The alert's text in clear. Raises Invalid without a reason."""
    alert = policy.get(by, Action.ALERT_REVEAL, Alert.objects.all(), alert_id)
    return diary.reveal(alert, "content", by=by, purpose=purpose, case_id=alert.case_id)


def alert_line_reveal(*, by: User, alert_id: UUID, line_id: UUID, field: str, purpose: str) -> str:
    """Number or name of one line in clear ("" where it has none). Raises NotFound, Invalid."""
    if field not in LINE_FIELDS:
        raise Invalid(fields={"field": [_("This field cannot be shown.")]})
    alert = policy.get(by, Action.ALERT_REVEAL, Alert.objects.all(), alert_id)
    line = AlertLine.objects.filter(alert=alert, pk=line_id).first()
    if line is None:
        raise NotFound
    if getattr(line, field) is None:
        return ""
    return diary.reveal(line, field, by=by, purpose=purpose, case_id=alert.case_id)


def notice_report_reveal(*, by: User, notice_id: UUID, purpose: str) -> str:
    """What an institution reported back, in clear ("" where it wrote nothing)."""
    notice = policy.get(by, Action.NOTICE_REVEAL, AlertNotice.objects.all(), notice_id)
    if notice.report is None:
        return ""
    return diary.reveal(notice, "report", by=by, purpose=purpose, case_id=notice.case_id)


def alert_decision_content(*, by: User, alert_id: UUID) -> tuple[Alert, str]:
    """A submitted alert with the exact text that was hashed, for who decides on it. Raises WrongState for a draft."""
    alert = policy.get(by, Action.ALERT_REVEAL, Alert.objects.select_related("unit", "created_by"), alert_id)
    if alert.status != Alert.Status.AWAITING_APPROVAL:
        raise WrongState(extra={"state": alert.status, "verb": "approve"})
    return alert, diary.reveal(alert, "payload", by=by, purpose="decision on the alert", case_id=alert.case_id)


def alert_edit_content(*, by: User, alert_id: UUID) -> Alert:
    """A draft with everything that its page opens for writing on; one audit row says so. Raises WrongState."""
    alert = policy.get(by, Action.ALERT_UPDATE, ROWS, alert_id)
    if alert.status != Alert.Status.DRAFT:
        raise WrongState(extra={"state": alert.status, "verb": "update"})
    diary.reveal(alert, "content", by=by, purpose="edit the draft", case_id=alert.case_id)
    preload_rows(alert.lines.all())
    return alert


def alert_export(*, by: User, alert_id: UUID) -> Iterator[AlertNotice]:
    """The notices of an alert for the export, by institution; the export is in the audit log, nothing in it is in clear."""
    db.require_unit_of_work()
    alert = policy.get(by, Action.ALERT_EXPORT, Alert.objects.all(), alert_id)
    rows = policy.scope(by, Action.NOTICE_VIEW, AlertNotice.objects.select_related("alert", "institution"))
    notices = rows.filter(alert=alert).defer("payload", "report").order_by("institution__code")
    found = list(notices.select_related("alert", "institution", "read_by", "acknowledged_by", "reported_by"))
    diary.record("alert.export", by=by, obj=alert, case_id=alert.case_id, detail={"notices": len(found)})
    return iter(found)
