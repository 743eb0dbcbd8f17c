"""App registration; the floor's policy rows are registered when all models are loaded."""

from __future__ import annotations

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """The floor `cases`."""

    name = "cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the policy rows (importing the room does it)."""
        from cases import policy  # noqa: F401
