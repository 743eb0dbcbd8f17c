"""An account's part in one case, and the transfers between accounts that a case knows."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.account import InvolvedAccount
from banks.models import User
from cases.models import Case, CaseOwned


class Involvement(CaseOwned):
    """Case + account: role, level, and how often the account was stopped in this case."""

    class Role(models.TextChoices):
        VICTIM = "victim", _("Victim account")
        INVOLVED = "involved", _("Involved account")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed by a bank answer")
        CONFIRMED = "confirmed", _("Confirmed")
        DISMISSED = "dismissed", _("Dismissed")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="involvements")
    account = models.ForeignKey(InvolvedAccount, on_delete=models.PROTECT, related_name="involvements")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.INVOLVED)
    level = models.PositiveSmallIntegerField()  # 0 = the victim's own, 1 = first receiver, 2…
    state = models.CharField(max_length=10, choices=State.choices, default=State.CONFIRMED)
    stop_count = models.PositiveSmallIntegerField(default=0)
    stop_limit = models.PositiveSmallIntegerField(default=2)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "account"], name="involvement_once"),
            models.CheckConstraint(
                condition=models.Q(stop_count__lte=models.F("stop_limit")), name="involvement_stop_limit"
            ),
        ]


class Transfer(CaseOwned):
    """Money that moved, as a fact of a case; what a stop is matched against."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="transfers")
    from_account = models.ForeignKey(InvolvedAccount, null=True, on_delete=models.PROTECT, related_name="transfers_out")
    to_account = models.ForeignKey(InvolvedAccount, on_delete=models.PROTECT, related_name="transfers_in")
    at = models.DateTimeField(null=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="CNY")
    channel = models.CharField(max_length=40, default="", blank=True)
    reference = models.CharField(max_length=80, default="", blank=True)
    source = models.CharField(max_length=20)  # filed, next_hop
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="transfer_amount_positive")]
        indexes = [models.Index(fields=["case", "at"], name="transfer_by_case")]
