"""The shape of every grant table: guardian's direct-FK group permission with purpose, legal basis and expiry (R35).

Only `antifraud.policy` writes these rows; guardian's own `assign_perm` knows none of our columns.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from guardian.models import GroupObjectPermissionBase


class Grant(GroupObjectPermissionBase):
    """One institution's group may see one object. `sort_at` copies the object's sort time, so that a
    list reads this table's index backwards and joins only the rows of its page (performance.md §6)."""

    purpose = models.CharField(max_length=80)
    legal_basis = models.CharField(max_length=200)
    sort_at = models.DateTimeField()
    granted_at = models.DateTimeField()
    granted_by_id = models.UUIDField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by_id = models.UUIDField(null=True)
    revoked_reason = models.CharField(max_length=200, default="")

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Skip guardian's check (one query for the content type per row): `policy.grant` derives the permission."""
        models.Model.save(self, *args, **kwargs)


def constraints(table: str) -> list[models.BaseConstraint]:
    """One live grant per group and object; history rows are kept."""
    return [
        models.UniqueConstraint(
            fields=["group", "permission", "content_object"],
            condition=models.Q(revoked_at__isnull=True),
            name=f"{table}_one_live",
        )
    ]


def indexes(table: str) -> list[models.Index]:
    """The list index: a group's live grants, newest first, with the object's key."""
    return [
        models.Index(
            models.F("group"),
            models.F("permission"),
            models.F("sort_at").desc(),
            models.F("content_object").desc(),
            condition=models.Q(revoked_at__isnull=True),
            name=f"{table}_newest",
        )
    ]
