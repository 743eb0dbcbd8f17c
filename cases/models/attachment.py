"""Files and notes of a case: legal instruments, reports, scans, statements; bytes live in the encrypted evidence store."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from antifraud.crypto.fields import EncryptedTextField
from banks.models import User
from cases.models.case import Case
from cases.models.victim import CaseOwned


class Attachment(CaseOwned):
    """One stored file with the SHA-256 of its plain bytes; the title may name a person, so it is encrypted."""

    class Purpose(models.TextChoices):
        REPORT = "report", _("Report or statement of the victim")
        INSTRUMENT = "instrument", _("Legal instrument")
        SCAN = "scan", _("Scan of a paper answer")
        STATEMENT = "statement", _("Transaction details")
        OTHER = "other", _("Other")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attachments")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    title = EncryptedTextField(mask="text")
    storage_name = models.CharField(max_length=120, unique=True)
    media_kind = models.CharField(max_length=10)
    size = models.BigIntegerField()
    sha256 = models.BinaryField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()


class Note(CaseOwned):
    """A remark of the police side; banks never see notes."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    text = EncryptedTextField(mask="text")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
