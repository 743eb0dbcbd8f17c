"""The platform as a whole: its epoch, whether it hands anything over, and which database it last ran on (R16)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PlatformState(models.Model):
    """One row for ever. Where the database is another than the one named here, the platform counts as reconciling.

    `system_id` and `timeline` are PostgreSQL's own: a restore or a failover changes at least one of them. Empty until
    the first process has looked.
    """

    class Mode(models.TextChoices):
        RUNNING = "running", _("Running")
        RECONCILING = "reconciling", _("Reconciling")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    epoch = models.PositiveIntegerField(default=1)  # stands in every message; each restore or failover raises it
    mode = models.CharField(max_length=12, choices=Mode.choices, default=Mode.RUNNING)
    since = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, default="", blank=True)
    system_id = models.CharField(max_length=20, default="", blank=True)
    timeline = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="platform_one_row"),
            models.CheckConstraint(condition=models.Q(epoch__gte=1), name="platform_epoch_positive"),
        ]
