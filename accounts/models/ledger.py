"""The ledger of a case: transfers as facts between accounts, with the sums that a trace reads (ADR 0017).

Ordering. Each account and currency has one chain of entries, ordered by time, the bank's serial, the file's hash and the
row. Along a chain `co` and `ci` are cumulative sums before the entry, in minor units: `co` of what the sender has paid
out, `ci` of what the receiver has received, the opening balance and clean top-ups included (a top-up stands in for
money that an account spent without having it). So what came in as [ci, ci + amount) meets, first in first out, exactly
the payments whose [co, co + amount) overlap it. An entry's place among both sides of its account's chain follows
from cumulative in plus cumulative out: for the sender co + (co + src_before), for the receiver ci + (ci - dst_before).
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.account import InvolvedAccount
from accounts.models.involvement import Transfer
from accounts.models.statement import StatementLine
from antifraud.crypto.fields import EncryptedTextField
from antifraud.db import UUIDModel
from banks.models import Institution, User
from cases.models import Case, CaseOwned


class CaseLedger(models.Model):
    """One per case: `version` counts the changes, `digest` is SHA-256 over the digest before and what changed."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True, related_name="ledger")
    version = models.IntegerField(default=0)
    digest = models.BinaryField(default=bytes)
    changed_at = models.DateTimeField()


class LedgerAccount(CaseOwned):
    """A number that a statement or a transfer of the case names; `account` once it is an involved account.

    `node` is its key in the ledger, unique over all cases, so that an entry's nodes also say the case.
    """

    class Kind(models.TextChoices):
        ACCOUNT = "account", _("Account")
        CASH = "cash", _("Cash")
        UNNAMED = "unnamed", _("Not named by the bank")

    # Made by the hundred thousand: an index each for what is mostly absent, and a look at the case for each, cost as much as all else.
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="ledger_accounts", db_constraint=False, db_index=False
    )
    node = models.BigIntegerField(unique=True)  # from the sequence accounts_ledger_node
    # Of a second number of an account: the node that stands for the account in the entries (`services.ledger.joining`).
    main = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.ACCOUNT)
    account = models.ForeignKey(
        InvolvedAccount, null=True, on_delete=models.PROTECT, related_name="ledger_accounts", db_index=False
    )
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    institution_text = models.CharField(max_length=160, default="", blank=True)
    number = EncryptedTextField(mask="account", null=True)
    number_index = models.BinaryField()  # blind index account.number; of cash and unnamed: of a fixed word
    name = EncryptedTextField(mask="name", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "number_index"], name="ledger_account_once")]
        indexes = [
            models.Index(fields=["number_index"], name="ledger_account_by_number"),
            models.Index(fields=["main"], condition=Q(main__isnull=False), name="ledger_account_second"),
            models.Index(fields=["account"], condition=Q(account__isnull=False), name="ledger_account_involved"),
            models.Index(fields=["institution"], condition=Q(institution__isnull=False), name="ledger_account_kept_by"),
        ]


class LedgerEntry(models.Model):
    """One transfer. At least one side is a node; `src` or `dst` null: the statement does not say who.

    `out_at` is the paying side's time, `in_at` the receiving side's; where one statement only is known both are its time.
    """

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    src = models.BigIntegerField(null=True)
    dst = models.BigIntegerField(null=True)
    out_at = models.DateTimeField()
    in_at = models.DateTimeField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    co = models.BigIntegerField(default=0)
    ci = models.BigIntegerField(default=0)
    src_before = models.BigIntegerField(default=0)  # the sender's running balance before the entry
    dst_before = models.BigIntegerField(default=0)  # the receiver's
    out_line = models.ForeignKey(
        StatementLine, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    in_line = models.ForeignKey(
        StatementLine, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    transfer = models.ForeignKey(  # what an officer or an answer told
        Transfer, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="ledger_entry_amount_positive"),
            models.CheckConstraint(condition=Q(src__isnull=False) | Q(dst__isnull=False), name="ledger_entry_has_side"),
            models.CheckConstraint(condition=~Q(src=F("dst")), name="ledger_entry_two_sides"),
        ]
        indexes = [
            models.Index(fields=["src", "currency", "co"], name="ledger_entry_out"),
            models.Index(fields=["dst", "currency", "ci"], name="ledger_entry_in"),
            models.Index(
                fields=["src", "out_at"], name="ledger_entry_out_at"
            ),  # what left within a window, of hubs too
            models.Index(fields=["case"], name="ledger_entry_of_case"),
            models.Index(fields=["transfer"], condition=Q(transfer__isnull=False), name="ledger_entry_by_transfer"),
        ]


class LedgerChain(models.Model):
    """What is known of one account in one currency: the basis for saying `unknown` instead of `clean`.

    `covered_from` is null where no statement of the account itself is in the ledger: then only others' statements
    name it, and what a trace leaves there is unknown.
    """

    node = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    opening_minor = models.BigIntegerField(default=0)
    is_opening_stated = models.BooleanField(default=False)  # from the first row's stated balance, else taken as zero
    covered_from = models.DateTimeField(null=True)
    covered_to = models.DateTimeField(null=True)
    closing_minor = models.BigIntegerField(null=True)  # the last stated balance
    entries_in = models.IntegerField(default=0)
    entries_out = models.IntegerField(default=0)
    in_minor = models.BigIntegerField(default=0)
    out_minor = models.BigIntegerField(default=0)
    top_up_minor = models.BigIntegerField(default=0)  # spent without having been seen to come in
    breaks = models.IntegerField(default=0)  # places where the stated balance does not follow from the row before

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "currency"], name="ledger_chain_once")]
        indexes = [models.Index(fields=["case"], name="ledger_chain_by_case")]


class LedgerMatch(UUIDModel):
    """Two statements' rows, or a row and a told transfer, recognised as one transfer; an officer may undo it.

    An undone pair stays as a row, so that it is not recognised again.
    """

    class Rule(models.TextChoices):
        REFERENCE = "reference", _("Same reference, amount and parties")
        PARTIES = "parties", _("Same amount and parties within the time window")
        TOLD = "told", _("A transfer told by an officer or an answer")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="ledger_matches")
    entry = models.ForeignKey(LedgerEntry, null=True, on_delete=models.SET_NULL, related_name="matches")
    out_line = models.UUIDField(null=True)
    in_line = models.UUIDField(null=True)
    transfer = models.UUIDField(null=True)
    rule = models.CharField(max_length=10, choices=Rule.choices)
    seconds_apart = models.IntegerField()
    matched_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    undone_reason = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["out_line"], name="ledger_match_by_out"),
            models.Index(fields=["in_line"], name="ledger_match_by_in"),
        ]
