"""Rows that name a second number of an account, found without reading all rows of their case."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_statement_taken")]

    operations = [
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(
                fields=["case_id"],
                include=["named_node", "node"],
                condition=models.Q(named_node__isnull=False),
                name="statement_line_named",
            ),
        ),
    ]
