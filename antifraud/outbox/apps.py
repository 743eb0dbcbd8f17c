"""App registration."""

from __future__ import annotations

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Label `af_outbox`: the name of the tables' prefix."""

    name = "antifraud.outbox"
    label = "af_outbox"
    default_auto_field = "django.db.models.BigAutoField"
