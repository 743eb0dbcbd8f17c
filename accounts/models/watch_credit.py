"""Credits of a watched account that tell of a payment which the case has already; new ones are transfers of their own."""

from __future__ import annotations

from django.db import models

from accounts.models.involvement import Transfer
from accounts.models.order import Order
from antifraud.db import UUIDModel
from banks.models import User


class WatchCredit(UUIDModel):
    """One credit as the bank told it, and the transfer that it tells of: one to one, so that a second equal one is another."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="credits_met")
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, related_name="credit_met")
    at = models.DateTimeField()
    reference = models.CharField(max_length=80, default="", blank=True)
    # Whom the bank named as payer (blind index account.number, null where nobody): the transfer may not know.
    payer_index = models.BinaryField(null=True)
    told_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField()
