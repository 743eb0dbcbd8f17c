"""Answers kept for repeated requests (R8); written by `antifraud.api.idempotency` alone."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from antifraud.crypto.fields import EncryptedTextField
from antifraud.db import UUIDModel


class IdempotencyRecord(UUIDModel):
    """One key of one principal: which request it named and what was answered, byte for byte.

    The answer may name persons and accounts, so it is encrypted under the principal's institution (R20).
    `http_status` is null only inside the transaction that carries the request out.
    """

    principal = models.UUIDField()
    institution_id = models.UUIDField()
    key = models.CharField(max_length=255)
    method_path = models.TextField()
    body_sha256 = models.BinaryField()
    http_status = models.PositiveSmallIntegerField(null=True)
    response = EncryptedTextField(null=True)
    content_type = models.CharField(max_length=100, default="")
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def encryption_scope(self) -> tuple[str, UUID]:
        """The institution whose key protects the kept answer."""
        return ("institution", self.institution_id)
