"""The card-prefix table: a hint whose bank a number may be, never a fact (domain.md §6)."""

from __future__ import annotations

from django.db import models


class CardPrefix(models.Model):
    """One row of an imported table; conflicting rows are kept as candidates."""

    prefix = models.CharField(max_length=12)
    bank_code = models.CharField(max_length=20)
    card_kind = models.CharField(max_length=8)
    number_length = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prefix", "bank_code", "card_kind", "number_length"], name="prefix_once")
        ]


class BankName(models.Model):
    """The bank codes of the prefix table and what people call the bank; also used to read pasted bank names."""

    bank_code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bank_code", "name"], name="bank_name_once")]
