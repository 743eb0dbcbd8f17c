"""App registration."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Label `af_api`: the name of the tables' prefix."""

    name = "antifraud.api"
    label = "af_api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Every process that rings the doorbell needs the Celery application as the current one."""
        import_module("antifraud.celery")
