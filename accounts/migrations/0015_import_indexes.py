"""Fewer and narrower indexes where imports write: rows that may be one are found by account and serial, which stand side by side
(the keyed fingerprint of both is gone); of ledger accounts only those are indexed by account and institution that have one.

Needs a pause: the indexes are made while the tables are locked. Undone, rows that are there get a fingerprint of no other row:
none is taken for known by mistake, and their files have to be compared by hand where they come again (operations.md, "Upgrade").
"""

from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    """Rows of statement files and accounts of the ledger."""

    dependencies = [("accounts", "0014_second_number_by_second"), ("banks", "0005_epoch"), ("cases", "0001_initial")]

    operations = [
        migrations.RemoveIndex(model_name="statementline", name="statement_line_by_key"),
        migrations.AlterField("statementline", "line_key", models.BinaryField(default=b"")),  # for the way back
        migrations.RunSQL(migrations.RunSQL.noop, "UPDATE accounts_statementline SET line_key = uuid_send(id)"),
        migrations.RemoveField(model_name="statementline", name="line_key"),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(
                fields=["case_id", "node", "serial"],
                opclasses=["uuid_ops", "int8_ops", "varchar_pattern_ops"],
                name="statement_line_by_serial",
            ),
        ),
        migrations.AlterField(
            model_name="ledgeraccount",
            name="account",
            field=models.ForeignKey(
                to="accounts.involvedaccount",
                null=True,
                on_delete=PROTECT,
                related_name="ledger_accounts",
                db_index=False,
            ),
        ),
        migrations.AlterField(
            model_name="ledgeraccount",
            name="case",
            field=models.ForeignKey(
                to="cases.case", on_delete=PROTECT, related_name="ledger_accounts", db_constraint=False, db_index=False
            ),
        ),
        migrations.AlterField(
            model_name="ledgeraccount",
            name="institution",
            field=models.ForeignKey(
                to="banks.institution", null=True, on_delete=PROTECT, related_name="+", db_index=False
            ),
        ),
        migrations.AddIndex(
            model_name="ledgeraccount",
            index=models.Index(fields=["account"], condition=Q(account__isnull=False), name="ledger_account_involved"),
        ),
        migrations.AddIndex(
            model_name="ledgeraccount",
            index=models.Index(
                fields=["institution"], condition=Q(institution__isnull=False), name="ledger_account_kept_by"
            ),
        ),
    ]
