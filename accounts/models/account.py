"""Involved bank accounts (and numbers): one row per account in the world, whatever the number of cases (domain.md §2)."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from antifraud.crypto.fields import EncryptedTextField
from antifraud.db import UUIDModel
from banks.models import Institution, User

PLATFORM_SCOPE = UUID(int=0)


class InvolvedAccount(UUIDModel):
    """Identity = (institution or unknown, normalised number). `merged_into` leads to the account that it turned out to be."""

    class Kind(models.TextChoices):
        CARD = "card", _("Card")
        PASSBOOK = "passbook", _("Passbook")
        CORPORATE = "corporate", _("Corporate account")
        WALLET = "wallet", _("Payment wallet")
        MERCHANT = "merchant", _("Merchant")
        DIGITAL_YUAN = "digital_yuan", _("Digital-yuan wallet")
        SECURITIES = "securities", _("Securities account")
        PHONE = "phone", _("Phone number")

    class Risk(models.TextChoices):
        NORMAL = "normal", _("Not checked")
        SUSPICIOUS = "suspicious", _("Suspicious")
        INVOLVED = "involved", _("Involved")
        CLEARED = "cleared", _("Cleared")

    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="involved_accounts")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    number = EncryptedTextField(mask="account")
    number_index = models.BinaryField()
    index_version = models.PositiveSmallIntegerField(default=1)
    holder_name = EncryptedTextField(mask="name", null=True)
    holder_id_number = EncryptedTextField(mask="id_number", null=True)
    risk = models.CharField(max_length=12, choices=Risk.choices, default=Risk.INVOLVED)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged_from")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "number_index", "index_version"],
                nulls_distinct=False,
                name="account_identity",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True) | ~models.Q(merged_into=models.F("id")),
                name="account_not_merged_into_itself",
            ),
        ]
        indexes = [models.Index(fields=["number_index"], name="account_by_number")]

    def encryption_scope(self) -> tuple[str, UUID]:
        """The owning institution's key; the platform's while the institution is unknown (R17)."""
        return ("institution", self.institution_id) if self.institution_id else ("platform", PLATFORM_SCOPE)


class AccountOwned(UUIDModel):
    """Facts about one account, encrypted under the same key as the account."""

    account: models.ForeignKey[InvolvedAccount]

    class Meta:
        abstract = True

    def encryption_scope(self) -> tuple[str, UUID]:
        """The account's key."""
        return self.account.encryption_scope()


class AccountAlias(AccountOwned):
    """Another number of the same account: card, account, sub-account."""

    account = models.ForeignKey(InvolvedAccount, on_delete=models.PROTECT, related_name="aliases")
    number = EncryptedTextField(mask="account")
    number_index = models.BinaryField()
    index_version = models.PositiveSmallIntegerField(default=1)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["number_index"], name="alias_by_number")]


class AccountName(AccountOwned):
    """A holder's name and when it was learnt: names are dated, never overwritten."""

    account = models.ForeignKey(InvolvedAccount, on_delete=models.PROTECT, related_name="names")
    name = EncryptedTextField(mask="name")
    name_bucket = models.IntegerField(db_index=True)
    source = models.CharField(max_length=20)  # filed, answer, next_hop, correction
    learnt_at = models.DateTimeField()


class AccountChange(UUIDModel):
    """History of identity: institution corrected, merged, unmerged; `moved` lists the ids so that it can be undone."""

    class Kind(models.TextChoices):
        INSTITUTION = "institution", _("Institution corrected")
        MERGE = "merge", _("Merged")

    account = models.ForeignKey(InvolvedAccount, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    from_institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    to_institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(InvolvedAccount, null=True, on_delete=models.PROTECT, related_name="+")
    moved = models.JSONField(default=dict)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
