"""Two models with encrypted fields, their tables, and a raw view of what is stored in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.db import connection, models

from antifraud.crypto import EncryptedJSONField, EncryptedTextField, data_keys
from antifraud.crypto.key_cache import Scope
from antifraud.db import UUIDModel


class Person(UUIDModel):
    """A row of one case."""

    case_id = models.UUIDField(default=uuid4)
    remark = models.CharField(max_length=50, default="", blank=True)
    number = EncryptedTextField(mask="account", max_length=40)
    name = EncryptedTextField(mask="name", null=True, blank=True)
    extra = EncryptedJSONField(null=True)

    class Meta:
        app_label = "test_crypto"
        constraints = [models.CheckConstraint(condition=~models.Q(remark="refused"), name="person_remark")]

    objects: models.Manager[Person]

    def encryption_scope(self) -> Scope:
        return ("case", self.case_id)


class Company(UUIDModel):
    """The same columns in another table."""

    case_id = models.UUIDField(default=uuid4)
    number = EncryptedTextField(mask="account")
    name = EncryptedTextField(mask="name", null=True)

    class Meta:
        app_label = "test_crypto"

    objects: models.Manager[Company]

    def encryption_scope(self) -> Scope:
        return ("institution", self.case_id)


def create_table(model: type[models.Model]) -> str:
    """SQL for a model's columns; no foreign keys, no indexes."""
    fields = model._meta.concrete_fields
    columns = [f'"{field.column}" {field.db_type(connection)}{"" if field.null else " NOT NULL"}' for field in fields]
    return f'CREATE TABLE IF NOT EXISTS "{model._meta.db_table}" ({", ".join(columns)})'


def stored(model: type[models.Model], column: str, row: UUID) -> bytes | None:
    """The cell as PostgreSQL holds it."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}" FROM "{model._meta.db_table}" WHERE id = %s', [row])
        (value,) = cursor.fetchone()
    return None if value is None else bytes(value)


def store(model: type[models.Model], column: str, row: UUID, value: Any) -> None:
    """Overwrite the cell behind the back of the ORM."""
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{model._meta.db_table}" SET "{column}" = %s WHERE id = %s', [value, row])
        assert cursor.rowcount == 1


def be_another_process() -> None:
    """Forget all unwrapped keys, also those that the open transaction made: the next read asks the database."""
    data_keys.forget()
    connection.run_on_commit.clear()
