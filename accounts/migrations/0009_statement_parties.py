"""What the rows of a file tell of accounts, kept with the file until the ledger takes it."""

from django.db import migrations

import antifraud.crypto.fields


class Migration(migrations.Migration):
    """One sealed field."""

    dependencies = [("accounts", "0008_watch")]

    operations = [
        migrations.AddField(
            model_name="statementfile",
            name="parties",
            field=antifraud.crypto.fields.EncryptedJSONField(null=True),
        ),
    ]
