"""Cases that a reader may see: the list (grants read first), one case, what is missing, and its timeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from antifraud import policy
from antifraud.audit.models import AuditEntry
from antifraud.crypto.blind import blind_bucket
from antifraud.crypto.normal import normal_name
from banks.models import User
from cases.models import Attachment, Case, FilingDraft, Victim
from cases.policy import Action

KEYSET = ("-listed_at", "-id")


def cases_list(
    *, user: User, status: str = "", fraud_type: str = "", unit: UUID | None = None, q: str = ""
) -> QuerySet[Case]:
    """Cases newest first. `q` finds a case or incident number; `listed_at` is the grant's sort time, so that the
    database reads the grant index backwards and joins only one page of cases."""
    rows = policy.scope(user, Action.CASE_VIEW, Case.objects.select_related("unit", "operator"))
    if status:
        rows = rows.filter(status=status)
    if fraud_type:
        rows = rows.filter(fraud_type=fraud_type)
    if unit:
        rows = rows.filter(unit=unit)
    if q.strip():
        word = q.strip()
        rows = rows.filter(Q(number__iexact=word) | Q(incident_number__iexact=word) | Q(number__iendswith=word))
    return rows.annotate(listed_at=F("grants__sort_at"))


def cases_by_incident(*, user: User, numbers: Iterable[str]) -> dict[str, Case]:
    """The cases of the reader's own unit that have these incident numbers already."""
    rows = policy.scope(user, Action.CASE_VIEW, Case.objects.filter(unit=user.institution_id))
    return {case.incident_number: case for case in rows.filter(incident_number__in=list(numbers))}


def cases_by_victim(*, user: User, name: str) -> list[Case]:
    """Cases whose victim has exactly this name: candidates by truncated index, compared after decryption (R19)."""
    wanted = normal_name(name)
    if not wanted:
        return []
    candidates = policy.scope(user, Action.VICTIM_VIEW, Victim.objects.select_related("case", "case__unit")).filter(
        name_bucket=blind_bucket("victim.name", wanted)
    )[:200]
    return [victim.case for victim in candidates if normal_name(victim.name.open()) == wanted]


def case_detail(*, user: User, case_id: UUID) -> Case:
    """One case with its unit, officer and profile; NotFound out of reach."""
    queryset = Case.objects.select_related("unit", "operator__institution", "legal_profile")
    return policy.get(user, Action.CASE_VIEW, queryset, case_id)


def case_missing(case: Case, *, has_victim: bool, has_transfer: bool) -> list[str]:
    """Codes of what an express filing still lacks; the page says them in words."""
    wanted = {
        "incident_number": bool(case.incident_number),
        "victim": has_victim,
        "narrative": bool(case.narrative),
        "occurred_at": case.occurred_at is not None,
        "loss": case.loss_minor is not None,
        "accounts": case.accounts_total > 0,
        "transfers": has_transfer,
    }
    return [code for code, there in wanted.items() if not there]


def case_timeline(*, user: User, case: Case, verbs: tuple[str, ...] = ()) -> QuerySet[AuditEntry]:
    """All audited acts of the case, newest first. The reader must be able to see the case."""
    policy.require(user, Action.CASE_VIEW, case)
    rows = AuditEntry.objects.filter(case_id=case.id).exclude(verb__startswith="grant.")
    if verbs:
        rows = rows.filter(verb__in=verbs)
    return rows.order_by("-at", "-id")


def case_files(*, user: User, case: Case, purpose: str) -> QuerySet[Attachment]:
    """The files of a case for one purpose, newest first."""
    rows = policy.scope(user, Action.ATTACHMENT_VIEW, Attachment.objects.select_related("uploaded_by"))
    return rows.filter(case=case, purpose=purpose).order_by("-uploaded_at", "pk")


def drafts_list(*, user: User) -> QuerySet[FilingDraft]:
    """The reader's own drafts, newest first."""
    return policy.scope(user, Action.DRAFT_SAVE, FilingDraft.objects.select_related("user__institution")).order_by(
        "-updated_at"
    )


def related(case: Case) -> dict[str, Any]:
    """Victims, leads, steps, files and notes of a case already authorised."""
    return {
        "victims": list(case.victims.order_by("created_at")),
        "leads": list(case.leads.order_by("created_at")),
        "steps": list(case.steps.select_related("officer", "from_unit", "to_unit").order_by("at")),
        "attachments": list(case.attachments.select_related("uploaded_by").order_by("-uploaded_at")),
        "notes": [(note, note.text.open()) for note in case.notes.select_related("author").order_by("-created_at")],
    }
