"""Victims and leads of a case: personal data, encrypted under the case's key."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from antifraud.crypto.fields import EncryptedTextField
from antifraud.db import UUIDModel
from cases.models.case import Case


class CaseOwned(UUIDModel):
    """Content of one case: encrypted under its key, its history in its timeline."""

    class Meta:
        abstract = True

    case: models.ForeignKey[Case]
    case_id: UUID

    def encryption_scope(self) -> tuple[str, UUID]:
        """The case's own key."""
        return ("case", self.case_id)

    @property
    def audit_case_id(self) -> UUID:
        """The case that this object's history belongs to."""
        return self.case_id


class Victim(CaseOwned):
    """Who lost the money. `name_bucket` and `phone_bucket` are truncated indexes: candidates, compared after decryption (R19)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="victims")
    name = EncryptedTextField(mask="name")
    id_number = EncryptedTextField(mask="id_number", null=True)
    phone = EncryptedTextField(mask="phone", null=True)
    name_bucket = models.IntegerField(db_index=True)
    phone_bucket = models.IntegerField(null=True, db_index=True)
    created_at = models.DateTimeField()


class Lead(CaseOwned):
    """A phone number, address, chat id or app that the fraudster used."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("Phone number")
        URL = "url", _("Web address")
        CHAT = "chat", _("Chat account")
        APP = "app", _("App")
        OTHER = "other", _("Other")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="leads")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = EncryptedTextField(mask="text")
    value_index = models.BinaryField()  # series link cases by it
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["value_index"], name="lead_by_value")]
