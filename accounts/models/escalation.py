"""What was reminded of and to whom it has climbed, and clocks that were stopped by consent."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.hold import Hold
from accounts.models.order import Order
from antifraud.db import UUIDModel
from banks.models import Institution, User


class Escalation(UUIDModel):
    """One step that one order's delay has climbed; the unique index lets no step be taken twice, whoever tries."""

    class Reason(models.TextChoices):
        UNACKNOWLEDGED = "unacknowledged", _("Not acknowledged")
        UNANSWERED = "unanswered", _("Not answered")
        LIFT_UNCONFIRMED = "lift_unconfirmed", _("Lift not confirmed")

    class Step(models.TextChoices):
        BANNER = "banner", _("Banner")
        MAIL = "mail", _("E-mail")
        DUTY_OFFICER = "duty_officer", _("Duty officer")
        SUPERVISOR = "supervisor", _("Supervisor")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="escalations")
    hold = models.ForeignKey(Hold, null=True, on_delete=models.PROTECT, related_name="escalations")
    reason = models.CharField(max_length=16, choices=Reason.choices)
    step = models.CharField(max_length=12, choices=Step.choices)
    due_at = models.DateTimeField()  # end of the term at that moment
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "hold", "reason", "step"], nulls_distinct=False, name="escalation_step_once"
            )
        ]


class ClockPause(UUIDModel):
    """A stop of an answer's clock: asked for by the institution, consented to or refused by a supervisor of the police.

    Only `from_at` to `until_at` of a consented pause moves the term; what has elapsed stays shown beside it.
    """

    class Decision(models.TextChoices):
        OPEN = "", _("Awaiting decision")
        CONSENTED = "consented", _("Consented")
        REFUSED = "refused", pgettext_lazy("pause", "Refused")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="clock_pauses")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    asked_minutes = models.PositiveIntegerField()
    decision = models.CharField(max_length=9, choices=Decision.choices, default=Decision.OPEN, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=300, default="", blank=True)
    from_at = models.DateTimeField(null=True)
    until_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)  # ended before its time

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(decision=""), name="clock_pause_one_open"),
            models.CheckConstraint(
                condition=Q(decision="consented", from_at__isnull=False, until_at__gte=F("from_at"))
                | ~Q(decision="consented") & Q(from_at__isnull=True, until_at__isnull=True),
                name="clock_pause_consented_has_term",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(decision="") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="clock_pause_decided_by",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")), name="clock_pause_two_persons"
            ),
        ]
        indexes = [models.Index(fields=["order", "asked_at"], name="clock_pause_by_order")]

    @property
    def consented_time(self) -> timedelta:
        """By how much this pause moves the term."""
        if self.from_at is None or self.until_at is None:
            return timedelta(0)
        return self.until_at - self.from_at
