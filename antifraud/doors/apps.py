"""App registration; the bell needs the Celery application in every process and thread."""

from __future__ import annotations

from django.apps import AppConfig


class DoorsConfig(AppConfig):
    """Carries the management commands `relay` and `scheduler` and the tasks; it has no tables."""

    name = "antifraud.doors"
    label = "af_doors"

    def ready(self) -> None:
        """Register the start-up checks, and make ours the application that `celery.current_app` means.

        Without the latter only the importing thread would have it, and the other threads of a web process would
        ring a broker that does not exist.
        """
        from antifraud import checks  # noqa: F401
        from antifraud.celery import app

        app.set_default()
