"""Two persons bound to one payload (R33)."""

from __future__ import annotations

from django.db import models

from antifraud.db import UUIDModel


class ApprovalRequest(UUIDModel):
    """The maker asks; another person, the checker, decides on exactly the payload whose SHA-256 is kept here."""

    action = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    payload_sha256 = models.BinaryField()
    maker_id = models.UUIDField()
    checker_id = models.UUIDField(null=True)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=10,
        default="pending",
        choices=[("pending", "pending"), ("approved", "approved"), ("rejected", "rejected"), ("lapsed", "lapsed")],
    )
    reason = models.CharField(max_length=500, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(checker_id__isnull=True) | ~models.Q(checker_id=models.F("maker_id")),
                name="approval_two_persons",
            ),
            models.UniqueConstraint(
                fields=["action", "subject_id"], condition=models.Q(outcome="pending"), name="approval_one_pending"
            ),
        ]
