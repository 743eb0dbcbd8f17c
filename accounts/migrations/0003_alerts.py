"""Alerts and their notices."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import antifraud.crypto.fields


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_reconciliation")]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE alert_number_seq;", "DROP SEQUENCE alert_number_seq;"),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=40, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("involved_accounts", "Involved accounts"),
                            ("likely_victim", "Likely victim"),
                            ("account_pattern", "Account pattern"),
                            ("card_seller", "Card-seller notice"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("awaiting_approval", "Awaiting approval"),
                            ("issued", "Issued"),
                            ("closed", "Ended"),
                            ("rejected", "Rejected"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        max_length=18,
                    ),
                ),
                ("version", models.IntegerField(default=1)),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("keepers", "The institutions that keep the accounts"),
                            ("chosen", "Chosen institutions"),
                            ("all", "All connected institutions"),
                        ],
                        max_length=8,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("content", antifraud.crypto.fields.EncryptedTextField()),
                ("legal_basis", models.CharField(max_length=200)),
                ("purpose", models.CharField(max_length=80)),
                ("expires_at", models.DateTimeField()),
                ("acknowledge_minutes", models.PositiveIntegerField()),
                ("payload", antifraud.crypto.fields.EncryptedTextField(null=True)),
                ("payload_sha256", models.BinaryField(null=True)),
                ("created_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
                ("issued_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("ended_reason", models.CharField(blank=True, default="", max_length=300)),
                ("addressees", models.ManyToManyField(related_name="+", to="banks.institution")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="alerts", to="cases.case"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "drafted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "legal_profile",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="banks.legalprofile"),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts_issued",
                        to="banks.institution",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AlertGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("purpose", models.CharField(max_length=80)),
                ("legal_basis", models.CharField(max_length=200)),
                ("sort_at", models.DateTimeField()),
                ("granted_at", models.DateTimeField()),
                ("granted_by_id", models.UUIDField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_by_id", models.UUIDField(null=True)),
                ("revoked_reason", models.CharField(default="", max_length=200)),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="grants", to="accounts.alert"
                    ),
                ),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
            ],
        ),
        migrations.CreateModel(
            name="AlertLine",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("number", antifraud.crypto.fields.EncryptedTextField(mask="account")),
                ("name", antifraud.crypto.fields.EncryptedTextField(mask="name", null=True)),
                ("to_all", models.BooleanField(default=False)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="accounts.alert"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="banks.institution"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AlertNotice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("case_id", models.UUIDField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("issued", "Issued"),
                            ("acknowledged", "Acknowledged"),
                            ("reported_back", "Reported back"),
                            ("closed", "Ended"),
                        ],
                        default="issued",
                        max_length=14,
                    ),
                ),
                ("version", models.IntegerField(default=1)),
                ("payload", antifraud.crypto.fields.EncryptedTextField()),
                ("payload_sha256", models.BinaryField()),
                ("issued_at", models.DateTimeField()),
                ("available_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("reported_at", models.DateTimeField(null=True)),
                (
                    "finding",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("measures_taken", "Found, measures taken"),
                            ("found", "Found, nothing done"),
                            ("nothing_found", "Nothing found"),
                        ],
                        default="",
                        max_length=16,
                    ),
                ),
                ("report", antifraud.crypto.fields.EncryptedTextField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="accounts.alert"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alert_notices",
                        to="banks.institution",
                    ),
                ),
                (
                    "read_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reported_by",
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
            name="AlertNoticeGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("purpose", models.CharField(max_length=80)),
                ("legal_basis", models.CharField(max_length=200)),
                ("sort_at", models.DateTimeField()),
                ("granted_at", models.DateTimeField()),
                ("granted_by_id", models.UUIDField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_by_id", models.UUIDField(null=True)),
                ("revoked_reason", models.CharField(default="", max_length=200)),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="grants", to="accounts.alertnotice"
                    ),
                ),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
            ],
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(condition=models.Q(("status", "issued")), fields=["expires_at"], name="alert_by_expiry"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(condition=models.Q(("case__isnull", False)), fields=["case"], name="alert_by_case"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(
                        models.Q(("approved_by", models.F("created_by")), _negated=True),
                        models.Q(("approved_by", models.F("drafted_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="alert_two_persons",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["issued", "closed"]), _negated=True),
                    models.Q(("issued_at__isnull", False), ("payload_sha256__isnull", False)),
                    _connector="OR",
                ),
                name="alert_issued_has_payload",
            ),
        ),
        migrations.AddIndex(
            model_name="alertgrant",
            index=models.Index(
                models.F("group"),
                models.F("permission"),
                models.OrderBy(models.F("sort_at"), descending=True),
                models.OrderBy(models.F("content_object"), descending=True),
                condition=models.Q(("revoked_at__isnull", True)),
                name="alert_grant_newest",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertgrant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("group", "permission", "content_object"),
                name="alert_grant_one_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertline",
            constraint=models.UniqueConstraint(fields=("alert", "position"), name="alert_line_once"),
        ),
        migrations.AddIndex(
            model_name="alertnotice",
            index=models.Index(
                condition=models.Q(("status", "issued")), fields=["institution", "due_at"], name="alert_notice_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="alertnotice",
            constraint=models.UniqueConstraint(fields=("alert", "institution"), name="alert_notice_once"),
        ),
        migrations.AddIndex(
            model_name="alertnoticegrant",
            index=models.Index(
                models.F("group"),
                models.F("permission"),
                models.OrderBy(models.F("sort_at"), descending=True),
                models.OrderBy(models.F("content_object"), descending=True),
                condition=models.Q(("revoked_at__isnull", True)),
                name="alert_notice_grant_newest",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertnoticegrant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("group", "permission", "content_object"),
                name="alert_notice_grant_one_live",
            ),
        ),
    ]
