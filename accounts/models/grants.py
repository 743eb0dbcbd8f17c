"""Which institution sees which order, account, alert and notice."""

from __future__ import annotations

from django.db import models

from accounts.models.account import InvolvedAccount
from accounts.models.alert import Alert, AlertNotice
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


class AlertGrant(grants.Grant):
    """The issuing unit, its superiors and the centre."""

    content_object = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="grants")

    class Meta:
        constraints = grants.constraints("alert_grant")
        indexes = grants.indexes("alert_grant")


class AlertNoticeGrant(grants.Grant):
    """The institution that the notice is addressed to, until the alert expires."""

    content_object = models.ForeignKey(AlertNotice, on_delete=models.PROTECT, related_name="grants")

    class Meta:
        constraints = grants.constraints("alert_notice_grant")
        indexes = grants.indexes("alert_notice_grant")
