"""Institutions' signing keys, the message ids that arrived, and signed originals kept as evidence (R23, R24)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pgtrigger
from django.db import models
from django.db.models.functions import Now

from antifraud.crypto import EncryptedTextField
from antifraud.db import UUIDModel
from banks.models.institution import Institution
from banks.models.user import User


class InstitutionKey(UUIDModel):
    """A public key (32 raw bytes, Ed25519) with which one institution's system signs.

    Proposed by one person, valid once another one approved it, revoked for ever. What it is never changes (trigger).
    Its times are of the wall clock, not of the legal one: a signature tells the same clock.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        COMING = "coming"
        LIVE = "live"
        EXPIRED = "expired"
        WITHDRAWN = "withdrawn"
        REVOKED = "revoked"

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="keys")
    key_id = models.CharField(max_length=64)
    public_key = models.BinaryField(max_length=32)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField(null=True)
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "key_id"], name="institution_key_id_once"),
            # A revoked key must not come back under another name.
            models.UniqueConstraint(fields=["institution", "public_key"], name="institution_key_once"),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True) | ~models.Q(approved_by=models.F("registered_by")),
                name="institution_key_two_persons",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True, approved_at__isnull=True)
                | models.Q(approved_by__isnull=False, approved_at__isnull=False),
                name="institution_key_approved_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_by__isnull=True, revoked_at__isnull=True)
                | models.Q(revoked_by__isnull=False, revoked_at__isnull=False),
                name="institution_key_revoked_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="key_is_kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="key_stays_revoked",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__revoked_at__isnull=False),
            ),
            pgtrigger.ReadOnly(
                name="key_is_fixed",
                fields=[
                    "institution",
                    "key_id",
                    "public_key",
                    "not_before",
                    "not_after",
                    "registered_by",
                    "registered_at",
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.key_id

    def state_at(self, now: datetime) -> InstitutionKey.State:
        """What the key is good for at `now` (wall clock)."""
        if self.revoked_at is not None:
            return self.State.REVOKED if self.approved_at else self.State.WITHDRAWN
        if self.approved_at is None:
            return self.State.PROPOSED
        if now < self.not_before:
            return self.State.COMING
        return self.State.EXPIRED if self.not_after is not None and self.not_after <= now else self.State.LIVE


class SeenMessage(models.Model):
    """A signed message that was let in; the same id again is a replay. Pruned once its signature is long out of time."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    message_id = models.CharField(max_length=64)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "message_id"], name="seen_message_once")]
        indexes = [models.Index(fields=["seen_at"], name="seen_message_by_age")]


class SignedMessage(UUIDModel):
    """The exact bytes of one signed statement of an institution, with its signature: evidence, never changed nor deleted.
    Originals of comparisons alone end, ninety days after they came (`services.keys.originals_prune`).

    `subject_id` is the order, hold, return, notice or comparison that it is about; of a repair, which names several, the
    institution. `body` is base64, because a body need not be text.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(InstitutionKey, on_delete=models.PROTECT, related_name="messages")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    case_id = models.UUIDField(null=True)
    message_id = models.CharField(max_length=64)
    method = models.CharField(max_length=8)
    target_uri = models.TextField()
    headers = models.JSONField()
    body = EncryptedTextField()
    signed_at = models.DateTimeField()
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "message_id"], name="signed_message_once")]
        indexes = [
            models.Index(fields=["subject_id", "received_at"], name="signed_message_by_subject"),
            models.Index(
                fields=["received_at"], condition=models.Q(action="sync.compare"), name="signed_comparison_by_age"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
            pgtrigger.Protect(
                name="kept",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition(
                    "OLD.action <> 'sync.compare' OR OLD.received_at > clock_timestamp() - interval '90 days'"
                ),
            ),
        ]

    def encryption_scope(self) -> tuple[str, UUID]:
        """The case's key, so that shredding the case shreds its evidence; without a case the institution's."""
        return ("case", self.case_id) if self.case_id else ("institution", self.institution_id)
