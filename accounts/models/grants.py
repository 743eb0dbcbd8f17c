"""Which institution sees which order and which account."""

from __future__ import annotations

from django.db import models

from accounts.models.account import InvolvedAccount
from accounts.models.order import Order
from antifraud import grants


class OrderGrant(grants.Grant):
    """The issuing unit, its superiors and the centre at once; the bank from issue; a branch from routing."""

    content_object = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="grants")

    class Meta:
        constraints = grants.constraints("order_grant")
        indexes = grants.indexes("order_grant")


class AccountGrant(grants.Grant):
    """Units of the cases that involve the account; the account's own bank from its first order."""

    content_object = models.ForeignKey(InvolvedAccount, on_delete=models.PROTECT, related_name="grants")

    class Meta:
        constraints = grants.constraints("account_grant")
        indexes = grants.indexes("account_grant")
