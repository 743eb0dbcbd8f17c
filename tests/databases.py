"""Databases beside the worker's own: new, copied from the template, entered as application or as owner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.db import connection

from antifraud.crypto import data_keys
from antifraud.settings import env

# What `tests.cast` inserts, in the order in which it can be removed; the foundation stays.
UNCAST = (
    "DELETE FROM banks_lane", "DELETE FROM banks_user WHERE username <> 'system'",
    "UPDATE banks_institution SET parent_id = NULL", "DELETE FROM banks_institution WHERE kind <> 'platform'",
    "DELETE FROM banks_cardprefix", "DELETE FROM banks_bankname",
)  # fmt: skip


def _at(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _as_owner(name: str, *statements: str) -> None:
    link = psycopg2.connect(_at(os.environ["ANTIFRAUD_TEST_OWNER_URL"], name))
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        link.close()


@contextmanager
def new_database(*, with_cast: bool = False) -> Iterator[str]:
    """The name of a production database with the foundation, and where asked with the cast; dropped afterwards."""
    name = f"{os.environ['ANTIFRAUD_TEST_DATABASE']}_new"
    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    _as_owner("postgres", drop, f'CREATE DATABASE "{name}" TEMPLATE "antifraud" STRATEGY = FILE_COPY')
    _as_owner(name, *([] if with_cast else UNCAST), "UPDATE app_clock SET mode = 'production'")
    try:
        yield name
    finally:
        _as_owner("postgres", drop)


@contextmanager
def entered(name: str, *, owner: bool = False) -> Iterator[None]:
    """Django's connection leads to that database meanwhile."""
    role = "OWNER" if owner else "APP"
    wanted = env.database(_at(os.environ[f"ANTIFRAUD_TEST_{role}_URL"], name))
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    before = {key: connection.settings_dict[key] for key in names}
    connection.close()
    connection.settings_dict.update({key: wanted[key] for key in names})
    data_keys.forget()
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
        data_keys.forget()
