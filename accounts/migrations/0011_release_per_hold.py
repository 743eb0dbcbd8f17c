"""What follows a hold is one for each hold: two holds of one account have two releases. Each kind has one name."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """The constraint of one open order reads the order that brought the hold about, too; the names change no table."""

    dependencies = [("accounts", "0010_alert_writers")]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="kind",
            field=models.CharField(
                max_length=20,
                choices=[
                    ("stop", "Stop-payment"),
                    ("stop_release", "Stop release"),
                    ("stop_extend", "Stop extension"),
                    ("freeze", "Freeze"),
                    ("freeze_release", "Unfreeze"),
                    ("freeze_extend", "Freeze extension"),
                    ("query_transactions", "Transaction query"),
                    ("query_holder", "Holder query"),
                    ("watch", "Watch"),
                    ("watch_end", "End of a watch"),
                    ("suspend_number", "Number suspension"),
                    ("restore_number", "Number restoration"),
                ],
            ),
        ),
        migrations.RemoveConstraint(model_name="order", name="order_one_open"),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["draft", "awaiting_approval", "issued", "acknowledged"])),
                fields=("case", "unit", "account", "kind", "original"),
                name="order_one_open",
                nulls_distinct=False,
            ),
        ),
    ]
