"""App registration; the floor's policy rows are registered when all models are loaded."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The floor `accounts`."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the policy rows (importing the room does it)."""
        from accounts import policy  # noqa: F401
