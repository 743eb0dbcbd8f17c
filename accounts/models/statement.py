"""Banks' statement files and their rows as the bank wrote them; the transfers that follow from them are in `ledger`."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models.answer import Answer
from antifraud.crypto.fields import EncryptedJSONField
from antifraud.db import UUIDModel
from banks.models import Institution, User
from cases.models import Attachment, Case, CaseOwned


class StatementFile(CaseOwned):
    """One file of one case: received, read, previewed, committed. The original is kept in `attachment` (SHA-256 there).

    `totals` is what the preview showed and an officer compared: [{"currency", "direction", "count", "sum_minor"}] of all good
    rows; it stays as it was certified. `taken` is the same of the rows that the commit brought into the ledger.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        NEEDS_MAPPING = "needs_mapping", _("Columns to be named")
        PREVIEW = "preview", _("Ready to be checked")
        COMMITTED = "committed", _("Taken into the ledger")
        REFUSED = "refused", pgettext_lazy("file", "Refused")
        DISCARDED = "discarded", _("Discarded")

    class Source(models.TextChoices):
        UPLOAD = "upload", _("Uploaded")
        ANSWER = "answer", _("Answer of the institution")
        API = "api", _("By API")
        CASE = "case", _("From another case")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="statement_files")
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, related_name="+")
    answer = models.ForeignKey(Answer, null=True, on_delete=models.PROTECT, related_name="statement_files")
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    adopted_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")  # of another case
    source = models.CharField(max_length=8, choices=Source.choices)
    status = models.CharField(max_length=14, choices=Status.choices, default=Status.RECEIVED)
    version = models.IntegerField(default=1)
    sha256 = models.BinaryField()
    layout = models.CharField(max_length=12, default="", blank=True)  # table, mt940, mt942, camt052/3/4, ofx
    encoding = models.CharField(max_length=20, default="", blank=True)
    # Of a table, {"headings", "samples", "missing", "sheet", "row"}: a person's name may stand in a stray heading.
    headings = EncryptedJSONField(mask="text", null=True)
    mapping = models.JSONField(null=True)  # {"column name": field of rules.statements} once named or recognised
    owner_number = EncryptedJSONField(
        mask="text", null=True
    )  # {"number", "name"} where the file itself names no account
    # Until the commit or the end of the file, {ledger node: [name, bank]} as its rows tell them.
    parties = EncryptedJSONField(mask="text", null=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")  # of times that carry no offset
    totals = models.JSONField(default=list)
    taken = models.JSONField(default=list)
    rows_read = models.IntegerField(default=0)
    rows_good = models.IntegerField(default=0)
    rows_bad = models.IntegerField(default=0)
    rows_left_out = models.IntegerField(default=0)  # not successful, known by serial, repeats that the officer left out
    rows_known = models.IntegerField(default=0)  # of the good rows, those that the ledger had already
    is_without_repeats = models.BooleanField(
        default=False
    )  # the officer's choice at commit: suspected repeats left out
    refusal = models.CharField(max_length=40, default="", blank=True)  # code of rules.statements.messages
    refusal_params = models.JSONField(default=dict)  # where in the file, as `rules.statements.messages.told_params`
    received_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    committed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    committed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "sha256"],
                condition=~Q(status__in=["refused", "discarded"]),
                name="statement_file_once",
            )
        ]
        indexes = [models.Index(fields=["case", "-received_at"], name="statement_file_by_case")]

    @property
    def rows_taken(self) -> int:
        """How many rows the commit brought into the ledger."""
        return sum(total["count"] for total in self.taken)

    @property
    def rows_new(self) -> int:
        """Of the good rows those that the ledger does not know; suspected repeats are among them."""
        return self.rows_good - self.rows_known

    @property
    def rows_repeated(self) -> int:
        """Of the good rows of a committed file those left out as repeats, or as told under another number of the account."""
        return self.rows_new - self.rows_taken if self.status == self.Status.COMMITTED else 0

    @property
    def rows_no_entries(self) -> int:
        """Rows that are no entries by themselves: failed, totals, zero amounts. Read = good + bad + these."""
        return self.rows_left_out - self.rows_known - self.rows_repeated


