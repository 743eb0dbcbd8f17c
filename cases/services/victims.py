"""Victims and leads: entered with the case or later, revealed one value at a time with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from antifraud import db, policy
from antifraud.audit import diary
from antifraud.crypto.blind import blind_bucket, blind_index
from antifraud.crypto.normal import normal_name, normal_phone
from antifraud.errors import Invalid, Superseded, WrongState
from banks.models import User
from cases.models import Case, Lead, Victim
from cases.policy import Action
from cases.services.clues import case_clued

REVEALABLE = ("name", "id_number", "phone")


@dataclass(frozen=True)
class VictimInput:
    """Who lost the money; the name is needed, the rest may come later."""

    name: str
    id_number: str = ""
    phone: str = ""


@dataclass(frozen=True)
class LeadInput:
    """A phone number, address, chat id or app of the fraudster."""

    kind: str
    value: str


def victim_add(*, case: Case, data: VictimInput) -> Victim:
    """Store a victim under the case's key, at filing. The caller has authorised the change of the case."""
    victim = Victim(
        case=case,
        name=data.name.strip(),
        id_number=data.id_number.strip().upper() or None,
        phone=data.phone.strip() or None,
        name_bucket=_name_bucket(data.name),
        phone_bucket=_phone_bucket(data.phone),
        created_at=db.require_unit_of_work().now,
    )
    victim.save(force_insert=True)
    return victim


def victim_enter(*, by: User, case_id: UUID, data: VictimInput, expected_version: int | None = None) -> Victim:
    """Add a victim who was found after the case was filed; the audit row names the fields only.

    Raises Invalid by field (also for one who is there already, word for word), WrongState for a closed case, Superseded
    for another version of the case.
    """
    case = policy.get(by, Action.VICTIM_ADD, Case.objects.all(), case_id, lock=True)
    if expected_version not in {None, case.version}:
        raise Superseded
    _require_open(case)
    victim = victim_add(case=case, data=data)
    _refuse_twin(victim)
    case_clued(case.id)
    fields = [name for name in REVEALABLE if getattr(data, name).strip()]
    diary.record("victim.add", by=by, obj=victim, case_id=case.id, detail={"fields": fields})
    return victim


def victim_update(*, by: User, victim_id: UUID, changes: Mapping[str, str]) -> Victim:
    """Correct the fields that are named; "" takes a value away, but not the name. The audit row names the fields only.

    Raises Invalid by field, WrongState for a closed case.
    """
    known = policy.get(by, Action.VICTIM_UPDATE, Victim.objects.all(), victim_id)
    # The case first, as everywhere; what was read before is read again under the lock.
    _require_open(db.lock(Case.objects.filter(pk=known.case_id)).get())
    victim = policy.get(by, Action.VICTIM_UPDATE, Victim.objects.select_related("case"), victim_id, lock=True)
    if unknown := set(changes) - set(REVEALABLE):
        raise ValueError(f"not correctable: {sorted(unknown)}")
    wanted = {name: text.strip() for name, text in changes.items()}
    if not wanted:
        raise Invalid(fields={"victim_name": [_("Enter what is to be corrected.")]})
    if "name" in wanted:
        victim.name, victim.name_bucket = wanted["name"], _name_bucket(wanted["name"])
    if "id_number" in wanted:
        victim.id_number = wanted["id_number"].upper() or None
    if "phone" in wanted:
        victim.phone, victim.phone_bucket = wanted["phone"] or None, _phone_bucket(wanted["phone"])
    victim.save(update_fields=[*wanted, "name_bucket", "phone_bucket"])
    _refuse_twin(victim)
    case_clued(victim.case_id)
    diary.record("victim.update", by=by, obj=victim, case_id=victim.case_id, detail={"fields": sorted(wanted)})
    return victim


def lead_add(*, case: Case, data: LeadInput) -> Lead:
    """Store a lead with its blind index (series link cases by it). The caller has authorised the change of the case."""
    if data.kind not in Lead.Kind.values or not data.value.strip():
        raise Invalid(fields={"lead_value": [_("Choose the kind of clue and enter its value.")]})
    normal = _phone(data.value, "lead_value") if data.kind == Lead.Kind.PHONE else normal_name(data.value)
    lead = Lead(
        case=case,
        kind=data.kind,
        value=data.value.strip(),
        value_index=blind_index(f"lead.{data.kind}", normal),
        created_at=db.require_unit_of_work().now,
    )
    lead.save(force_insert=True)
    case_clued(case.id)
    return lead


def victim_reveal(*, by: User, victim_id: UUID, field: str, purpose: str) -> str:
    """One value of a victim in clear; writes the audit row first. Raises Invalid without a reason."""
    if field not in REVEALABLE:
        raise Invalid(fields={"field": [_("This field cannot be shown.")]})
    victim = policy.get(by, Action.VICTIM_REVEAL, Victim.objects.all(), victim_id)
    return diary.reveal(victim, field, by=by, purpose=purpose, case_id=victim.case_id)


def lead_reveal(*, by: User, lead_id: UUID, purpose: str) -> str:
    """A lead's value in clear; writes the audit row first."""
    lead = policy.get(by, Action.LEAD_REVEAL, Lead.objects.all(), lead_id)
    return diary.reveal(lead, "value", by=by, purpose=purpose, case_id=lead.case_id)


def _require_open(case: Case) -> None:
    if case.status == Case.Status.CLOSED:
        raise WrongState(_("The case is closed; nothing can be added to it."), extra={"state": case.status})


def _refuse_twin(victim: Victim) -> None:
    """Raise where the case has another victim who is the same in all that is known; the caller holds the case."""
    fresh = Victim.objects.get(pk=victim.pk)
    others = Victim.objects.filter(
        case=victim.case_id, name_bucket=victim.name_bucket, phone_bucket=victim.phone_bucket
    )
    if any(_known(other) == _known(fresh) for other in others.exclude(pk=victim.pk)):
        text = _("The case has this victim already. Enter the identity number or the phone that tells the two apart.")
        raise Invalid(fields={"victim_name": [text]})


def _known(victim: Victim) -> tuple[str, str, str]:
    id_number, phone = (secret.open() if secret else "" for secret in (victim.id_number, victim.phone))
    return normal_name(victim.name.open()), id_number, normal_phone(phone) if phone else ""


def _name_bucket(name: str) -> int:
    form = normal_name(name)
    if not form:
        raise Invalid(fields={"victim_name": [_("Enter the victim's name.")]})
    return blind_bucket("victim.name", form)


def _phone_bucket(phone: str) -> int | None:
    return blind_bucket("victim.phone", _phone(phone, "victim_phone")) if phone.strip() else None


def _phone(text: str, field: str) -> str:
    try:
        return normal_phone(text)
    except ValueError as error:
        raise Invalid(
            fields={field: [_("This is not a phone number. Enter its digits, with + and the country if abroad.")]}
        ) from error
