"""The case: what a victim reported, its state, its unit, and counters that floors above carry down."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from antifraud.crypto.fields import EncryptedTextField
from antifraud.db import UUIDModel
from banks.models import Institution, LegalProfile, User


class Case(UUIDModel):
    """One reported fraud. `open_orders` and `open_holds` are kept by floor 3 in its own transactions."""

    class Status(models.TextChoices):
        REPORTED = "reported", _("Reported")
        ACCEPTED = "accepted", _("Accepted")
        FILED = "filed", _("Case filed")
        NOT_FILED = "not_filed", _("Not filed")
        SOLVED = "solved", _("Solved")
        TRANSFERRED = "transferred", _("Transferred")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        NOT_FRAUD = "not_fraud", _("Not fraud")
        CLOSED = "closed", pgettext_lazy("case", "Closed")

    number = models.CharField(max_length=40, unique=True)
    incident_number = models.CharField(max_length=60, default="", blank=True)  # 接警单号: enough for a stop
    unit = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="cases")
    jurisdiction = models.CharField(max_length=120, default="", blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.REPORTED)
    version = models.IntegerField(default=1)
    fraud_type = models.CharField(max_length=30)
    fraud_subtype = models.CharField(max_length=80, default="", blank=True)
    narrative = EncryptedTextField(mask="text", null=True)
    reported_at = models.DateTimeField()
    occurred_at = models.DateTimeField(null=True)
    logged_at = models.DateTimeField()  # server time of entry; a backdated reported_at stays visible
    first_account_at = models.DateTimeField(null=True)
    loss_minor = models.BigIntegerField(null=True)  # as reported
    claimed_minor = models.BigIntegerField(null=True)  # sum of what its victims lost by the returns' worksheets
    currency = models.CharField(max_length=3, default="CNY")
    is_express = models.BooleanField(default=False)
    filed_on = models.DateField(null=True)  # 立案 date: a freeze needs it
    legal_profile = models.ForeignKey(LegalProfile, on_delete=models.PROTECT)
    operator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="cases_operated")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="cases_created")
    open_orders = models.IntegerField(default=0)
    open_holds = models.IntegerField(default=0)
    accounts_total = models.IntegerField(default=0)
    held_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="closed") | models.Q(open_orders=0, open_holds=0),
                name="case_closed_has_none_open",
            ),
            models.CheckConstraint(
                condition=models.Q(open_orders__gte=0, open_holds__gte=0, accounts_total__gte=0, held_minor__gte=0),
                name="case_counters_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(loss_minor__isnull=True) | models.Q(loss_minor__gte=0), name="case_loss_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["incident_number"], condition=~models.Q(incident_number=""), name="case_by_incident"),
            models.Index(fields=["unit", "-reported_at", "-id"], name="case_by_unit"),
        ]

    @property
    def claims_exceed_loss(self) -> bool:
        """Whether the victims lost more by the returns' worksheets than the report says."""
        return self.claimed_minor is not None and self.claimed_minor > (self.loss_minor or 0)

    def __str__(self) -> str:
        return self.number

    def encryption_scope(self) -> tuple[str, UUID]:
        """Case content has a key of its own (R17)."""
        return ("case", self.id)

    @property
    def audit_case_id(self) -> UUID:
        """The case that this object's history belongs to."""
        return self.id


class CaseStep(UUIDModel):
    """A change of state as the law sees it: date, document number, officer (domain.md §2)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    verb = models.CharField(max_length=30)
    to_status = models.CharField(max_length=12)
    on = models.DateField()
    document_number = models.CharField(max_length=80, default="", blank=True)
    officer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, default="", blank=True)
    from_unit = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    to_unit = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class FilingDraft(UUIDModel):
    """What an officer has typed so far; belongs to one person, encrypted, deleted when the case is filed."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="filing_drafts")
    data = EncryptedTextField(mask="text")  # JSON text of the form
    updated_at = models.DateTimeField()

    def encryption_scope(self) -> tuple[str, UUID]:
        """Drafts are kept under the officer's institution until a case exists."""
        return ("institution", self.user.institution_id)
