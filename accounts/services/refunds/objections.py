"""Objections against an announced return: lodged with their text, decided with reasons by another officer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Objection, Refund
from accounts.policy import RefundAction
from accounts.services.orders.approve import require_superior
from accounts.services.refunds.draft import ROWS
from accounts.services.refunds.notice import current_round
from accounts.states import refund_flow
from antifraud import db, policy
from antifraud.approvals import requests
from antifraud.audit import diary
from antifraud.crypto.fields import preload_rows
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.crypto.normal import normal_name
from antifraud.errors import Forbidden, Invalid, WrongState
from banks.models import User

LONGEST = 4000
FIELDS = ("lodged_by", "text", "reasons")


@dataclass(frozen=True)
class ObjectionInput:
    """Who objects (`party` a word of Objection.Party), what they say, and when it came in."""

    party: str
    lodged_by: str
    text: str
    lodged_at: datetime


def objection_lodge(*, by: User, refund_id: UUID, data: ObjectionInput) -> Objection:
    """Keep an objection; a submission that waits for approval is taken back by it.

    Raises Invalid by field (also where the same person's same words wait to be decided already), WrongState unless the
    return is announced and not decided.
    """
    refund = policy.get(by, RefundAction.REFUND_OBJECT, ROWS, refund_id, lock=True)
    refund_flow.step("object", refund.status)
    current = current_round(refund)
    now = db.require_unit_of_work().now
    problems: dict[str, list[Any]] = {}
    if data.party not in Objection.Party.values:
        problems["party"] = [_("Say who objects.")]
    if not data.lodged_by.strip():
        problems["lodged_by"] = [_("Name the person or body that objects.")]
    if not 4 <= len(data.text.strip()) <= LONGEST:
        problems["text"] = [_("Write down the objection in 4 to 4,000 characters.")]
    if data.lodged_at > now or (
        current.noticed_at is not None and data.lodged_at < current.noticed_at.replace(microsecond=0)
    ):
        problems["lodged_at"] = [_("An objection comes in after the notice and not in the future. Correct the time.")]
    if problems:
        raise Invalid(fields=problems)
    reject_forbidden(data.text, field="text")
    _refuse_twin(refund, data)
    objection = Objection(
        case=refund.case, refund=refund, round=current, party=data.party, lodged_by=data.lodged_by.strip(),
        text=data.text.strip(), lodged_at=data.lodged_at, recorded_by=by, recorded_at=now,
    )  # fmt: skip
    objection.save(force_insert=True)
    requests.lapse(refund.id)
    refund_flow.apply(
        refund, "object", by=by, changes={"submitted_at": None},
        detail={"objection": str(objection.id), "party": data.party, "round": current.number},
    )  # fmt: skip
    return objection


def _refuse_twin(refund: Refund, data: ObjectionInput) -> None:
    """Two sessions may send one objection; each would have to be decided. The return is locked."""
    rows = list(Objection.objects.filter(refund=refund, party=data.party, decision=Objection.Decision.OPEN))
    preload_rows(rows)
    said = (normal_name(data.lodged_by), data.text.split())
    if any((normal_name(each.lodged_by.open()), each.text.open().split()) == said for each in rows):
        text = _("The same objection is recorded already and waits to be decided. Nothing was recorded again.")
        raise Invalid(fields={"text": [text]})


def objection_decide(*, by: User, objection_id: UUID, decision: str, reasons: str) -> Objection:
    """Uphold or reject, with reasons. An upheld one keeps this round from being approved: a new round is needed.

    Another person than the one who recorded it. Raises Invalid, Forbidden `same_person`, WrongState once decided.
    """
    found = policy.get(by, RefundAction.OBJECTION_DECIDE, Objection.objects.all(), objection_id, lock=True)
    refund = policy.get(by, RefundAction.REFUND_VIEW, ROWS, found.refund_id, lock=True)
    require_superior(by, refund.unit)
    if found.decision or refund.status not in {Refund.Status.OBJECTED, Refund.Status.NOTICED, Refund.Status.DRAFTED}:
        raise WrongState(_("This objection is decided already, or the return is."))
    if by.id == found.recorded_by_id:
        raise Forbidden(_("Another person than the one who recorded the objection decides on it."), code="same_person")
    problems: dict[str, list[Any]] = {}
    if decision not in {Objection.Decision.UPHELD, Objection.Decision.REJECTED}:
        problems["decision"] = [_("Uphold the objection or reject it.")]
    if not 4 <= len(reasons.strip()) <= LONGEST:
        problems["reasons"] = [_("Give the reasons in 4 to 4,000 characters. They are kept with the decision.")]
    if problems:
        raise Invalid(fields=problems)
    reject_forbidden(reasons, field="reasons")
    found.decision, found.reasons = decision, reasons.strip()
    found.decided_by, found.decided_at = by, db.require_unit_of_work().now
    found.save(update_fields=["decision", "reasons", "decided_by", "decided_at"])
    diary.record(
        "objection.decide", by=by, obj=found, case_id=found.case_id, legal_basis=refund.legal_basis,
        detail={"refund": str(refund.id), "decision": decision},
    )  # fmt: skip
    return found


def objection_reveal(*, by: User, objection_id: UUID, field: str, purpose: str) -> str:
    """Who objects, the text or the reasons in clear ("" where there are none yet). Raises Invalid without a reason."""
    if field not in FIELDS:
        raise Invalid(fields={"field": [_("This field cannot be shown.")]})
    found = policy.get(by, RefundAction.OBJECTION_REVEAL, Objection.objects.all(), objection_id)
    if getattr(found, field) is None:
        return ""
    return diary.reveal(found, field, by=by, purpose=purpose, case_id=found.case_id)


def open_objections(refund: Refund) -> list[str]:
    """Decisions that stand against an approval: "" (undecided, of any round) and "upheld" since the current round began."""
    since = Q(decided_at__gte=current_round(refund).opened_at)
    rows = Objection.objects.filter(Q(decision=Objection.Decision.OPEN) | since, refund=refund)
    return sorted(set(rows.exclude(decision=Objection.Decision.REJECTED).values_list("decision", flat=True)))
