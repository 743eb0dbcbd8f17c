"""Orders: what police ask one institution to do, and everything that travels inside the order (domain.md §3)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.account import InvolvedAccount
from accounts.models.involvement import Transfer
from antifraud.crypto.fields import EncryptedTextField
from banks.models import Institution, LegalProfile, User
from banks.rules.legal_profile import ORDER_KIND_LABELS
from cases.models import Attachment, Case, CaseOwned

OPEN = ["draft", "awaiting_approval", "issued", "acknowledged"]


class Order(CaseOwned):
    """One order to one institution. `payload` is the canonical JSON that was approved; `payload_sha256` binds the approval to it."""

    class Kind(models.TextChoices):
        STOP = "stop", _(ORDER_KIND_LABELS["stop"])
        STOP_RELEASE = "stop_release", _(ORDER_KIND_LABELS["stop_release"])
        STOP_EXTEND = "stop_extend", _(ORDER_KIND_LABELS["stop_extend"])
        FREEZE = "freeze", _(ORDER_KIND_LABELS["freeze"])
        FREEZE_RELEASE = "freeze_release", _(ORDER_KIND_LABELS["freeze_release"])
        FREEZE_EXTEND = "freeze_extend", _(ORDER_KIND_LABELS["freeze_extend"])
        QUERY_TRANSACTIONS = "query_transactions", _(ORDER_KIND_LABELS["query_transactions"])
        QUERY_HOLDER = "query_holder", _(ORDER_KIND_LABELS["query_holder"])
        WATCH = "watch", _(ORDER_KIND_LABELS["watch"])
        WATCH_END = "watch_end", _(ORDER_KIND_LABELS["watch_end"])
        SUSPEND_NUMBER = "suspend_number", _(ORDER_KIND_LABELS["suspend_number"])
        RESTORE_NUMBER = "restore_number", _(ORDER_KIND_LABELS["restore_number"])

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval")
        ISSUED = "issued", _("Issued")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        ANSWERED = "answered", _("Answered")
        REJECTED = "rejected", pgettext_lazy("approval", "Rejected")
        CANCELLED = "cancelled", _("Cancelled")
        SUPERSEDED = "superseded", _("Superseded")

    class Mode(models.TextChoices):
        LIMITED = "limited", _("Limited amount")
        FULL = "full", _("Full")
        CREDIT_ONLY = "credit_only", _("Credit only")

    class Urgency(models.TextChoices):
        NORMAL = "01", _("Normal")
        URGENT = "02", _("Urgent")

    number = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    status = models.CharField(max_length=18, choices=Status.choices, default=Status.DRAFT)
    version = models.IntegerField(default=1)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="orders")
    account = models.ForeignKey(InvolvedAccount, on_delete=models.PROTECT, related_name="orders")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="orders_received")
    routed_to = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="orders_routed")
    unit = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="orders_issued")
    operator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="orders_operated")
    second_officer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="orders_seconded")
    approver = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="orders_approved")
    original = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="followers")
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")
    transfer = models.ForeignKey(Transfer, null=True, on_delete=models.PROTECT, related_name="orders")
    batch_id = models.UUIDField(null=True)  # orders drafted in one go

    urgency = models.CharField(max_length=2, choices=Urgency.choices, default=Urgency.NORMAL)
    emergency = models.BooleanField(default=False)
    legal_basis = models.CharField(max_length=200)
    instrument_type = models.CharField(max_length=80, default="", blank=True)
    instrument_number = models.CharField(max_length=80, default="", blank=True)
    instrument_issued_on = models.DateField(null=True)
    instrument = models.ForeignKey(Attachment, null=True, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=12, choices=Mode.choices, default="", blank=True)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="CNY")
    with_sub_accounts = models.BooleanField(default=True)
    with_interest = models.BooleanField(default=False)
    starts_at = models.DateTimeField(null=True)
    asked_expires_at = models.DateTimeField(null=True)
    major_case = models.BooleanField(default=False)  # major or complex: a freeze may last longer
    period_from = models.DateField(null=True)
    period_to = models.DateField(null=True)
    reason = EncryptedTextField(mask="text", null=True)
    join_waiting_list = models.BooleanField(default=False)

    payload = EncryptedTextField(mask="text", null=True)
    payload_sha256 = models.BinaryField(null=True)
    legal_profile = models.ForeignKey(LegalProfile, on_delete=models.PROTECT)
    agreement_version = models.PositiveIntegerField(null=True)
    answer_minutes = models.PositiveIntegerField()

    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    second_confirmed_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approval_due_at = models.DateTimeField(null=True)  # emergency: a supervisor's approval is due
    available_at = models.DateTimeField(null=True)  # first in the bank's lane: the term runs from here
    answer_due_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, default="", blank=True)
    ended_reason = models.CharField(max_length=300, default="", blank=True)  # of a rejection or cancellation
    cancelled_at = models.DateTimeField(null=True)
    error_found_at = models.DateTimeField(null=True)  # issued in error (domain.md §3)
    error_field = models.CharField(max_length=20, default="", blank=True)
    trigger = models.CharField(max_length=20, default="", blank=True)  # why a release was drafted
    triggered_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)  # when a drafted release must be out

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(second_officer=F("operator")), name="order_two_officers"),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | (~Q(approver=F("operator")) & ~Q(approver=F("second_officer"))),
                name="order_approver_is_third",
            ),
            # What follows a hold is one for each hold (`original` is the order that brought it about), whatever the account.
            models.UniqueConstraint(
                fields=["case", "unit", "account", "kind", "original"],
                condition=Q(status__in=OPEN),
                nulls_distinct=False,
                name="order_one_open",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True) | Q(amount_minor__gt=0), name="order_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "awaiting_approval", "rejected", "superseded", "cancelled"])
                | Q(issued_at__isnull=False, payload_sha256__isnull=False),
                name="order_issued_has_payload",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "kind", "status"], name="order_by_account"),
            models.Index(
                fields=["institution", "answer_due_at"],
                condition=Q(status__in=["issued", "acknowledged"]),
                name="order_queue",
            ),
            models.Index(fields=["case", "-created_at"], name="order_by_case"),
            models.Index(fields=["issued_at"], name="order_by_issue"),
            models.Index(fields=["unit", "status"], name="order_by_unit"),
            models.Index(fields=["available_at"], condition=Q(available_at__isnull=False), name="order_by_arrival"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def was_cancelled_after_issue(self) -> bool:
        """It had gone out when it was cancelled, so the bank may have acted; that a corrected order has replaced it
        since does not undo what the bank did."""
        ended = self.status in (self.Status.CANCELLED, self.Status.SUPERSEDED)
        return ended and self.cancelled_at is not None and self.issued_at is not None
