"""App registration."""

from __future__ import annotations

from django.apps import AppConfig


class DoorsConfig(AppConfig):
    """Carries the management commands `relay` and `scheduler`; it has no tables."""

    name = "antifraud.doors"
    label = "af_doors"
