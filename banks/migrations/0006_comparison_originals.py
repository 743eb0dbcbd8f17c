"""Signed originals of comparisons end after ninety days; every other one is kept. The application can delete none but by the function."""

from __future__ import annotations

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

# Runs as the owner of the tables, so that the application's own role needs no right to delete evidence.
FORGET = """
CREATE FUNCTION banks_comparisons_forget(most int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE gone int;
BEGIN
  DELETE FROM banks_signedmessage WHERE id = ANY(ARRAY(
    SELECT id FROM banks_signedmessage
    WHERE action = 'sync.compare' AND received_at <= clock_timestamp() - interval '90 days' ORDER BY received_at LIMIT most));
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
REVOKE EXECUTE ON FUNCTION banks_comparisons_forget(int) FROM PUBLIC;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'antifraud_app') THEN
    GRANT EXECUTE ON FUNCTION banks_comparisons_forget(int) TO antifraud_app;
  END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("banks", "0005_epoch"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="signedmessage",
            name="append_only",
        ),
        migrations.AddIndex(
            model_name="signedmessage",
            index=models.Index(
                condition=models.Q(("action", "sync.compare")), fields=["received_at"], name="signed_comparison_by_age"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signedmessage",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="1762d05c594637e19c5ea3d2409263755283e6d4",
                    operation="UPDATE",
                    pgid="pgtrigger_append_only_729c5",
                    table="banks_signedmessage",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signedmessage",
            trigger=pgtrigger.compiler.Trigger(
                name="kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.action <> 'sync.compare' OR OLD.received_at > clock_timestamp() - interval '90 days')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="b0346537bd772ee5f03be2df1fbd17fd9ca5c16d",
                    operation="DELETE",
                    pgid="pgtrigger_kept_d26ae",
                    table="banks_signedmessage",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(FORGET, "DROP FUNCTION banks_comparisons_forget(int)"),
    ]
