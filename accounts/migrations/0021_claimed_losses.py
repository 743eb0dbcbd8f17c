"""The losses of victims by the returns that there are: each victim's newest line, returns that were given up left out."""

from __future__ import annotations

from django.db import migrations

FILL = """
WITH newest AS (
    SELECT DISTINCT ON (share.victim_id) share.case_id, refund.currency, share.loss_minor
    FROM accounts_refundshare share
    JOIN accounts_refund refund ON refund.id = share.refund_id
    JOIN accounts_refundround round ON round.id = share.round_id
    JOIN cases_case c ON c.id = share.case_id AND c.currency = refund.currency
    WHERE NOT (refund.status = 'closed' AND refund.decided_at IS NULL)
    ORDER BY share.victim_id, round.opened_at DESC, round.number DESC
), total AS (
    SELECT case_id, sum(loss_minor) AS claimed FROM newest GROUP BY case_id
)
UPDATE cases_case SET claimed_minor = total.claimed FROM total WHERE total.case_id = cases_case.id
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0020_trace_checks"), ("cases", "0002_claimed_losses")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
