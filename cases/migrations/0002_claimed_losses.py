"""What a case's victims lost by its returns' worksheets stands beside the reported loss; `accounts` fills it."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]

    operations = [migrations.AddField("case", "claimed_minor", models.BigIntegerField(null=True))]
