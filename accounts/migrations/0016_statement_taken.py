"""Control totals stay as they were certified: what the commit took stands beside them, as does how many rows were known before.

Of a file that was committed before, the totals are those of what was taken.
"""

from django.db import migrations, models

_STANDING = """
UPDATE accounts_statementfile SET taken = totals WHERE status = 'committed';
UPDATE accounts_statementfile f SET rows_known = k.count
FROM (SELECT file_id, count(*) FROM accounts_statementline WHERE left_out = 'known' GROUP BY 1) k WHERE k.file_id = f.id;
"""


class Migration(migrations.Migration):
    """Statement files, and where in a file that was refused the reason stands."""

    dependencies = [("accounts", "0015_import_indexes")]

    operations = [
        migrations.AddField(
            model_name="statementfile",
            name="refusal_params",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="rows_known",
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="taken",
            field=models.JSONField(default=list),
        ),
        migrations.RunSQL(_STANDING, migrations.RunSQL.noop),
    ]
