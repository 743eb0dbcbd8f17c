"""Reconciliation runs and what they found."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("banks", "0005_epoch")]
    operations = [
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "scope",
                    models.CharField(
                        choices=[("orders", "Orders of a day"), ("open_holds", "Open holds")], max_length=10
                    ),
                ),
                ("day", models.DateField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("missing", "Not done"),
                            ("fetched", "Digest fetched"),
                            ("matched", "Compared, equal"),
                            ("differs", "Differences"),
                        ],
                        max_length=8,
                    ),
                ),
                ("epoch", models.PositiveIntegerField()),
                ("times", models.PositiveIntegerField(default=0)),
                ("platform_count", models.PositiveIntegerField(default=0)),
                ("bank_count", models.PositiveIntegerField(null=True)),
                ("last_at", models.DateTimeField(null=True)),
                ("compared_at", models.DateTimeField(null=True)),
                ("late_noted_at", models.DateTimeField(null=True)),
                (
                    "institution",
                    models.ForeignKey(on_delete=models.PROTECT, related_name="sync_runs", to="banks.institution"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SyncFinding",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing_at_bank", "Missing at the institution"),
                            ("unknown_to_platform", "Unknown to the platform"),
                            ("different", "Different"),
                        ],
                        max_length=20,
                    ),
                ),
                ("subject_id", models.UUIDField()),
                ("platform_item", models.CharField(default="", max_length=200)),
                ("bank_item", models.CharField(default="", max_length=200)),
                (
                    "proposal",
                    models.CharField(
                        choices=[
                            ("redeliver", "Deliver again"),
                            ("send_answer", "The institution sends its answer"),
                            ("check_hold", "Both sides check the hold"),
                            ("check_order", "Both sides check the order"),
                        ],
                        max_length=12,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                (
                    "resolution",
                    models.CharField(
                        choices=[("redelivered", "Delivered again"), ("agreed", "Agrees now")],
                        default="",
                        max_length=12,
                    ),
                ),
                ("resolved_at", models.DateTimeField(null=True)),
                (
                    "order",
                    models.ForeignKey(
                        null=True, on_delete=models.PROTECT, related_name="sync_findings", to="accounts.order"
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("run", models.ForeignKey(on_delete=models.PROTECT, related_name="findings", to="accounts.syncrun")),
            ],
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["institution", "scope", "-last_at"], name="sync_run_newest"),
        ),
        migrations.AddConstraint(
            model_name="syncrun",
            constraint=models.UniqueConstraint(fields=("institution", "scope", "day"), name="sync_run_once"),
        ),
        migrations.AddIndex(
            model_name="syncfinding",
            index=models.Index(fields=["subject_id"], name="sync_finding_by_subject"),
        ),
        migrations.AddConstraint(
            model_name="syncfinding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=("run", "subject_id"),
                name="sync_finding_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="syncfinding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolution", ""), ("resolved_at__isnull", True)),
                    models.Q(("resolved_at__isnull", False), models.Q(("resolution", ""), _negated=True)),
                    _connector="OR",
                ),
                name="sync_finding_resolved_how",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("available_at__isnull", False)), fields=["available_at"], name="order_by_arrival"
            ),
        ),
    ]
