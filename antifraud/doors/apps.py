"""App registration; the bell needs the Celery application in every process and thread."""

from __future__ import annotations

from django.apps import AppConfig


class DoorsConfig(AppConfig):
    """Carries the management commands `relay` and `scheduler` and the tasks; it has no tables."""

    name = "antifraud.doors"
    label = "af_doors"

    def ready(self) -> None:
        """Register the start-up checks (importing them does it)."""
        from antifraud import checks  # noqa: F401
