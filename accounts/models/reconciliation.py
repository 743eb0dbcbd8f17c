"""What was compared with each institution's own books, what differed, and what became of it (R11)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.order import Order
from antifraud.db import UUIDModel
from banks.models import Institution, User


class SyncRun(UUIDModel):
    """One institution's comparison of one day's orders, or of its open holds on one day; renewed each time it is done.

    A digest that was fetched and not followed by a list of items was found equal by the institution itself.
    """

    class Scope(models.TextChoices):
        ORDERS = "orders", _("Orders of a day")
        OPEN_HOLDS = "open_holds", _("Open holds")

    class Outcome(models.TextChoices):
        MISSING = "missing", _("Not done")
        FETCHED = "fetched", _("Digest fetched")
        MATCHED = "matched", _("Compared, equal")
        DIFFERS = "differs", _("Differences")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="sync_runs")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    day = models.DateField()  # UTC; for open holds the day on which they were compared
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    epoch = models.PositiveIntegerField()
    times = models.PositiveIntegerField(default=0)
    platform_count = models.PositiveIntegerField(default=0)
    bank_count = models.PositiveIntegerField(null=True)
    last_at = models.DateTimeField(null=True)  # the institution's last digest or list
    compared_at = models.DateTimeField(null=True)
    late_noted_at = models.DateTimeField(null=True)  # people were told that it is missing

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "scope", "day"], name="sync_run_once")]
        indexes = [models.Index(fields=["institution", "scope", "-last_at"], name="sync_run_newest")]


class SyncFinding(UUIDModel):
    """One id that the two sides do not agree on. `order` is set where the platform knows it."""

    class Kind(models.TextChoices):
        MISSING_AT_BANK = "missing_at_bank", _("Missing at the institution")
        UNKNOWN_TO_PLATFORM = "unknown_to_platform", _("Unknown to the platform")
        DIFFERENT = "different", _("Different")

    class Proposal(models.TextChoices):
        REDELIVER = "redeliver", _("Deliver again")
        SEND_ANSWER = "send_answer", _("The institution sends its answer")
        CHECK_HOLD = "check_hold", _("Both sides check the hold")
        CHECK_ORDER = "check_order", _("Both sides check the order")

    class Resolution(models.TextChoices):
        REDELIVERED = "redelivered", _("Delivered again")
        AGREED = "agreed", _("Agrees now")

    run = models.ForeignKey(SyncRun, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject_id = models.UUIDField()  # of the order or hold, as the side that knows it names it
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="sync_findings")
    platform_item = models.CharField(max_length=200, default="")
    bank_item = models.CharField(max_length=200, default="")
    proposal = models.CharField(max_length=12, choices=Proposal.choices)
    found_at = models.DateTimeField()
    resolution = models.CharField(max_length=12, choices=Resolution.choices, default="")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "subject_id"],
                condition=models.Q(resolved_at__isnull=True),
                name="sync_finding_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(resolved_at__isnull=True, resolution="")
                | models.Q(resolved_at__isnull=False) & ~models.Q(resolution=""),
                name="sync_finding_resolved_how",
            ),
        ]
        indexes = [models.Index(fields=["subject_id"], name="sync_finding_by_subject")]
