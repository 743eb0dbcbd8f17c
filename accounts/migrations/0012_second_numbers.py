"""Either number of an account leads to one node: what files claim, whose number a row named; files brought from another case."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns that are null so far, and one table."""

    dependencies = [
        ("accounts", "0011_release_per_hold"),
        ("cases", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="ledgeraccount",
            name="main",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="ledgeraccount",
            index=models.Index(
                condition=models.Q(("main__isnull", False)), fields=["main"], name="ledger_account_second"
            ),
        ),
        migrations.AddField(
            model_name="statementfile",
            name="adopted_from",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.statementfile"
            ),
        ),
        migrations.AddField(
            model_name="statementline",
            name="named_counter",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="statementline",
            name="named_node",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="statementfile",
            name="source",
            field=models.CharField(
                choices=[
                    ("upload", "Uploaded"),
                    ("answer", "Answer of the institution"),
                    ("api", "By API"),
                    ("case", "From another case"),
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="SecondNumber",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("first", models.BinaryField()),
                ("second", models.BinaryField()),
                (
                    "case",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.case",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.statementfile",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["case"], name="second_number_by_case")],
                "constraints": [models.UniqueConstraint(fields=("file", "first", "second"), name="second_number_once")],
            },
        ),
    ]
