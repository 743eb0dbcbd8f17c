"""Return of held money to victims: the refund of one hold, its rounds with worksheets, shares, objections (domain.md §2, §5).

What is paid is in the shares. Personal data (payees, objections, the notice's text) is encrypted under the case's key.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.hold import Hold
from accounts.models.trace import TraceRun
from antifraud import grants
from antifraud.crypto.fields import EncryptedTextField
from banks.models import Institution, LegalProfile, User
from cases.models import Attachment, Case, CaseOwned, Victim

UNDECIDED = ["drafted", "noticed", "objected"]
AT_BANK = ["decided", "failed"]


class Refund(CaseOwned):
    """Money of one hold on its way back. `payload` is what the bank is told to pay, with clear payees: its own extract."""

    class Status(models.TextChoices):
        DRAFTED = "drafted", _("Drafted")
        NOTICED = "noticed", _("Public notice")
        OBJECTED = "objected", _("Objected")
        DECIDED = "decided", _("Decided")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Payout failed")
        CLOSED = "closed", _("Ended")

    number = models.CharField(max_length=40, unique=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFTED)
    version = models.IntegerField(default=1)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="refunds")
    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="refunds")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="refunds_to_pay")
    unit = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="refunds_drafted")
    currency = models.CharField(max_length=3)
    round_number = models.PositiveSmallIntegerField(default=1)
    legal_basis = models.CharField(max_length=200)
    legal_profile = models.ForeignKey(LegalProfile, on_delete=models.PROTECT)
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    # The decision: two officers named, a third person approves exactly this worksheet (R33).
    operator = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    second_officer = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_sha256 = models.BinaryField(null=True)
    refused_reason = models.CharField(max_length=300, default="", blank=True)  # of the approver, on the last submission
    payload = EncryptedTextField(mask="text", null=True)
    payload_sha256 = models.BinaryField(null=True)

    # The bank's clock (working days of its own calendar, from the lane).
    available_at = models.DateTimeField(null=True)
    payout_due_at = models.DateTimeField(null=True)
    overdue_told_at = models.DateTimeField(null=True)  # both sides were told, once
    paid_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hold"], condition=Q(status__in=[*UNDECIDED, *AT_BANK]), name="refund_one_open"
            ),
            models.CheckConstraint(
                condition=Q(operator__isnull=True) | ~Q(second_officer=F("operator")), name="refund_two_officers"
            ),
            models.CheckConstraint(
                condition=Q(approver__isnull=True)
                | (~Q(approver=F("operator")) & ~Q(approver=F("second_officer")) & Q(operator__isnull=False)),
                name="refund_approver_is_third",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["decided", "paid", "failed"])
                | Q(approver__isnull=False, decided_sha256__isnull=False, decided_at__isnull=False),
                name="refund_decided_is_approved",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "payout_due_at"], condition=Q(status__in=AT_BANK), name="refund_due"),
            models.Index(fields=["case", "-created_at"], name="refund_by_case"),
        ]

    def __str__(self) -> str:
        return self.number


class RefundRound(CaseOwned):
    """One computation. A newly found victim or an upheld objection opens the next; earlier ones stay as they were.

    `worksheet` holds ids and amounts only; `sha256` is over its canonical bytes. `notice_text` names nobody, but is
    free text.
    """

    class Cause(models.TextChoices):
        DRAFTED = "drafted", _("First computation")
        VICTIM_FOUND = "victim_found", _("A further victim was found")
        OBJECTION = "objection", _("An objection was upheld")
        CHANGED = "changed", _("The facts changed")

    class Branch(models.TextChoices):
        SINGLE = "single", _("Direct: one source")
        TRACE = "trace", _("Direct: traced by time")
        PRO_RATA = "pro_rata", _("Pro rata by loss")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    cause = models.CharField(max_length=12, choices=Cause.choices)
    reason = models.CharField(max_length=300, default="", blank=True)
    branch = models.CharField(max_length=8, choices=Branch.choices)
    held_minor = models.BigIntegerField()
    shared_minor = models.BigIntegerField()
    surplus_minor = models.BigIntegerField()
    is_stated_single = models.BooleanField(default=False)
    worksheet = models.JSONField()
    sha256 = models.BinaryField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    notice_text = EncryptedTextField(mask="text", null=True)
    notice_days = models.PositiveSmallIntegerField(null=True)
    noticed_at = models.DateTimeField(null=True)
    noticed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    notice_ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["refund", "number"], name="refund_round_number"),
            models.CheckConstraint(
                condition=Q(held_minor=F("shared_minor") + F("surplus_minor"), shared_minor__gte=0, surplus_minor__gte=0),
                name="refund_round_balances",
            ),
        ]  # fmt: skip


class RefundShare(CaseOwned):
    """One victim's share of one round, the account it goes to, and what the bank said of paying it."""

    class Outcome(models.TextChoices):
        OPEN = "", _("Not paid yet")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Payout failed")
        GIVEN_UP = "given_up", _("Not paid, closed")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="shares")
    round = models.ForeignKey(RefundRound, on_delete=models.PROTECT, related_name="shares")
    position = models.PositiveSmallIntegerField()
    victim = models.ForeignKey(Victim, on_delete=models.PROTECT, related_name="refund_shares")
    run = models.ForeignKey(TraceRun, null=True, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    loss_minor = models.BigIntegerField()
    elsewhere_minor = models.BigIntegerField(default=0)  # came back outside of this platform, as an officer states
    returned_minor = models.BigIntegerField(default=0)  # came back at all, that included
    traced_minor = models.BigIntegerField(null=True)
    share_minor = models.BigIntegerField()
    payee_name = EncryptedTextField(mask="name")
    payee_account = EncryptedTextField(mask="account")
    payee_bank = models.CharField(max_length=160)

    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.OPEN, blank=True)
    transfer_id = models.CharField(max_length=80, default="", blank=True)
    paid_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=300, default="", blank=True)  # the bank's reason, or why it was given up
    tries = models.PositiveSmallIntegerField(default=0)
    reported_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    outcome_at = models.DateTimeField(null=True)
    proof = models.ForeignKey(Attachment, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "victim"], name="refund_share_once"),
            models.UniqueConstraint(
                fields=["refund", "transfer_id"], condition=~Q(transfer_id=""), name="refund_transfer_once"
            ),
            models.CheckConstraint(
                condition=Q(share_minor__gte=0, loss_minor__gte=0, returned_minor__gte=0), name="refund_share_amounts"
            ),
            models.CheckConstraint(
                condition=Q(share_minor=0) | Q(share_minor__lte=F("loss_minor") - F("returned_minor")),
                name="refund_share_within_loss",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="paid") | (~Q(transfer_id="") & Q(paid_at__isnull=False)),
                name="refund_paid_has_transfer",
            ),
        ]
        indexes = [models.Index(fields=["victim", "outcome"], name="refund_share_by_victim")]


