"""App registration."""

from __future__ import annotations

from django.apps import AppConfig


class CryptoConfig(AppConfig):
    """Label `af_crypto`: the name of the tables' prefix."""

    name = "antifraud.crypto"
    label = "af_crypto"
    default_auto_field = "django.db.models.BigAutoField"
