"""Risk features of the accounts of a case's ledger, computed anew with each change of the ledger; meanings are in `rules.features`."""

from __future__ import annotations

from django.db import models

from cases.models import Case


class LedgerFeature(models.Model):
    """One account in one currency. A null value: not enough data; shares in basis points (10,000 = all), times in seconds.

    `basis` says from how many rows each value comes: {"night": 120, …}, by the codes of `rules.features.FEATURES`.
    """

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    node = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    is_covered = models.BooleanField()  # a statement of the account itself is in the ledger
    entries_in = models.IntegerField()
    entries_out = models.IntegerField()
    in_minor = models.BigIntegerField()
    out_minor = models.BigIntegerField()
    fan_in = models.IntegerField(null=True)
    fan_out = models.IntegerField(null=True)
    fan_in_hour = models.IntegerField(null=True)
    fan_out_hour = models.IntegerField(null=True)
    pass_through = models.IntegerField(null=True)
    dwell = models.BigIntegerField(null=True)
    burst = models.IntegerField(null=True)
    night = models.IntegerField(null=True)
    shared_device = models.IntegerField(null=True)
    round_amounts = models.IntegerField(null=True)
    test_payments = models.IntegerField(null=True)
    score = models.IntegerField()  # 0…1,000 by the published formula
    known = models.IntegerField()  # how many features had enough data
    basis = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "currency"], name="ledger_feature_once")]
        indexes = [models.Index(fields=["case", "-score", "-id"], name="ledger_feature_by_score")]


class LedgerFeatureRun(models.Model):
    """Which state of a case's ledger the stored features describe."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, primary_key=True, related_name="feature_run")
    ledger_version = models.IntegerField()
    accounts = models.IntegerField()
    entries = models.IntegerField()
    computed_at = models.DateTimeField()
