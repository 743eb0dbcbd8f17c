"""Returns of money: refunds, their rounds and shares, objections."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import antifraud.crypto.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_series"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("banks", "0005_epoch"),
        ("cases", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE refund_number_seq;", "DROP SEQUENCE refund_number_seq;"),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(max_length=40, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("drafted", "Drafted"),
                            ("noticed", "Public notice"),
                            ("objected", "Objected"),
                            ("decided", "Decided"),
                            ("paid", "Paid"),
                            ("failed", "Payout failed"),
                            ("closed", "Ended"),
                        ],
                        default="drafted",
                        max_length=10,
                    ),
                ),
                ("version", models.IntegerField(default=1)),
                ("currency", models.CharField(max_length=3)),
                ("round_number", models.PositiveSmallIntegerField(default=1)),
                ("legal_basis", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_sha256", models.BinaryField(null=True)),
                ("refused_reason", models.CharField(blank=True, default="", max_length=300)),
                ("payload", antifraud.crypto.fields.EncryptedTextField(null=True)),
                ("payload_sha256", models.BinaryField(null=True)),
                ("available_at", models.DateTimeField(null=True)),
                ("payout_due_at", models.DateTimeField(null=True)),
                ("overdue_told_at", models.DateTimeField(null=True)),
                ("paid_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_reason", models.CharField(blank=True, default="", max_length=300)),
                (
                    "approver",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="cases.case"
                    ),
                ),
                (
                    "drafted_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="accounts.hold"
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds_to_pay",
                        to="banks.institution",
                    ),
                ),
                (
                    "legal_profile",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="banks.legalprofile"),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "second_officer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds_drafted",
                        to="banks.institution",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RefundGrant",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="grants", to="accounts.refund"
                    ),
                ),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
            ],
        ),
        migrations.CreateModel(
            name="RefundRound",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("drafted", "First computation"),
                            ("victim_found", "A further victim was found"),
                            ("objection", "An objection was upheld"),
                            ("changed", "The facts changed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                (
                    "branch",
                    models.CharField(
                        choices=[
                            ("single", "Direct: one source"),
                            ("trace", "Direct: traced by time"),
                            ("pro_rata", "Pro rata by loss"),
                        ],
                        max_length=8,
                    ),
                ),
                ("held_minor", models.BigIntegerField()),
                ("shared_minor", models.BigIntegerField()),
                ("surplus_minor", models.BigIntegerField()),
                ("is_stated_single", models.BooleanField(default=False)),
                ("worksheet", models.JSONField()),
                ("sha256", models.BinaryField()),
                ("opened_at", models.DateTimeField()),
                ("notice_text", antifraud.crypto.fields.EncryptedTextField(null=True)),
                ("notice_days", models.PositiveSmallIntegerField(null=True)),
                ("noticed_at", models.DateTimeField(null=True)),
                ("notice_ends_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"),
                ),
                (
                    "noticed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rounds", to="accounts.refund"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "party",
                    models.CharField(
                        choices=[("victim", "Victim"), ("holder", "Account holder"), ("third", "Third party")],
                        max_length=8,
                    ),
                ),
                ("lodged_by", antifraud.crypto.fields.EncryptedTextField(mask="name")),
                ("text", antifraud.crypto.fields.EncryptedTextField()),
                ("lodged_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("", "Not decided"), ("upheld", "Upheld"), ("rejected", "Rejected")],
                        default="",
                        max_length=8,
                    ),
                ),
                ("reasons", antifraud.crypto.fields.EncryptedTextField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="objections", to="accounts.refund"
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
                        to="accounts.refundround",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RefundShare",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("reported_at", models.DateTimeField()),
                ("loss_minor", models.BigIntegerField()),
                ("elsewhere_minor", models.BigIntegerField(default=0)),
                ("returned_minor", models.BigIntegerField(default=0)),
                ("traced_minor", models.BigIntegerField(null=True)),
                ("share_minor", models.BigIntegerField()),
                ("payee_name", antifraud.crypto.fields.EncryptedTextField(mask="name")),
                ("payee_account", antifraud.crypto.fields.EncryptedTextField(mask="account")),
                ("payee_bank", models.CharField(max_length=160)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not paid yet"),
                            ("paid", "Paid"),
                            ("failed", "Payout failed"),
                            ("given_up", "Not paid, closed"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("transfer_id", models.CharField(blank=True, default="", max_length=80)),
                ("paid_at", models.DateTimeField(null=True)),
                ("failure", models.CharField(blank=True, default="", max_length=300)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("outcome_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"),
                ),
                (
                    "proof",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.attachment"
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shares", to="accounts.refund"
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
                (
                    "round",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shares", to="accounts.refundround"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.tracerun"
                    ),
                ),
                (
                    "victim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refund_shares", to="cases.victim"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("status__in", ["decided", "failed"])),
                fields=["institution", "payout_due_at"],
                name="refund_due",
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["case", "-created_at"], name="refund_by_case"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["drafted", "noticed", "objected", "decided", "failed"])),
                fields=("hold",),
                name="refund_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("operator__isnull", True),
                    models.Q(("second_officer", models.F("operator")), _negated=True),
                    _connector="OR",
                ),
                name="refund_two_officers",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approver__isnull", True),
                    models.Q(
                        models.Q(("approver", models.F("operator")), _negated=True),
                        models.Q(("approver", models.F("second_officer")), _negated=True),
                        ("operator__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="refund_approver_is_third",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["decided", "paid", "failed"]), _negated=True),
                    models.Q(
                        ("approver__isnull", False), ("decided_at__isnull", False), ("decided_sha256__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="refund_decided_is_approved",
            ),
        ),
        migrations.AddIndex(
            model_name="refundgrant",
            index=models.Index(
                models.F("group"),
                models.F("permission"),
                models.OrderBy(models.F("sort_at"), descending=True),
                models.OrderBy(models.F("content_object"), descending=True),
                condition=models.Q(("revoked_at__isnull", True)),
                name="refund_grant_newest",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundgrant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("group", "permission", "content_object"),
                name="refund_grant_one_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundround",
            constraint=models.UniqueConstraint(fields=("refund", "number"), name="refund_round_number"),
        ),
        migrations.AddConstraint(
            model_name="refundround",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "held_minor",
                        django.db.models.expressions.CombinedExpression(
                            models.F("shared_minor"), "+", models.F("surplus_minor")
                        ),
                    ),
                    ("shared_minor__gte", 0),
                    ("surplus_minor__gte", 0),
                ),
                name="refund_round_balances",
            ),
        ),
        migrations.AddIndex(
            model_name="objection",
            index=models.Index(fields=["refund", "decision"], name="objection_by_refund"),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("recorded_by")), _negated=True),
                    _connector="OR",
                ),
                name="objection_two_persons",
            ),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decision", ""),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                    _connector="OR",
                ),
                name="objection_decided_by",
            ),
        ),
        migrations.AddIndex(
            model_name="refundshare",
            index=models.Index(fields=["victim", "outcome"], name="refund_share_by_victim"),
        ),
        migrations.AddConstraint(
            model_name="refundshare",
            constraint=models.UniqueConstraint(fields=("round", "victim"), name="refund_share_once"),
        ),
        migrations.AddConstraint(
            model_name="refundshare",
            constraint=models.UniqueConstraint(
                condition=models.Q(("transfer_id", ""), _negated=True),
                fields=("refund", "transfer_id"),
                name="refund_transfer_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundshare",
            constraint=models.CheckConstraint(
                condition=models.Q(("loss_minor__gte", 0), ("returned_minor__gte", 0), ("share_minor__gte", 0)),
                name="refund_share_amounts",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundshare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("share_minor", 0),
                    (
                        "share_minor__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("loss_minor"), "-", models.F("returned_minor")
                        ),
                    ),
                    _connector="OR",
                ),
                name="refund_share_within_loss",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundshare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "paid"), _negated=True),
                    models.Q(models.Q(("transfer_id", ""), _negated=True), ("paid_at__isnull", False)),
                    _connector="OR",
                ),
                name="refund_paid_has_transfer",
            ),
        ),
    ]
