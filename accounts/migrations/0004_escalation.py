"""Escalation steps and stopped clocks."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_alerts")]
    operations = [
        migrations.CreateModel(
            name="Escalation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unacknowledged", "Not acknowledged"),
                            ("unanswered", "Not answered"),
                            ("lift_unconfirmed", "Lift not confirmed"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("banner", "Banner"),
                            ("mail", "E-mail"),
                            ("duty_officer", "Duty officer"),
                            ("supervisor", "Supervisor"),
                        ],
                        max_length=12,
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("at", models.DateTimeField()),
                (
                    "hold",
                    models.ForeignKey(
                        null=True, on_delete=models.PROTECT, related_name="escalations", to="accounts.hold"
                    ),
                ),
                ("order", models.ForeignKey(on_delete=models.PROTECT, related_name="escalations", to="accounts.order")),
            ],
        ),
        migrations.CreateModel(
            name="ClockPause",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reason", models.CharField(max_length=300)),
                ("asked_at", models.DateTimeField()),
                ("asked_minutes", models.PositiveIntegerField()),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("", "Awaiting decision"), ("consented", "Consented"), ("refused", "Refused")],
                        default="",
                        max_length=9,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("refusal", models.CharField(blank=True, default="", max_length=300)),
                ("from_at", models.DateTimeField(null=True)),
                ("until_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True, on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("institution", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to="banks.institution")),
                (
                    "order",
                    models.ForeignKey(on_delete=models.PROTECT, related_name="clock_pauses", to="accounts.order"),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="clockpause",
            index=models.Index(fields=["order", "asked_at"], name="clock_pause_by_order"),
        ),
        migrations.AddConstraint(
            model_name="clockpause",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decision", "")), fields=("order",), name="clock_pause_one_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="clockpause",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decision", "consented"), ("from_at__isnull", False), ("until_at__gte", models.F("from_at"))
                    ),
                    models.Q(
                        models.Q(("decision", "consented"), _negated=True),
                        ("from_at__isnull", True),
                        ("until_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="clock_pause_consented_has_term",
            ),
        ),
        migrations.AddConstraint(
            model_name="clockpause",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True), ("decision", "")),
                    models.Q(
                        models.Q(("decision", ""), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="clock_pause_decided_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="clockpause",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="clock_pause_two_persons",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.UniqueConstraint(
                fields=("order", "hold", "reason", "step"), name="escalation_step_once", nulls_distinct=False
            ),
        ),
    ]
