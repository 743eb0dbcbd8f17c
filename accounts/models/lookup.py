"""Budgets of look-ups ("is this account in any case?"), kept in PostgreSQL so that emptying Redis refills nothing (R36)."""

from __future__ import annotations

from django.db import models


class LookupBudget(models.Model):
    """The token bucket of one user or one institution; only `accounts.selectors.lookups` spends from it.

    `tokens` is what was left at `filled_at` (the database's real clock, never the legal one).
    """

    class Holder(models.TextChoices):
        USER = "user"
        INSTITUTION = "institution"

    holder_id = models.UUIDField(primary_key=True)
    holder = models.CharField(max_length=12, choices=Holder.choices)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(tokens__gte=0), name="lookup_budget_not_negative")]
