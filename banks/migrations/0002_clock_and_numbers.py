"""The legal clock and the number sequences: SQL that models cannot say."""

from __future__ import annotations

from django.db import migrations

CLOCK = """
INSERT INTO app_clock (id, mode, "offset") VALUES (1, 'production', interval '0') ON CONFLICT DO NOTHING;

-- STABLE: one moment for a whole statement, so that an index can serve `legal_expires_at <= app_now()`.
CREATE FUNCTION app_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT statement_timestamp() + "offset" FROM app_clock $$;

-- Only the owner decides what kind of database this is; the application may move the clock where that is allowed.
CREATE FUNCTION app_clock_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR TG_OP = 'INSERT' THEN
    RAISE EXCEPTION 'app_clock holds one row for ever';
  END IF;
  IF NEW.mode <> OLD.mode AND NOT pg_has_role(current_user, (SELECT tableowner FROM pg_tables WHERE tablename = 'app_clock' AND schemaname = current_schema()), 'MEMBER') THEN
    RAISE EXCEPTION 'only the owner changes the mode of the legal clock';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER app_clock_guard BEFORE INSERT OR UPDATE OR DELETE ON app_clock FOR EACH ROW EXECUTE FUNCTION app_clock_guard();

CREATE SEQUENCE case_number_seq;
CREATE SEQUENCE order_number_seq;
"""

UNDO = """
DROP SEQUENCE order_number_seq;
DROP SEQUENCE case_number_seq;
DROP TRIGGER app_clock_guard ON app_clock;
DROP FUNCTION app_clock_guard();
DROP FUNCTION app_now();
"""


class Migration(migrations.Migration):
    dependencies = [("banks", "0001_initial")]

    operations = [migrations.RunSQL(CLOCK, UNDO)]