class Objection(CaseOwned):
    """What somebody says against a return before it is decided; another officer decides on it with reasons."""

    class Party(models.TextChoices):
        VICTIM = "victim", _("Victim")
        HOLDER = "holder", _("Account holder")
        THIRD = "third", _("Third party")

    class Decision(models.TextChoices):
        OPEN = "", _("Not decided")
        UPHELD = "upheld", _("Upheld")
        REJECTED = "rejected", pgettext_lazy("objection", "Rejected")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="objections")
    round = models.ForeignKey(RefundRound, on_delete=models.PROTECT, related_name="objections")
    party = models.CharField(max_length=8, choices=Party.choices)
    lodged_by = EncryptedTextField(mask="name")
    text = EncryptedTextField(mask="text")
    lodged_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    decision = models.CharField(max_length=8, choices=Decision.choices, default=Decision.OPEN, blank=True)
    reasons = EncryptedTextField(mask="text", null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("recorded_by")), name="objection_two_persons"
            ),
            models.CheckConstraint(
                condition=Q(decision="") | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="objection_decided_by",
            ),
        ]
        indexes = [models.Index(fields=["refund", "decision"], name="objection_by_refund")]


class RefundGrant(grants.Grant):
    """The bank that is to pay, from the decision on."""

    content_object = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="grants")

    class Meta:
        constraints = grants.constraints("refund_grant")
        indexes = grants.indexes("refund_grant")
