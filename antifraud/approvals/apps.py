"""App registration."""

from __future__ import annotations

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """Label `af_approvals`: the name of the tables' prefix."""

    name = "antifraud.approvals"
    label = "af_approvals"
    default_auto_field = "django.db.models.BigAutoField"
