"""Institutions' signing keys, seen message ids and signed messages; the application may only add to the last."""

from __future__ import annotations

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import antifraud.crypto.fields

REVOKE = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'antifraud_app') THEN
    REVOKE UPDATE, DELETE, TRUNCATE ON banks_signedmessage FROM antifraud_app;
    REVOKE DELETE, TRUNCATE ON banks_institutionkey FROM antifraud_app;
  END IF;
END $$;
"""
GRANT = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'antifraud_app') THEN
    GRANT UPDATE, DELETE ON banks_signedmessage TO antifraud_app;
    GRANT DELETE ON banks_institutionkey TO antifraud_app;
  END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("banks", "0002_clock_and_numbers")]

    operations = [
        migrations.CreateModel(
            name="InstitutionKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key_id", models.CharField(max_length=64)),
                ("public_key", models.BinaryField(max_length=32)),
                ("not_before", models.DateTimeField()),
                ("not_after", models.DateTimeField(null=True)),
                ("registered_at", models.DateTimeField()),
                ("approved_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_reason", models.CharField(default="", max_length=200)),
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
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="keys", to="banks.institution"
                    ),
                ),
                (
                    "registered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "revoked_by",
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
            name="SeenMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.CharField(max_length=64)),
                ("seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="banks.institution"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignedMessage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("action", models.CharField(max_length=60)),
                ("subject_id", models.UUIDField()),
                ("case_id", models.UUIDField(null=True)),
                ("message_id", models.CharField(max_length=64)),
                ("method", models.CharField(max_length=8)),
                ("target_uri", models.TextField()),
                ("headers", models.JSONField()),
                ("body", antifraud.crypto.fields.EncryptedTextField()),
                ("signed_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="banks.institution"
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="banks.institutionkey"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="institutionkey",
            constraint=models.UniqueConstraint(fields=("institution", "key_id"), name="institution_key_id_once"),
        ),
        migrations.AddConstraint(
            model_name="institutionkey",
            constraint=models.UniqueConstraint(fields=("institution", "public_key"), name="institution_key_once"),
        ),
        migrations.AddConstraint(
            model_name="institutionkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by__isnull", True),
                    models.Q(("approved_by", models.F("registered_by")), _negated=True),
                    _connector="OR",
                ),
                name="institution_key_two_persons",
            ),
        ),
        migrations.AddConstraint(
            model_name="institutionkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                    _connector="OR",
                ),
                name="institution_key_approved_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="institutionkey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revoked_at__isnull", True), ("revoked_by__isnull", True)),
                    models.Q(("revoked_at__isnull", False), ("revoked_by__isnull", False)),
                    _connector="OR",
                ),
                name="institution_key_revoked_whole",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="institutionkey",
            trigger=pgtrigger.compiler.Trigger(
                name="key_is_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="eb7ddb85aeaea43b2d211c6c6396605513838f2d",
                    operation="DELETE",
                    pgid="pgtrigger_key_is_kept_ce167",
                    table="banks_institutionkey",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="institutionkey",
            trigger=pgtrigger.compiler.Trigger(
                name="key_stays_revoked",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."revoked_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="e8be781003364356701ce059b1df0886a0ed5390",
                    operation="UPDATE",
                    pgid="pgtrigger_key_stays_revoked_d44cb",
                    table="banks_institutionkey",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="institutionkey",
            trigger=pgtrigger.compiler.Trigger(
                name="key_is_fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."institution_id" IS DISTINCT FROM (NEW."institution_id") OR OLD."key_id" IS DISTINCT FROM (NEW."key_id") OR OLD."public_key" IS DISTINCT FROM (NEW."public_key") OR OLD."not_before" IS DISTINCT FROM (NEW."not_before") OR OLD."not_after" IS DISTINCT FROM (NEW."not_after") OR OLD."registered_by_id" IS DISTINCT FROM (NEW."registered_by_id") OR OLD."registered_at" IS DISTINCT FROM (NEW."registered_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="58a5724cff2e6b8fe6f990f07fdd964608ffc387",
                    operation="UPDATE",
                    pgid="pgtrigger_key_is_fixed_656df",
                    table="banks_institutionkey",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="seenmessage",
            index=models.Index(fields=["seen_at"], name="seen_message_by_age"),
        ),
        migrations.AddConstraint(
            model_name="seenmessage",
            constraint=models.UniqueConstraint(fields=("institution", "message_id"), name="seen_message_once"),
        ),
        migrations.AddIndex(
            model_name="signedmessage",
            index=models.Index(fields=["subject_id", "received_at"], name="signed_message_by_subject"),
        ),
        migrations.AddConstraint(
            model_name="signedmessage",
            constraint=models.UniqueConstraint(fields=("institution", "message_id"), name="signed_message_once"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signedmessage",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="6a192991547870db0dbedf7c7f76fa551c4273c6",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_729c5",
                    table="banks_signedmessage",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(REVOKE, GRANT),
    ]
