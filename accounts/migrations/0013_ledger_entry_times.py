"""What left an account within a time is found by an index; that of a case's entries loses its time, which nothing reads."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Indexes of the ledger's entries."""

    dependencies = [("accounts", "0012_second_numbers")]

    operations = [
        migrations.RemoveIndex(model_name="ledgerentry", name="ledger_entry_by_case"),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["src", "out_at"], name="ledger_entry_out_at"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["case"], name="ledger_entry_of_case"),
        ),
    ]
