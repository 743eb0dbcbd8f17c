"""App registration."""

from __future__ import annotations

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Label `af_jobs`: the name of the tables' prefix."""

    name = "antifraud.jobs"
    label = "af_jobs"
    default_auto_field = "django.db.models.BigAutoField"
