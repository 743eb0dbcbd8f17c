"""The steps of law of a case: each with date, document number and officer, and its consequences (domain.md §2)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.errors import Conflict, Invalid
from banks.models import Institution, User
from banks.selectors.institutions import police_audience
from cases.models import Case, CaseStep
from cases.states import case_flow

# A step whose paper is part of the act itself.
NEEDS_DOCUMENT = {"accept", "docket", "refuse", "withdraw", "clear", "transfer"}
VERBS = ("accept", "docket", "refuse", "solve", "transfer", "withdraw", "clear", "close")


def case_step(
    *,
    by: User,
    case_id: UUID,
    verb: str,
    on: date,
    document_number: str = "",
    note: str = "",
    to_unit: Institution | None = None,
    expected_version: int | None = None,
) -> Case:
    """Take one step. `docket` (立案) dates the filing that a freeze needs; `transfer` hands the case to `to_unit`.

    refuse, withdraw and clear post the topic that makes floor 3 draft the releases of all holds (3-day clock).
    Raises Invalid for a missing document or a date in the future, Conflict `case_has_open` on closing too early.
    """
    case = policy.get(by, f"case.{verb}", Case.objects.select_related("unit"), case_id, lock=True)
    _check(by, case, verb, on, document_number, to_unit)
    before = case.unit
    changes: dict[str, Any] = {}
    if verb == "docket":
        changes["filed_on"] = on
    if verb == "transfer":
        changes["unit"] = to_unit
    case_flow.apply(
        case,
        verb,
        by=by,
        changes=changes,
        expected_version=expected_version,
        detail={"on": on.isoformat(), "document": document_number},
    )
    CaseStep(
        case=case, verb=verb, to_status=case.status, on=on, document_number=document_number.strip(), officer=by, note=note.strip(),
        from_unit=before if verb == "transfer" else None, to_unit=to_unit, at=db.require_unit_of_work().now,
    ).save(force_insert=True)  # fmt: skip
    if verb == "transfer" and to_unit is not None:
        policy.grant(
            police_audience(to_unit), case, by=by, purpose="transfer of jurisdiction", legal_basis=document_number,
            sort_at=case.reported_at, case_id=case.id,
        )  # fmt: skip
    return case


def _check(by: User, case: Case, verb: str, on: date, document_number: str, to_unit: Institution | None) -> None:
    problems: dict[str, list[Any]] = {}
    if on > db.require_unit_of_work().now.astimezone(ZoneInfo(by.institution.time_zone)).date():
        problems["on"] = [_("The date lies in the future. Enter the date on the document.")]
    if verb in NEEDS_DOCUMENT and not document_number.strip():
        problems["document_number"] = [_("Enter the number of the document that this step rests on.")]
    if verb == "transfer" and (to_unit is None or not to_unit.is_police or to_unit.id == case.unit_id):
        problems["to_unit"] = [_("Choose another police unit to receive the case.")]
    if problems:
        raise Invalid(fields=problems)
    if verb == "close" and (case.open_orders or case.open_holds):
        raise Conflict(
            _("The case still has open orders or holds. Answer, release or lift them first."),
            code="case_has_open", extra={"open_orders": case.open_orders, "open_holds": case.open_holds},
        )  # fmt: skip
