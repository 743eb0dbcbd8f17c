"""What was paid back out of holds, counted from the banks' reports; the cases' "held" lose as much."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

# What was paid of a stop's return once the freeze was in effect went out of the freeze.
HOLDS = """
WITH paid AS (
    SELECT CASE WHEN share.paid_at >= later.effective_from THEN later.id ELSE hold.id END AS hold_id,
           sum(share.share_minor) AS total
    FROM accounts_refundshare share
    JOIN accounts_refund refund ON refund.id = share.refund_id
    JOIN accounts_hold hold ON hold.id = refund.hold_id
    LEFT JOIN accounts_hold later ON later.id = hold.converted_to_id
    WHERE share.outcome = 'paid'
    GROUP BY 1
)
UPDATE accounts_hold SET returned_minor = paid.total FROM paid WHERE accounts_hold.id = paid.hold_id
"""
CASES = """
WITH returned AS (
    SELECT case_id, currency, sum(least(returned_minor, coalesce(amount_minor, 0))) AS total
    FROM accounts_hold
    WHERE status IN ('active', 'extended') AND returned_minor > 0
    GROUP BY case_id, currency
)
UPDATE cases_case SET held_minor = greatest(0, cases_case.held_minor - returned.total)
FROM returned WHERE returned.case_id = cases_case.id AND returned.currency = cases_case.currency
"""
BACK = """
WITH returned AS (
    SELECT case_id, currency, sum(least(returned_minor, coalesce(amount_minor, 0))) AS total
    FROM accounts_hold
    WHERE status IN ('active', 'extended') AND returned_minor > 0
    GROUP BY case_id, currency
)
UPDATE cases_case SET held_minor = cases_case.held_minor + returned.total
FROM returned WHERE returned.case_id = cases_case.id AND returned.currency = cases_case.currency
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0018_act_reasons"), ("cases", "0001_initial")]

    operations = [
        migrations.AddField("hold", "returned_minor", models.BigIntegerField(db_default=0, default=0)),
        migrations.AddConstraint(
            "hold", models.CheckConstraint(condition=Q(returned_minor__gte=0), name="hold_returned_not_negative")
        ),
        migrations.RunSQL([HOLDS, CASES], [BACK]),
    ]
