"""Webhook endpoints, circuits, rate buckets and the push columns of deliveries."""

from __future__ import annotations

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("banks", "0003_keys")]
    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("url", models.CharField(max_length=500)),
                ("ca", models.TextField(blank=True, default="")),
                ("timeout_seconds", models.PositiveSmallIntegerField(default=10)),
                ("proposed_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.CharField(blank=True, default="", max_length=200)),
            ],
        ),
        migrations.AddField(
            model_name="attempt",
            name="institution",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="banks.institution",
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="seconds",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="push_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="delivery",
            name="push_attempt",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="delivery",
            name="push_failures",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="delivery",
            name="seq",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="lane",
            name="alert_age_limit",
            field=models.PositiveIntegerField(db_default=3600, default=3600),
        ),
        migrations.AddField(
            model_name="lane",
            name="alert_depth_limit",
            field=models.PositiveIntegerField(db_default=1000, default=1000),
        ),
        migrations.AddField(
            model_name="lane",
            name="burst",
            field=models.PositiveIntegerField(db_default=200, default=200),
        ),
        migrations.AddField(
            model_name="lane",
            name="circuit",
            field=models.CharField(
                choices=[("closed", "Working"), ("open", "Resting after failures"), ("half_open", "Being tried again")],
                db_default="closed",
                default="closed",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="lane",
            name="door",
            field=models.CharField(
                choices=[
                    ("pull", "Its system fetches"),
                    ("webhook", "Its system is called"),
                    ("inbox", "People read the inbox"),
                ],
                db_default="pull",
                default="pull",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="lane",
            name="failures",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="lane",
            name="opened_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="lane",
            name="paused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="lane",
            name="paused_by_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="lane",
            name="paused_why",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="lane",
            name="probe_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="lane",
            name="push_paused_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="lane",
            name="push_paused_why",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="lane",
            name="rate_per_second",
            field=models.PositiveIntegerField(db_default=200, default=200),
        ),
        migrations.AddField(
            model_name="lane",
            name="refilled_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="lane",
            name="tokens",
            field=models.FloatField(db_default=200.0, default=200.0),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["institution", "-id"], name="attempt_newest"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["ready", "leased"])),
                fields=["institution", "priority", "push_at"],
                name="delivery_push",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", "leased")), fields=["institution"], name="delivery_leased"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "dead_lettered")), fields=["institution"], name="delivery_dead"
            ),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="approved_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="institution",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="endpoints", to="banks.institution"
            ),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="proposed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("approved_at__isnull", False), ("ended_at__isnull", True)),
                fields=("institution",),
                name="endpoint_one_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("approved_at__isnull", True), ("ended_at__isnull", True)),
                fields=("institution",),
                name="endpoint_one_proposed",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="endpoint_two_persons",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("timeout_seconds__gte", 1), ("timeout_seconds__lte", 10)), name="endpoint_timeout"
            ),
        ),
        # Deliveries that were there before get their numbers in the order of their making.
        migrations.RunSQL(
            """
            UPDATE banks_delivery d SET seq = numbered.place FROM (
              SELECT id, row_number() OVER (PARTITION BY institution_id, subject_id ORDER BY created_at, id) AS place FROM banks_delivery
            ) numbered WHERE numbered.id = d.id AND numbered.place > 1
            """,
            migrations.RunSQL.noop,
        ),
    ]
