"""The diary's table: one row per state change, denial and reveal; written by `antifraud.audit.diary` alone."""

from __future__ import annotations

import pgtrigger
from django.db import models

from antifraud.db import uuid7


class AuditEntry(models.Model):
    """What happened, who did it and why; never personal data (an account is named by HMAC only).

    `payload` holds the canonical bytes that `sha256` covers, so that a proof never re-serialises (R25).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    outcome = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=160)
    institution_id = models.UUIDField(null=True)
    on_behalf_of = models.UUIDField(null=True)
    purpose = models.CharField(max_length=200)
    legal_basis = models.CharField(max_length=200)
    case_id = models.UUIDField(null=True)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField(null=True)
    subject_hmac = models.BinaryField(null=True)
    request_id = models.CharField(max_length=64)
    payload = models.BinaryField()
    sha256 = models.BinaryField()

    class Meta:
        indexes = [
            models.Index(
                fields=["case_id", "-at", "-id"], condition=models.Q(case_id__isnull=False), name="audit_by_case"
            ),
            models.Index(
                fields=["object_id", "-at"], condition=models.Q(object_id__isnull=False), name="audit_by_object"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
