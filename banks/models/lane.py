"""A lane per executing institution, and the deliveries that travel in it (R2, R3)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from antifraud.db import UUIDModel
from banks.models.institution import Institution


class Lane(models.Model):
    """What bounds one institution's deliveries, so that a slow one delays no other."""

    institution = models.OneToOneField(Institution, primary_key=True, on_delete=models.PROTECT, related_name="lane")
    in_flight_cap = models.PositiveSmallIntegerField(default=4)
    paused = models.BooleanField(default=False)


class Delivery(UUIDModel):
    """One fact on its way to one institution. Transport only: a delivered order is not an answered one (R6).

    queued (committed) → ready (in the bank's lane: its term runs from `available_at`) → leased (by the
    bank's pull client) → transported | dead_lettered. Lease arithmetic uses the database clock alone.
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
            models.Index(fields=["subject_id"], name="delivery_by_subject"),
        ]
        constraints = [models.UniqueConstraint(fields=["institution", "topic", "subject_id"], name="delivery_once")]


class Attempt(models.Model):
    """One try to hand a delivery over, kept as evidence."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="attempts")
    number = models.IntegerField()
    at = models.DateTimeField(db_default=Now())
    door = models.CharField(max_length=10)
    outcome = models.CharField(max_length=20)
    by_id = models.UUIDField(null=True)
    detail = models.CharField(max_length=200, default="")
