"""Answers of institutions: outcome, amounts, prior freezes, next hops, holder records."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import InvolvedAccount
from accounts.models.order import Order
from antifraud.crypto.fields import EncryptedJSONField, EncryptedTextField
from antifraud.db import UUIDModel
from banks.models import Institution, User
from cases.models import Attachment


class OrderOwned(UUIDModel):
    """Belongs to an order, hence to its case's key."""

    class Meta:
        abstract = True

    case_id: UUID

    def encryption_scope(self) -> tuple[str, UUID]:
        """The case's key."""
        return ("case", self.case_id)


class Answer(OrderOwned):
    """One answer; `seq` counts them. `case_id` is copied so that a row can be decrypted alone."""

    class Outcome(models.TextChoices):
        EXECUTED = "executed", _("Executed")
        PARTIAL = "partial", _("Partly executed")
        REFUSED = "refused", _("Refused")
        MISMATCH = "mismatch", _("Mismatch")

    class Source(models.TextChoices):
        LOGGED_IN = "logged_in", _("Answered on the platform")
        API = "api", _("Answered by the bank system")
        RECORDED = "recorded", _("Recorded from paper")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="answers")
    case_id = models.UUIDField()
    seq = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    reason_code = models.CharField(max_length=30, default="", blank=True)
    reason_text = EncryptedTextField(mask="text", null=True)
    mismatch_field = models.CharField(max_length=20, default="", blank=True)
    suggested_institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    asked_minor = models.BigIntegerField(null=True)
    executed_minor = models.BigIntegerField(null=True)
    balance_minor = models.BigIntegerField(null=True)
    previously_frozen_minor = models.BigIntegerField(null=True)
    free_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="CNY")
    effective_at = models.DateTimeField(null=True)
    waiting_rank = models.PositiveSmallIntegerField(null=True)
    handler_name = models.CharField(max_length=80)
    handler_phone = models.CharField(max_length=40, default="", blank=True)
    second_person = models.CharField(max_length=80, default="", blank=True)
    branch = models.CharField(max_length=120, default="", blank=True)
    remarks = EncryptedTextField(mask="text", null=True)
    sub_results = EncryptedJSONField(mask="text", null=True)  # [{"number", "executed_minor", "currency"}]
    source = models.CharField(max_length=10, choices=Source.choices)
    scan = models.ForeignKey(Attachment, null=True, on_delete=models.PROTECT, related_name="+")
    statement = models.ForeignKey(Attachment, null=True, on_delete=models.PROTECT, related_name="+")
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+"
    )  # second person of a recorded answer
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "seq"], name="answer_seq"),
            models.CheckConstraint(
                condition=~Q(outcome__in=["refused"]) | ~Q(reason_code=""), name="answer_refused_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="mismatch") | ~Q(mismatch_field=""), name="answer_mismatch_names_field"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=models.F("answered_by")),
                name="answer_two_persons",
            ),
        ]


class PriorFreeze(UUIDModel):
    """Another body's hold that ranks before ours (轮候)."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="prior_freezes")
    rank = models.PositiveSmallIntegerField()
    body = models.CharField(max_length=160)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="CNY")
    expires_at = models.DateTimeField(null=True)


class NextHop(OrderOwned):
    """Where the bank says the money went; becomes a proposed account of the case."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="next_hops")
    case_id = models.UUIDField()
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    institution_text = models.CharField(max_length=160, default="", blank=True)
    number = EncryptedTextField(mask="account")
    name = EncryptedTextField(mask="name", null=True)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, default="CNY")
    at = models.DateTimeField(null=True)
    account = models.ForeignKey(InvolvedAccount, null=True, on_delete=models.PROTECT, related_name="+")


class HolderRecord(OrderOwned):
    """The holder as the bank knows them; the answer to query_holder."""

    answer = models.OneToOneField(Answer, on_delete=models.PROTECT, related_name="holder_record")
    case_id = models.UUIDField()
    name = EncryptedTextField(mask="name")
    id_kind = models.CharField(max_length=40, default="", blank=True)
    id_number = EncryptedTextField(mask="id_number", null=True)
    phone = EncryptedTextField(mask="phone", null=True)
    address = EncryptedTextField(mask="text", null=True)
    opened_on = models.DateField(null=True)
    opening_branch = models.CharField(max_length=120, default="", blank=True)
