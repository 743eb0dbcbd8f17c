"""Holds: what a bank really did, from when and until when (domain.md §2–4)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.account import InvolvedAccount
from accounts.models.answer import Answer
from accounts.models.order import Order
from banks.models import Institution, LegalProfile
from cases.models import Case, CaseOwned

IN_FORCE = ["active", "extended"]
LIVE = ["waiting", *IN_FORCE]


class Hold(CaseOwned):
    """In force only while its status says so AND `legal_expires_at > app_now()`: use `accounts.selectors.holds.in_force`."""

    class Kind(models.TextChoices):
        STOP = "stop", _("Stop-payment")
        FREEZE = "freeze", _("Freeze")
        SUSPEND = "suspend", _("Suspended number")

    class Status(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("hold", "Waiting")
        ACTIVE = "active", _("Active")
        EXTENDED = "extended", _("Extended")
        CONVERTED = "converted", _("Converted to a freeze")
        RELEASED = "released", _("Released")
        EXPIRED = "expired", _("Expired")
        LIFT_CONFIRMED = "lift_confirmed", _("Lift confirmed")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="holds")
    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="holds")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="holds")
    account = models.ForeignKey(InvolvedAccount, on_delete=models.PROTECT, related_name="holds")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="holds")
    unit = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="holds_asked")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    mode = models.CharField(max_length=12)
    amount_minor = models.BigIntegerField(null=True)  # what is held
    asked_minor = models.BigIntegerField(null=True)
    # Paid back out of it, as the bank reported (services.hold_returns).
    returned_minor = models.BigIntegerField(db_default=0, default=0)
    currency = models.CharField(max_length=3, default="CNY")
    status = models.CharField(max_length=14, choices=Status.choices, default=Status.WAITING)
    version = models.IntegerField(default=1)
    rank = models.PositiveSmallIntegerField(null=True)  # place in the waiting list
    effective_from = models.DateTimeField(null=True)  # the bank's time
    legal_expires_at = models.DateTimeField(null=True)
    extensions = models.PositiveSmallIntegerField(default=0)
    converted_to = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="converted_from")
    ended_at = models.DateTimeField(null=True)  # legal end
    end_cause = models.CharField(
        max_length=20, default="", blank=True
    )  # expired, released, error, unrelated, not_filed, withdrawn, not_fraud, appeal, returned
    trigger_at = models.DateTimeField(null=True)  # when the reason to release arose (measure H)
    lift_due_at = models.DateTimeField(null=True)
    lifted_at = models.DateTimeField(null=True)  # the bank's confirmation
    legal_profile = models.ForeignKey(LegalProfile, on_delete=models.PROTECT)
    agreement_version = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "account"], condition=Q(kind="stop", status__in=LIVE), name="hold_one_live_stop"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=IN_FORCE)
                | Q(effective_from__isnull=False, legal_expires_at__isnull=False)
                | Q(kind="suspend"),
                name="hold_in_force_has_dates",
            ),
            models.CheckConstraint(
                condition=~Q(status="waiting")
                | Q(effective_from__isnull=True, legal_expires_at__isnull=True, rank__isnull=False),
                name="hold_waiting_has_rank_only",
            ),
            models.CheckConstraint(condition=Q(returned_minor__gte=0), name="hold_returned_not_negative"),
        ]
        indexes = [
            models.Index(fields=["legal_expires_at"], condition=Q(status__in=IN_FORCE), name="hold_expiry"),
            models.Index(fields=["account", "status"], name="hold_by_account"),
            models.Index(fields=["case", "status"], name="hold_by_case"),
            models.Index(
                fields=["lift_due_at"],
                condition=Q(lifted_at__isnull=True, lift_due_at__isnull=False),
                name="hold_lift_due",
            ),
        ]

    @property
    def left_minor(self) -> int | None:
        """What it still holds: its sum less what was paid back out of it; None where it names no sum."""
        return None if self.amount_minor is None else max(0, self.amount_minor - self.returned_minor)

    @property
    def is_paid_back(self) -> bool:
        """Whether all that it held went back: the measure may run on, but keeps nothing."""
        return self.returned_minor > 0 and self.left_minor == 0
