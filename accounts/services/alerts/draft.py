"""Draft an alert and change the draft; handing it to the second person is in `decide`."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import Alert, AlertLine
from accounts.policy import Action
from accounts.rules.numbers import read_number
from accounts.services.alerts.checks import addressed, require_room, require_sound
from accounts.services.alerts.inputs import AlertInput
from accounts.states import alert_flow
from antifraud import db, policy
from antifraud.audit import diary
from antifraud.errors import Forbidden, Superseded, WrongState
from banks.models import Institution, User
from banks.selectors.institutions import police_audience
from banks.selectors.profiles import clocks_of
from cases.policy import Action as CaseAction


def alert_draft(*, by: User, data: AlertInput) -> Alert:
    """Write a draft in the name of the officer's unit; nobody outside of the police sees it.

    Raises Invalid naming each field and line, NotFound for a case out of reach, RateLimited where a lane of an
    addressee is crowded with alerts.
    """
    require_drafter(by)
    to = _checked(by, data)
    unit, now = by.institution, db.require_unit_of_work().now
    profile = unit.legal_profile
    alert = Alert(
        number=_next_number(unit), unit=unit, case=data.case, legal_profile=profile, drafted_by=by, created_by=by,
        written_by=[by.id], created_at=now, acknowledge_minutes=clocks_of(profile).alert_minutes,
    )  # fmt: skip
    _fill(alert, data)
    alert_flow.begin(
        alert,
        by=by,
        verb="draft",
        legal_basis=data.legal_basis,
        detail={"lines": len(data.lines), "addressees": len(to)},
    )
    policy.grant(
        police_audience(unit), alert, by=by, purpose="alert work", legal_basis=data.legal_basis, sort_at=now,
        case_id=alert.case_id,
    )  # fmt: skip
    _attach(alert, data, to)
    return alert


def alert_update(*, by: User, alert_id: UUID, data: AlertInput, expected_version: int | None = None) -> Alert:
    """Replace the draft's content, lines and addressees. Raises like `alert_draft`, WrongState and Superseded."""
    alert = policy.get(by, Action.ALERT_UPDATE, Alert.objects.select_related("unit"), alert_id, lock=True)
    require_unit(by, alert)
    if alert.status != Alert.Status.DRAFT:
        raise WrongState(
            _(
                "The alert is no draft any more and was not changed. Copy your text; to edit the alert, recall it first."
            ),
            extra={"state": alert.status, "verb": "update"},
        )
    if expected_version is not None and expected_version != alert.version:
        raise Superseded
    to = _checked(by, data)
    alert.drafted_by, alert.written_by = by, writers_with(alert, by)
    alert.case = data.case  # before the content: it is sealed under the case's key
    _fill(alert, data)
    alert.version += 1
    alert.save()
    alert.lines.all().delete()
    _attach(alert, data, to)
    diary.record(
        "alert.update", by=by, obj=alert, case_id=alert.case_id, legal_basis=data.legal_basis,
        detail={"lines": len(data.lines), "addressees": len(to)},
    )  # fmt: skip
    return alert


def may_draft(by: User) -> bool:
    """Writers of police and centres; oversight has supervisors too, but issues nothing."""
    return by.institution.is_police and policy.can(by, Action.ALERT_DRAFT)


def require_drafter(by: User) -> None:
    """Raise Forbidden for everybody else."""
    if not may_draft(by):
        raise Forbidden


def require_unit(by: User, alert: Alert) -> None:
    """Raise Forbidden for officers of other units: a superior approves, the issuing unit writes."""
    if by.institution_id != alert.unit_id:
        raise Forbidden(_("Only officers of the issuing unit may do this."))


def writers_with(alert: Alert, by: User) -> list[UUID]:
    """Everybody who had a hand in the alert, now also `by`: none of them can be its second person."""
    return [*alert.written_by, *([by.id] if by.id not in alert.written_by else [])]


def _checked(by: User, data: AlertInput) -> list[Institution]:
    if data.case is not None:
        policy.require(by, CaseAction.CASE_VIEW, data.case)
    to = addressed(data)
    require_sound(data, to)
    require_room(to)
    return to


def _fill(alert: Alert, data: AlertInput) -> None:
    for name in ("kind", "legal_basis", "expires_at", "audience"):
        setattr(alert, name, getattr(data, name))
    alert.title, alert.purpose = data.title.strip(), data.purpose.strip()
    alert.content = data.content.strip()


def _attach(alert: Alert, data: AlertInput, to: list[Institution]) -> None:
    alert.addressees.set(to)
    lines = [
        AlertLine(
            alert=alert, position=at, institution=line.institution, number=read_number(line.number).number,
            name=line.name.strip() or None, to_all=line.to_all,
        )
        for at, line in enumerate(data.lines, start=1)
    ]  # fmt: skip
    AlertLine.objects.bulk_create(lines)


def _next_number(unit: Institution) -> str:
    """`N<year>-<7 digits>`; the year is that of the unit's own calendar."""
    year = db.require_unit_of_work().now.astimezone(ZoneInfo(unit.time_zone)).year
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('alert_number_seq')")
        return f"N{year}-{cursor.fetchone()[0]:07d}"
