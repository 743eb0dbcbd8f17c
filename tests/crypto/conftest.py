"""Fixtures of the safe's tests: a key file of their own, and tables with encrypted columns that belong to no app."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from antifraud.crypto import data_keys, key_document, keyring
from tests import servers
from tests.crypto import cells


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new key file, used by the platform during the test."""
    path = tmp_path / "keys.json"
    key_document.create(path, key_document.fresh())
    monkeypatch.delenv("ANTIFRAUD_KEYS", raising=False)
    monkeypatch.delenv("ANTIFRAUD_KEYS_FILE", raising=False)
    settings.ANTIFRAUD_KEY_FILE = str(path)
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    keyring.forget()
    data_keys.forget()
    yield path
    keyring.forget()
    data_keys.forget()


@pytest.fixture(scope="module")
def tables(django_db_setup: None) -> Iterator[None]:
    """The tables of `cells.Person` and `cells.Company`, made by the owner: the application role may make none."""
    models = (cells.Person, cells.Company)
    _as_owner([cells.create_table(model) for model in models])
    yield
    _as_owner([f'DROP TABLE IF EXISTS "{model._meta.db_table}"' for model in models])


def _as_owner(statements: list[str]) -> None:
    with contextlib.closing(psycopg2.connect(servers.owner_url())) as link, link, link.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
