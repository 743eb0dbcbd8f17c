"""App registration; the floor's policy rows are registered when all models are loaded."""

from __future__ import annotations

from django.apps import AppConfig


class BanksConfig(AppConfig):
    """The floor `banks`."""

    name = "banks"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the policy rows (importing the room does it)."""
        from banks import policy  # noqa: F401
