"""The platform's epoch and running mode."""

from __future__ import annotations

from django.db import migrations, models

# Both functions of PostgreSQL may be called by everybody unless an administrator has taken that away (some hosted
# databases do). Then nothing is found, and `manage.py epoch_bump` is how a restore becomes known.
IDENTITY = """
CREATE FUNCTION app_database_identity(OUT system_id text, OUT timeline bigint) LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF has_function_privilege('pg_control_system()', 'EXECUTE') THEN
    SELECT c.system_identifier::text INTO system_id FROM pg_control_system() c;
  END IF;
  IF NOT pg_is_in_recovery() AND has_function_privilege('pg_walfile_name(pg_lsn)', 'EXECUTE')
    AND has_function_privilege('pg_current_wal_lsn()', 'EXECUTE') THEN
    -- The first eight hexadecimal digits of a WAL file's name are the timeline that is written to now.
    timeline := ('x' || lpad(substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), 16, '0'))::bit(64)::bigint;
  END IF;
END $$;
INSERT INTO banks_platformstate (id, epoch, mode, reason, system_id) VALUES (1, 1, 'running', '', '');
"""
FORGET = "DROP FUNCTION app_database_identity();"


class Migration(migrations.Migration):
    dependencies = [("banks", "0004_lanes")]
    operations = [
        migrations.CreateModel(
            name="PlatformState",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False),
                ),
                ("epoch", models.PositiveIntegerField(default=1)),
                (
                    "mode",
                    models.CharField(
                        choices=[("running", "Running"), ("reconciling", "Reconciling")],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("since", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                ("system_id", models.CharField(blank=True, default="", max_length=20)),
                ("timeline", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="platform_one_row"),
                    models.CheckConstraint(condition=models.Q(("epoch__gte", 1)), name="platform_epoch_positive"),
                ],
            },
        ),
        migrations.RunSQL(IDENTITY, FORGET),
    ]
