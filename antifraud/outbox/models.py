"""Facts that must be carried further after commit, and the heartbeats of the processes that carry them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from antifraud.db import uuid7


class OutboxMessage(models.Model):
    """One fact: a topic and the id of what it is about; never a payload (R21). Done rows are pruned after a week."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    topic = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    institution_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    attempt = models.IntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["next_at"], condition=models.Q(done_at__isnull=True), name="outbox_due")]


class Heartbeat(models.Model):
    """When a periodic duty last succeeded: readiness looks at progress, not at processes (R15)."""

    name = models.CharField(primary_key=True, max_length=60)
    last_ok_at = models.DateTimeField()
    period_seconds = models.IntegerField()
