"""A lane per executing institution, and the deliveries that travel in it (R2, R3)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from antifraud.db import UUIDModel
from banks.models.institution import Institution


class Lane(models.Model):
    """What bounds one institution's deliveries, so that a slow one delays no other.

    `paused` keeps everything committed but unavailable; `push_paused_at`, the rate and the circuit hold back webhook
    posts alone: queue and inbox go on.
    """

    class Door(models.TextChoices):
        PULL = "pull", _("Its system fetches")
        WEBHOOK = "webhook", _("Its system is called")
        INBOX = "inbox", _("People read the inbox")

    class Circuit(models.TextChoices):
        CLOSED = "closed", _("Working")
        OPEN = "open", _("Resting after failures")
        HALF_OPEN = "half_open", _("Being tried again")

    institution = models.OneToOneField(Institution, primary_key=True, on_delete=models.PROTECT, related_name="lane")
    in_flight_cap = models.PositiveSmallIntegerField(default=4)
    paused = models.BooleanField(default=False)
    paused_why = models.CharField(max_length=200, db_default="", default="", blank=True)
    paused_by_id = models.UUIDField(null=True)
    paused_at = models.DateTimeField(null=True)
    door = models.CharField(max_length=10, choices=Door.choices, db_default=Door.PULL, default=Door.PULL)
    rate_per_second = models.PositiveIntegerField(db_default=200, default=200)
    burst = models.PositiveIntegerField(db_default=200, default=200)
    tokens = models.FloatField(db_default=200.0, default=200.0)
    refilled_at = models.DateTimeField(db_default=Now())
    circuit = models.CharField(
        max_length=10, choices=Circuit.choices, db_default=Circuit.CLOSED, default=Circuit.CLOSED
    )
    failures = models.PositiveIntegerField(db_default=0, default=0)
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    push_paused_at = models.DateTimeField(null=True)
    push_paused_why = models.CharField(max_length=200, db_default="", default="", blank=True)
    alert_depth_limit = models.PositiveIntegerField(db_default=1000, default=1000)
    alert_age_limit = models.PositiveIntegerField(db_default=3600, default=3600)  # seconds


class Delivery(UUIDModel):
    """One fact on its way to one institution. Transport only: a delivered order is not an answered one (R6).

    queued (committed) → ready (in the bank's lane: its term runs from `available_at`) → leased (by the bank's pull
    client, or by us while we post it: then `leased_by_id` is empty) → transported | dead_lettered. Lease arithmetic
    uses the database clock alone. `push_at` is when the webhook may be tried (again), `next_at` when the pull door
    may; `attempt` counts both doors, `push_attempt` and `push_failures` (400 and 422 alone) the webhook.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        READY = "ready"
        LEASED = "leased"
        TRANSPORTED = "transported"
        DEAD_LETTERED = "dead_lettered"

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="deliveries")
    topic = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    seq = models.PositiveIntegerField(db_default=1, default=1)  # 1, 2 … of what this institution got about the subject
    case_id = models.UUIDField(null=True)
    priority = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=14, choices=State.choices, default=State.QUEUED)
    attempt = models.IntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(db_default=Now())
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_total_seconds = models.IntegerField(default=0)
    leased_by_id = models.UUIDField(null=True)
    available_at = models.DateTimeField(null=True)
    transported_at = models.DateTimeField(null=True)
    door = models.CharField(max_length=10, default="")
    error = models.CharField(max_length=200, default="")
    push_at = models.DateTimeField(db_default=Now())
    push_attempt = models.PositiveIntegerField(db_default=0, default=0)
    push_failures = models.PositiveSmallIntegerField(db_default=0, default=0)

    free_slots: int  # no column: only on rows that `deliveries_claim` returned

    class Meta:
        indexes = [
            models.Index(
                fields=["institution", "priority", "next_at"],
                condition=models.Q(state__in=["queued", "ready", "leased"]),
                name="delivery_due",
            ),
            # The relay asks four times a second which lanes wait: a bank's long backlog must not be read for it.
            models.Index(fields=["institution", "next_at"], condition=models.Q(state="queued"), name="delivery_queued"),
            models.Index(
                fields=["institution", "priority", "push_at"],
                condition=models.Q(state__in=["ready", "leased"]),
                name="delivery_push",
            ),
            models.Index(fields=["institution"], condition=models.Q(state="leased"), name="delivery_leased"),
            models.Index(fields=["institution"], condition=models.Q(state="dead_lettered"), name="delivery_dead"),
            models.Index(fields=["subject_id"], name="delivery_by_subject"),
        ]
        constraints = [models.UniqueConstraint(fields=["institution", "topic", "subject_id"], name="delivery_once")]


class Attempt(models.Model):
    """One try to hand a delivery over, kept as evidence."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="attempts")
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.IntegerField()
    at = models.DateTimeField(db_default=Now())
    door = models.CharField(max_length=10)
    outcome = models.CharField(max_length=20)
    by_id = models.UUIDField(null=True)
    detail = models.CharField(max_length=200, default="")
    seconds = models.FloatField(null=True)

    class Meta:
        indexes = [models.Index(fields=["institution", "-id"], name="attempt_newest")]
