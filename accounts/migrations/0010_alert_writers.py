"""Everybody who had a hand in an alert, not its last writer alone, is no second person for it."""

from __future__ import annotations

import django.contrib.postgres.fields
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Func, Q

# The diary knows who wrote before. An alert that a former writer approved under the old rule stays as it was decided:
# its approver is left out of the list here, and the diary goes on telling.
_WRITERS = """
UPDATE accounts_alert a SET written_by = ARRAY(
  SELECT who FROM (
    VALUES (a.drafted_by_id), (a.created_by_id)
    UNION SELECT e.actor_id FROM af_audit_auditentry e
    WHERE e.object_id = a.id AND e.object_type = 'alert' AND e.outcome = 'ok'
      AND e.verb IN ('alert.draft', 'alert.update', 'alert.submit')
  ) AS writers (who)
  WHERE who IS NOT NULL AND who IS DISTINCT FROM a.approved_by_id ORDER BY who
)
"""
_ARRAY = django.contrib.postgres.fields.ArrayField(models.UUIDField())


class Migration(migrations.Migration):
    """One column, filled from the diary, and the constraint that reads it."""

    dependencies = [
        ("accounts", "0009_statement_parties"),
        ("af_audit", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="alert",
            name="written_by",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.RunSQL(_WRITERS, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="alert", name="alert_two_persons"),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | ~Q(approved_by=F("created_by"))
                & ~Q(approved_by=F("drafted_by"))
                & ~Q(
                    written_by__contains=Func(F("approved_by"), template="ARRAY[%(expressions)s]", output_field=_ARRAY)
                ),
                name="alert_two_persons",
            ),
        ),
    ]
