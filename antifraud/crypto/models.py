"""The table of wrapped data keys; `antifraud.crypto.data_keys` is its one reader and writer."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from antifraud.db import UUIDModel


class DataKey(UUIDModel):
    """One data key of a scope, wrapped by a KEK of the ring and bound to this row and scope.

    Unretired is at most one row per scope. A destroyed row keeps its place: where it is unretired it is the
    tombstone that stops the scope from ever getting a new key.
    """

    class ScopeKind(models.TextChoices):
        CASE = "case"
        INSTITUTION = "institution"
        PLATFORM = "platform"

    scope_kind = models.CharField(max_length=16, choices=ScopeKind.choices)
    scope_id = models.UUIDField()
    algorithm = models.PositiveSmallIntegerField()
    wrapped = models.BinaryField(null=True)
    kek_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope_kind", "scope_id"],
                condition=models.Q(retired_at__isnull=True),
                name="datakey_one_unretired_per_scope",
            ),
            models.CheckConstraint(
                condition=models.Q(destroyed_at__isnull=True, wrapped__isnull=False)
                | models.Q(destroyed_at__isnull=False, wrapped__isnull=True),
                name="datakey_destroyed_means_no_key",
            ),
            models.CheckConstraint(
                condition=models.Q(scope_kind__in=["case", "institution", "platform"]),
                name="datakey_scope_kind_known",
            ),
        ]
        indexes = [
            models.Index(fields=["scope_kind", "scope_id"], name="datakey_by_scope"),
            models.Index(fields=["kek_id"], name="datakey_by_kek"),
        ]

    def __str__(self) -> str:
        return f"{self.scope_kind} {self.scope_id}: {self.id}"
