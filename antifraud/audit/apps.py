"""App registration."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Label `af_audit`: the name of the tables' prefix."""

    name = "antifraud.audit"
    label = "af_audit"
    default_auto_field = "django.db.models.BigAutoField"
