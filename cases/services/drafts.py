"""What an officer has typed so far: kept encrypted, one person's own, dropped when the case is filed."""

from __future__ import annotations

from uuid import UUID

from antifraud import db, policy
from banks.models import User
from cases.models import FilingDraft
from cases.policy import Action

MOST_DRAFTS = 20


def draft_save(*, by: User, draft_id: UUID | None, text: str) -> FilingDraft:
    """Save the form's JSON text; an unknown or foreign id makes NotFound. The oldest beyond twenty are dropped."""
    now = db.require_unit_of_work().now
    policy.require(by, Action.DRAFT_SAVE)
    if draft_id is None:
        draft = FilingDraft(user=by, updated_at=now)
    else:
        draft = policy.get(by, Action.DRAFT_SAVE, FilingDraft.objects.select_related("user"), draft_id, lock=True)
    draft.data = text
    draft.updated_at = now
    draft.save()
    kept = FilingDraft.objects.filter(user=by).order_by("-updated_at").values("pk")[:MOST_DRAFTS]
    FilingDraft.objects.filter(user=by).exclude(pk__in=kept).delete()
    return draft


def draft_drop(*, by: User, draft_id: UUID) -> None:
    """Forget a draft of one's own."""
    policy.get(by, Action.DRAFT_SAVE, FilingDraft.objects.all(), draft_id).delete()
