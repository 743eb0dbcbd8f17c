"""The one way to the platform's own keys: which provider holds them, what it can be asked."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from antifraud.crypto import local_keys
from antifraud.crypto.key_document import KeyClass
from antifraud.crypto.local_keys import KeyRefused, PublishedKey

__all__ = ["KeyClass", "KeyProvider", "KeyRefused", "PublishedKey", "current", "fault", "forget"]


class KeyProvider(Protocol):
    """What the safe asks of a key store, for a Vault Transit or HSM client to implement.

    It gives out no key but the data keys that it unwraps and the derived index keys: an import of 100,000
    rows cannot ask a network for each.

    Methods raise KeyRefused for a key that is not in the ring, and never fall back to another key.
    """

    def active_kek(self) -> str: ...

    def wrap(self, secret: bytes, context: bytes) -> tuple[str, bytes]: ...

    def unwrap(self, kek_id: str, wrapped: bytes, context: bytes) -> bytes: ...

    def index_key(self, purpose: str) -> bytes: ...

    def mac(self, key_class: KeyClass, message: bytes) -> tuple[str, bytes]: ...

    def mac_holds(self, key_class: KeyClass, key_id: str, message: bytes, mac: bytes) -> bool: ...

    def sign(self, message: bytes) -> tuple[str, bytes]: ...

    def signature_holds(self, key_id: str, message: bytes, signature: bytes) -> bool: ...

    def public_keys(self) -> dict[str, bytes]: ...

    def signer_ids(self) -> list[str]: ...

    def sign_as(self, key_id: str, message: bytes) -> bytes: ...

    def published_keys(self) -> list[PublishedKey]: ...


@lru_cache(maxsize=1)
def current() -> KeyProvider:
    """The provider of this process; raises ImproperlyConfigured with the next step where there is none.

    First match: settings.ANTIFRAUD_KEY_PROVIDER (dotted path of a callable that returns a KeyProvider), the
    environment (ANTIFRAUD_KEYS or ANTIFRAUD_KEYS_FILE), the file named by settings.ANTIFRAUD_KEY_FILE.
    """
    dotted = getattr(settings, "ANTIFRAUD_KEY_PROVIDER", "")
    if dotted:
        provider: KeyProvider = import_string(dotted)()
        return provider
    if "ANTIFRAUD_KEYS" in os.environ or "ANTIFRAUD_KEYS_FILE" in os.environ:
        return local_keys.from_environment()
    path = getattr(settings, "ANTIFRAUD_KEY_FILE", "")
    if path:
        return local_keys.from_file(Path(path))
    raise ImproperlyConfigured("no keys: set ANTIFRAUD_KEY_FILE to a file made by `manage.py keys_init FILE`")


def fault() -> str:
    """Why this process has no keys to work with, as the name of the error; empty where it has."""
    try:
        current().active_kek()
    except (ImproperlyConfigured, KeyRefused) as error:
        return type(error).__name__
    return ""


def forget() -> None:
    """Ask for the provider anew at the next use (after the settings changed)."""
    current.cache_clear()
