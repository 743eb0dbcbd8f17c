"""What files say of the numbers of one account: the card that a row names first, the account number beside it."""

from __future__ import annotations

from django.db import models

from accounts.models.statement import StatementFile
from cases.models import Case


class SecondNumber(models.Model):
    """One claim of one file: `second` is a number of the account that `first` names. Blind indexes only.

    It counts once the file is committed, and goes with the rows of a file that is not.
    """

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    file = models.ForeignKey(
        StatementFile, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    first = models.BinaryField()
    second = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "first", "second"], name="second_number_once")]
        indexes = [
            models.Index(fields=["case"], name="second_number_by_case"),
            models.Index(fields=["second"], name="second_number_by_second"),  # who searches knows this one only
        ]
