"""A piece of long work: what, about which object, for whom, how far; never what it reads or writes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from antifraud.db import UUIDModel

ACTIVE = ("queued", "running")


class Job(UUIDModel):
    """One runs at a time for each kind and subject, and one may wait behind it: what is asked for while work runs may
    concern what that work has read already. Leases and heartbeats are by the server's own clock, no legal time."""

    class State(models.TextChoices):
        QUEUED = "queued", pgettext_lazy("job", "Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", pgettext_lazy("job", "Cancelled")

    kind = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    by_id = models.UUIDField()
    request_id = models.CharField(max_length=64, default="", blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    stage = models.CharField(max_length=24, default="", blank=True)  # a word of the work: reading, matching…
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)  # null: not known yet
    unit = models.CharField(max_length=12, default="rows")
    note = models.CharField(max_length=60, default="", blank=True)  # the code of the error that ended it
    attempt = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(state="queued"), name="job_one_queued_each"
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(state="running"), name="job_one_running_each"
            ),
        ]
        indexes = [
            models.Index(fields=["subject_id", "-created_at"], name="job_by_subject"),
            models.Index(fields=["created_at"], condition=Q(state__in=ACTIVE), name="job_active"),
        ]

    @property
    def is_active(self) -> bool:
        """Whether something is still to come."""
        return self.state in ACTIVE

    @property
    def per_second(self) -> float | None:
        """Units a second since it was started; None while nothing can be said."""
        until = self.ended_at or self.beat_at
        if not (self.started_at and until and self.done):
            return None
        seconds = (until - self.started_at).total_seconds()
        return self.done / seconds if seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """At the present pace; None while nothing can be said."""
        pace = self.per_second
        return (self.total - self.done) / pace if pace and self.total is not None and self.is_active else None
