"""Statement files, the ledger of a case, traces."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import antifraud.crypto.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_escalation"),
        ("banks", "0005_epoch"),
        ("cases", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseLedger",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="ledger",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("version", models.IntegerField(default=0)),
                ("digest", models.BinaryField(default=bytes)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="StatementFile",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "source",
                    models.CharField(
                        choices=[("upload", "Uploaded"), ("answer", "Answer of the institution"), ("api", "By API")],
                        max_length=8,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("needs_mapping", "Columns to be named"),
                            ("preview", "Ready to be checked"),
                            ("committed", "Taken into the ledger"),
                            ("refused", "Refused"),
                            ("discarded", "Discarded"),
                        ],
                        default="received",
                        max_length=14,
                    ),
                ),
                ("version", models.IntegerField(default=1)),
                ("sha256", models.BinaryField()),
                ("layout", models.CharField(blank=True, default="", max_length=12)),
                ("encoding", models.CharField(blank=True, default="", max_length=20)),
                ("headings", antifraud.crypto.fields.EncryptedJSONField(null=True)),
                ("mapping", models.JSONField(null=True)),
                ("owner_number", antifraud.crypto.fields.EncryptedJSONField(null=True)),
                ("zone", models.CharField(default="Asia/Shanghai", max_length=40)),
                ("totals", models.JSONField(default=list)),
                ("rows_read", models.IntegerField(default=0)),
                ("rows_good", models.IntegerField(default=0)),
                ("rows_bad", models.IntegerField(default=0)),
                ("rows_left_out", models.IntegerField(default=0)),
                ("is_without_repeats", models.BooleanField(default=False)),
                ("refusal", models.CharField(blank=True, default="", max_length=40)),
                ("received_at", models.DateTimeField()),
                ("committed_at", models.DateTimeField(null=True)),
                (
                    "answer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_files",
                        to="accounts.answer",
                    ),
                ),
                (
                    "attachment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.attachment"
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="statement_files", to="cases.case"
                    ),
                ),
                (
                    "committed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="banks.institution"
                    ),
                ),
                (
                    "received_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StatementIssue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.IntegerField()),
                ("field", models.CharField(blank=True, default="", max_length=24)),
                ("code", models.CharField(max_length=40)),
                (
                    "severity",
                    models.CharField(
                        choices=[("bad", "Not readable"), ("left_out", "Left out"), ("doubt", "Taken, with a doubt")],
                        max_length=8,
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="issues", to="accounts.statementfile"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("case_id", models.UUIDField()),
                ("row", models.IntegerField()),
                ("node", models.BigIntegerField()),
                ("counter", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("is_day_only", models.BooleanField(default=False)),
                ("direction", models.CharField(choices=[("in", "In"), ("out", "Out")], max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("balance_minor", models.BigIntegerField(null=True)),
                ("serial", models.CharField(blank=True, default="", max_length=64)),
                ("line_key", models.BinaryField()),
                ("reference", models.BinaryField(null=True)),
                ("device", models.BinaryField(null=True)),
                ("left_out", models.CharField(blank=True, default="", max_length=8)),
                ("details", antifraud.crypto.fields.EncryptedJSONField()),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="accounts.statementfile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("src", models.BigIntegerField(null=True)),
                ("dst", models.BigIntegerField(null=True)),
                ("out_at", models.DateTimeField()),
                ("in_at", models.DateTimeField()),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("co", models.BigIntegerField(default=0)),
                ("ci", models.BigIntegerField(default=0)),
                ("src_before", models.BigIntegerField(default=0)),
                ("dst_before", models.BigIntegerField(default=0)),
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
                    "transfer",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.transfer",
                    ),
                ),
                (
                    "in_line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.statementline",
                    ),
                ),
                (
                    "out_line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.statementline",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StatementMapping",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("headings_key", models.BinaryField()),
                ("mapping", models.JSONField()),
                ("saved_at", models.DateTimeField()),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="banks.institution"
                    ),
                ),
                (
                    "saved_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TraceRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "direction",
                    models.CharField(
                        choices=[
                            ("forward", "Forward: where the money went"),
                            ("backward", "Backward: where the money came from"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("fifo", "First in, first out"),
                            ("pro_rata", "Pro rata"),
                            ("libr", "Lowest intermediate balance"),
                            ("reach", "Reach only, no amounts"),
                        ],
                        max_length=8,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("params", models.JSONField()),
                ("seeds", models.JSONField()),
                ("ledger_version", models.IntegerField()),
                ("ledger_digest", models.BinaryField()),
                ("inputs_digest", models.BinaryField()),
                ("result", models.JSONField()),
                ("result_digest", models.BinaryField()),
                ("edges", models.IntegerField()),
                ("is_cut", models.BooleanField(default=False)),
                ("is_automatic", models.BooleanField(default=False)),
                ("run_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trace_runs", to="cases.case"
                    ),
                ),
                (
                    "run_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerAccount",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("node", models.BigIntegerField(unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("account", "Account"), ("cash", "Cash"), ("unnamed", "Not named by the bank")],
                        default="account",
                        max_length=8,
                    ),
                ),
                ("institution_text", models.CharField(blank=True, default="", max_length=160)),
                ("number", antifraud.crypto.fields.EncryptedTextField(mask="account", null=True)),
                ("number_index", models.BinaryField()),
                ("name", antifraud.crypto.fields.EncryptedTextField(mask="name", null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_accounts",
                        to="accounts.involvedaccount",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="ledger_accounts", to="cases.case"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="banks.institution"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["number_index"], name="ledger_account_by_number")],
                "constraints": [models.UniqueConstraint(fields=("case", "number_index"), name="ledger_account_once")],
            },
        ),
        migrations.CreateModel(
            name="LedgerChain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("node", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("opening_minor", models.BigIntegerField(default=0)),
                ("is_opening_stated", models.BooleanField(default=False)),
                ("covered_from", models.DateTimeField(null=True)),
                ("covered_to", models.DateTimeField(null=True)),
                ("closing_minor", models.BigIntegerField(null=True)),
                ("entries_in", models.IntegerField(default=0)),
                ("entries_out", models.IntegerField(default=0)),
                ("in_minor", models.BigIntegerField(default=0)),
                ("out_minor", models.BigIntegerField(default=0)),
                ("top_up_minor", models.BigIntegerField(default=0)),
                ("breaks", models.IntegerField(default=0)),
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
            ],
            options={
                "indexes": [models.Index(fields=["case"], name="ledger_chain_by_case")],
                "constraints": [models.UniqueConstraint(fields=("node", "currency"), name="ledger_chain_once")],
            },
        ),
        migrations.CreateModel(
            name="LedgerMatch",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("out_line", models.UUIDField(null=True)),
                ("in_line", models.UUIDField(null=True)),
                ("transfer", models.UUIDField(null=True)),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("reference", "Same reference, amount and parties"),
                            ("parties", "Same amount and parties within the time window"),
                            ("told", "A transfer told by an officer or an answer"),
                        ],
                        max_length=10,
                    ),
                ),
                ("seconds_apart", models.IntegerField()),
                ("matched_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_reason", models.CharField(blank=True, default="", max_length=300)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="ledger_matches", to="cases.case"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="matches",
                        to="accounts.ledgerentry",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["out_line"], name="ledger_match_by_out"),
                    models.Index(fields=["in_line"], name="ledger_match_by_in"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="statementfile",
            index=models.Index(fields=["case", "-received_at"], name="statement_file_by_case"),
        ),
        migrations.AddConstraint(
            model_name="statementfile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["refused", "discarded"]), _negated=True),
                fields=("case", "sha256"),
                name="statement_file_once",
            ),
        ),
        migrations.AddIndex(
            model_name="statementissue",
            index=models.Index(fields=["file", "row"], name="statement_issue_by_row"),
        ),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(fields=["file", "row"], name="statement_line_by_row"),
        ),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(fields=["case_id", "line_key"], name="statement_line_by_key"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["src", "currency", "co"], name="ledger_entry_out"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["dst", "currency", "ci"], name="ledger_entry_in"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["case", "out_at"], name="ledger_entry_by_case"),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("transfer__isnull", False)), fields=["transfer"], name="ledger_entry_by_transfer"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="ledger_entry_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("src__isnull", False), ("dst__isnull", False), _connector="OR"),
                name="ledger_entry_has_side",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("src", models.F("dst")), _negated=True), name="ledger_entry_two_sides"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementmapping",
            constraint=models.UniqueConstraint(fields=("institution", "headings_key"), name="statement_mapping_once"),
        ),
        migrations.AddConstraint(
            model_name="tracerun",
            constraint=models.UniqueConstraint(fields=("case", "number"), name="trace_run_number"),
        ),
        migrations.RunSQL(
            "CREATE SEQUENCE accounts_ledger_node AS bigint CACHE 100", "DROP SEQUENCE accounts_ledger_node"
        ),
    ]