class StatementLine(UUIDModel):
    """One good row of a file, from the owner's side. Amounts in minor units, more than zero; `direction` says which way.

    `node` and `counter` are ledger nodes; where the row names a second number of an account they are the account's, and the
    number's own is kept in `named_node`, `named_counter`. `serial` is the bank's own number of the entry, "" where it writes none; by it
    two rows may be one if the time agrees too, else only by file and row (domain.md §6). Made in bulk by COPY.
    """

    class Direction(models.TextChoices):
        IN = "in", _("In")
        OUT = "out", _("Out")

    file = models.ForeignKey(
        StatementFile, on_delete=models.PROTECT, related_name="lines", db_constraint=False, db_index=False
    )
    case_id = models.UUIDField()
    row = models.IntegerField()  # line number in the file, from 1, headings counted
    node = models.BigIntegerField()
    counter = models.BigIntegerField(null=True)
    named_node = models.BigIntegerField(null=True)
    named_counter = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    is_day_only = models.BooleanField(default=False)  # the file gives the day, not the time
    direction = models.CharField(max_length=3, choices=Direction.choices)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField(null=True)  # after the entry, as the bank states it
    serial = models.CharField(max_length=64, default="", blank=True)
    reference = models.BinaryField(
        null=True
    )  # blind index of the bank's reference: the same on both sides decides a match
    device = models.BinaryField(null=True)  # blind index of MAC, else IP address: who shares a device
    left_out = models.CharField(max_length=8, default="", blank=True)  # known, repeat, twin
    details = EncryptedJSONField(mask="text")  # what else stood in the row, by field of rules.statements

    class Meta:
        indexes = [
            models.Index(fields=["file", "row"], name="statement_line_by_row"),
            # Rows come account by account, so that new ones stand side by side; bytewise, whatever the database's language.
            models.Index(
                fields=["case_id", "node", "serial"],
                opclasses=["uuid_ops", "int8_ops", "varchar_pattern_ops"],
                name="statement_line_by_serial",
            ),
            # Few rows name a second number: what a later file tells of them is found without reading the case's rows.
            models.Index(
                fields=["case_id"],
                include=["named_node", "node"],
                condition=Q(named_node__isnull=False),
                name="statement_line_named",
            ),
        ]

    def encryption_scope(self) -> tuple[str, Any]:
        """The case's key."""
        return ("case", self.case_id)

    @property
    def nodes_named(self) -> tuple[int, int | None]:
        """Owner and other side by the numbers that the row itself names."""
        return self.named_node or self.node, self.named_counter or self.counter

    @property
    def nodes_meant(self) -> tuple[int | None, int | None]:
        """The accounts whose second numbers those are; None for a first number."""
        other = self.counter or self.node  # money between two numbers of one account has no other side
        is_second = self.named_counter is not None and self.named_counter != other
        return self.node if self.named_node else None, other if is_second else None


class StatementIssue(models.Model):
    """A row that was not taken, or was taken with a doubt: its line number and why, never its content."""

    class Severity(models.TextChoices):
        BAD = "bad", _("Not readable")
        LEFT_OUT = "left_out", _("Left out")
        DOUBT = "doubt", _("Taken, with a doubt")

    file = models.ForeignKey(StatementFile, on_delete=models.CASCADE, related_name="issues")
    row = models.IntegerField()
    field = models.CharField(max_length=24, default="", blank=True)
    code = models.CharField(max_length=40)  # key of rules.statements.messages
    severity = models.CharField(max_length=8, choices=Severity.choices)

    class Meta:
        indexes = [models.Index(fields=["file", "row"], name="statement_issue_by_row")]


class StatementMapping(UUIDModel):
    """How one institution heads its columns, remembered from the last file that an officer mapped."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    headings_key = models.BinaryField()  # blind index of the folded headings in order
    mapping = models.JSONField()
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "headings_key"], name="statement_mapping_once")]
