"""Why acts were done whose objects keep no reason of their own; the acts themselves are in the audit log."""

from __future__ import annotations

from django.db import models

from antifraud.db import UUIDModel
from banks.models import User
from cases.models import Case


class ActReason(UUIDModel):
    """Why somebody did an act whose object keeps no reason of its own: the audit row names this row, never the words."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="act_reasons")
    verb = models.CharField(max_length=40)
    object_id = models.UUIDField(db_index=True)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
