"""The address that an institution wants to be called at: two persons stand behind each (R33, R38)."""

from __future__ import annotations

from django.db import models

from antifraud.db import UUIDModel
from banks.models.institution import Institution
from banks.models.user import User


class WebhookEndpoint(UUIDModel):
    """Proposed (waits for a second person) → approved (live) → ended (replaced, withdrawn or refused). Never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="endpoints")
    url = models.CharField(max_length=500)
    ca = models.TextField(default="", blank=True)  # PEM; empty: the public authorities
    timeout_seconds = models.PositiveSmallIntegerField(default=10)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution"],
                condition=models.Q(approved_at__isnull=False, ended_at__isnull=True),
                name="endpoint_one_live",
            ),
            models.UniqueConstraint(
                fields=["institution"],
                condition=models.Q(approved_at__isnull=True, ended_at__isnull=True),
                name="endpoint_one_proposed",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True) | ~models.Q(approved_by=models.F("proposed_by")),
                name="endpoint_two_persons",
            ),
            models.CheckConstraint(
                condition=models.Q(timeout_seconds__gte=1, timeout_seconds__lte=10), name="endpoint_timeout"
            ),
        ]
