"""Alerts of police to institutions, and the notice that each addressed institution gets of one (domain.md §2, §8).

A notice is a whole of its own: its text, its lines, its clock. Nothing in it tells of another recipient.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from antifraud.crypto.fields import EncryptedTextField
from antifraud.db import UUIDModel
from banks.models import Institution, LegalProfile, User
from cases.models import Case

# The approver as an array of one, to be looked for among the writers.
APPROVER = Func(F("approved_by"), template="ARRAY[%(expressions)s]", output_field=ArrayField(models.UUIDField()))


class Alert(UUIDModel):
    """What police tell. `payload` is the canonical JSON that was approved, with all lines and addressees."""

    class Kind(models.TextChoices):
        INVOLVED_ACCOUNTS = "involved_accounts", _("Involved accounts")
        LIKELY_VICTIM = "likely_victim", _("Likely victim")
        ACCOUNT_PATTERN = "account_pattern", _("Account pattern")
        CARD_SELLER = "card_seller", _("Card-seller notice")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval")
        ISSUED = "issued", _("Issued")
        CLOSED = "closed", _("Ended")
        REJECTED = "rejected", pgettext_lazy("approval", "Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    class Audience(models.TextChoices):
        KEEPERS = "keepers", _("The institutions that keep the accounts")
        CHOSEN = "chosen", _("Chosen institutions")
        ALL = "all", _("All connected institutions")

    number = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    status = models.CharField(max_length=18, choices=Status.choices, default=Status.DRAFT)
    version = models.IntegerField(default=1)
    unit = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="alerts_issued")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="alerts")
    audience = models.CharField(max_length=8, choices=Audience.choices)
    addressees = models.ManyToManyField(Institution, related_name="+")
    title = models.CharField(max_length=120)  # in clear: it stands in lists, so it names nobody
    content = EncryptedTextField(mask="text")
    legal_basis = models.CharField(max_length=200)
    purpose = models.CharField(max_length=80)
    expires_at = models.DateTimeField()  # until then the institutions can read their notices
    legal_profile = models.ForeignKey(LegalProfile, on_delete=models.PROTECT)
    acknowledge_minutes = models.PositiveIntegerField()

    payload = EncryptedTextField(mask="text", null=True)
    payload_sha256 = models.BinaryField(null=True)

    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")  # who wrote it last
    written_by = ArrayField(models.UUIDField(), db_default=[], default=list)  # who drafted, changed or submitted it
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")  # who submitted it: its operator
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | ~Q(approved_by=F("created_by")) & ~Q(approved_by=F("drafted_by")) & ~Q(written_by__contains=APPROVER),
                name="alert_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["issued", "closed"])
                | Q(issued_at__isnull=False, payload_sha256__isnull=False),
                name="alert_issued_has_payload",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(status="issued"), name="alert_by_expiry"),
            models.Index(fields=["case"], condition=Q(case__isnull=False), name="alert_by_case"),
        ]

    def __str__(self) -> str:
        return self.number

    def encryption_scope(self) -> tuple[str, UUID]:
        """The case's key where it belongs to one, else the issuing unit's (R17)."""
        return ("case", self.case_id) if self.case_id else ("institution", self.unit_id)

    @property
    def audit_case_id(self) -> UUID | None:
        """The case that this object's history belongs to."""
        return self.case_id


class AlertLine(UUIDModel):
    """One account of an alert: shown to its keeper alone, or to every addressee where the drafter said so."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    number = EncryptedTextField(mask="account")
    name = EncryptedTextField(mask="name", null=True)
    to_all = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "position"], name="alert_line_once")]

    def encryption_scope(self) -> tuple[str, UUID]:
        """The alert's key."""
        return self.alert.encryption_scope()


class AlertNotice(UUIDModel):
    """One institution's copy of an alert: what it was told, whether it read, acknowledged and reported back."""

    class Status(models.TextChoices):
        ISSUED = "issued", _("Issued")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        REPORTED_BACK = "reported_back", _("Reported back")
        CLOSED = "closed", _("Ended")

    class Finding(models.TextChoices):
        MEASURES_TAKEN = "measures_taken", _("Found, measures taken")
        FOUND = "found", _("Found, nothing done")
        NOTHING_FOUND = "nothing_found", _("Nothing found")

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="notices")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="alert_notices")
    case_id = models.UUIDField(null=True)
    status = models.CharField(max_length=14, choices=Status.choices, default=Status.ISSUED)
    version = models.IntegerField(default=1)
    payload = EncryptedTextField(mask="text")
    payload_sha256 = models.BinaryField()
    issued_at = models.DateTimeField()
    available_at = models.DateTimeField(null=True)  # first in the institution's lane: the term runs from here
    due_at = models.DateTimeField(null=True)  # acknowledge until then
    read_at = models.DateTimeField(null=True)
    read_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField(null=True)
    reported_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    finding = models.CharField(max_length=16, choices=Finding.choices, default="", blank=True)
    report = EncryptedTextField(mask="text", null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "institution"], name="alert_notice_once")]
        indexes = [
            models.Index(fields=["institution", "due_at"], condition=Q(status="issued"), name="alert_notice_open"),
        ]

    def encryption_scope(self) -> tuple[str, UUID]:
        """The institution's key: what it was told and what it said are its own."""
        return ("institution", self.institution_id)

    @property
    def audit_case_id(self) -> UUID | None:
        """The case that this object's history belongs to."""
        return self.case_id
