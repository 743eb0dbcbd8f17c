from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two kinds of orders more: watch and watch_end."""

    dependencies = [("accounts", "0007_refunds")]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="kind",
            field=models.CharField(
                choices=[
                    ("stop", "Emergency stop-payment"),
                    ("stop_release", "Stop release"),
                    ("stop_extend", "Stop extension"),
                    ("freeze", "Freeze"),
                    ("freeze_release", "Unfreeze"),
                    ("freeze_extend", "Freeze extension"),
                    ("query_transactions", "Query of transaction details"),
                    ("query_holder", "Query of the holder"),
                    ("watch", "Watch"),
                    ("watch_end", "End of a watch"),
                    ("suspend_number", "Suspend number"),
                    ("restore_number", "Restore number"),
                ],
                max_length=20,
            ),
        ),
    ]
