"""Series of cases, and the risk features of ledger accounts."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_fund_flow"),
        ("cases", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerFeatureRun",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="feature_run",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("ledger_version", models.IntegerField()),
                ("accounts", models.IntegerField()),
                ("entries", models.IntegerField()),
                ("computed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SeriesCheck",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("links", models.IntegerField()),
                ("cases", models.IntegerField()),
                ("series", models.IntegerField()),
                ("differences", models.IntegerField()),
                ("mended", models.IntegerField()),
                ("millis", models.IntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=20, unique=True)),
                ("size", models.IntegerField(default=0)),
                ("formed_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged_from",
                        to="accounts.series",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeriesDecision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("join", "Joined by hand"), ("split", "Split by hand")], max_length=8),
                ),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_reason", models.CharField(blank=True, default="", max_length=300)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="series_decisions", to="cases.case"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="accounts.series"
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
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SeriesCut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("phone", "Phone number"),
                            ("lead", "Clue"),
                            ("device", "Device"),
                        ],
                        max_length=8,
                    ),
                ),
                ("key", models.BinaryField()),
                ("is_live", models.BooleanField(default=True)),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cuts", to="accounts.seriesdecision"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeriesEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("formed", "Formed"),
                            ("added", "Case added"),
                            ("left", "Case left"),
                            ("merged", "Another series came in"),
                            ("divided", "Divided"),
                            ("ended", "Ended"),
                            ("mended", "Mended by the nightly check"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("account", "Account"),
                            ("phone", "Phone number"),
                            ("lead", "Clue"),
                            ("device", "Device"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.seriesdecision",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.series"
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="accounts.series"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeriesLink",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("phone", "Phone number"),
                            ("lead", "Clue"),
                            ("device", "Device"),
                        ],
                        max_length=8,
                    ),
                ),
                ("key", models.BinaryField()),
                ("source_id", models.UUIDField()),
                ("counts", models.BooleanField(default=True)),
                ("added_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series_links",
                        to="cases.case",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeriesMember",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="series_member",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("since", models.DateTimeField()),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="members", to="accounts.series"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeriesStop",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("account", "Account"),
                            ("phone", "Phone number"),
                            ("lead", "Clue"),
                            ("device", "Device"),
                        ],
                        max_length=8,
                    ),
                ),
                ("key", models.BinaryField()),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_reason", models.CharField(blank=True, default="", max_length=300)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.involvedaccount",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeriesTie",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_live", models.BooleanField(default=True)),
                (
                    "a",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"),
                ),
                (
                    "b",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="ties", to="accounts.seriesdecision"
                    ),
                ),
                (
                    "ended_by_decision",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ended_ties",
                        to="accounts.seriesdecision",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerFeature",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("node", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("is_covered", models.BooleanField()),
                ("entries_in", models.IntegerField()),
                ("entries_out", models.IntegerField()),
                ("in_minor", models.BigIntegerField()),
                ("out_minor", models.BigIntegerField()),
                ("fan_in", models.IntegerField(null=True)),
                ("fan_out", models.IntegerField(null=True)),
                ("fan_in_hour", models.IntegerField(null=True)),
                ("fan_out_hour", models.IntegerField(null=True)),
                ("pass_through", models.IntegerField(null=True)),
                ("dwell", models.BigIntegerField(null=True)),
                ("burst", models.IntegerField(null=True)),
                ("night", models.IntegerField(null=True)),
                ("shared_device", models.IntegerField(null=True)),
                ("round_amounts", models.IntegerField(null=True)),
                ("test_payments", models.IntegerField(null=True)),
                ("score", models.IntegerField()),
                ("known", models.IntegerField()),
                ("basis", models.JSONField(default=dict)),
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
                "indexes": [models.Index(fields=["case", "-score", "-id"], name="ledger_feature_by_score")],
                "constraints": [models.UniqueConstraint(fields=("node", "currency"), name="ledger_feature_once")],
            },
        ),
        migrations.AddIndex(
            model_name="series",
            index=models.Index(fields=["-changed_at", "-id"], name="series_by_change"),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("size__gte", 0)),
                    models.Q(("ended_at__isnull", False), ("size", 0)),
                    _connector="OR",
                ),
                name="series_ended_is_empty",
            ),
        ),
        migrations.AddIndex(
            model_name="serieslink",
            index=models.Index(fields=["key", "kind", "case"], name="series_link_by_key"),
        ),
        migrations.AddConstraint(
            model_name="serieslink",
            constraint=models.UniqueConstraint(fields=("case", "kind", "key"), name="series_link_once"),
        ),
        migrations.AddConstraint(
            model_name="seriesstop",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("kind", "key"), name="series_stop_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="seriestie",
            constraint=models.CheckConstraint(
                condition=models.Q(("a", models.F("b")), _negated=True), name="series_tie_two_cases"
            ),
        ),
        migrations.RunSQL("CREATE SEQUENCE accounts_series_number AS bigint", "DROP SEQUENCE accounts_series_number"),
    ]
