"""The application role may add rows to the audit log and read them, nothing else (R28); the trigger is the second wall."""

from __future__ import annotations

from django.db import migrations

REVOKE = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'antifraud_app') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON af_audit_auditentry FROM antifraud_app;
  END IF;
END $$;
"""
GRANT = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'antifraud_app') THEN
    GRANT UPDATE, DELETE ON af_audit_auditentry TO antifraud_app;
  END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("af_audit", "0001_initial")]

    operations = [migrations.RunSQL(REVOKE, GRANT)]
