"""The one place that opens transactions, tells the legal time and locks rows; no model of the domain is here."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from django.db import connection, models, transaction
from django.db.models.functions import Now

from antifraud.tracing import current_request_id as current_request_id
from antifraud.tracing import set_request_id as set_request_id

M = TypeVar("M", bound=models.Model)


class Principal(Protocol):
    """Who acts: a user with exactly one institution."""

    id: uuid.UUID
    institution_id: uuid.UUID


@dataclass
class UnitOfWork:
    """The open transaction: who acts in it, under which request, and the legal time at its start."""

    principal: Principal | None
    request_id: str
    now: datetime
    notes: dict[str, Any] = field(default_factory=dict)


_current: ContextVar[UnitOfWork | None] = ContextVar("antifraud_unit_of_work", default=None)


class NoUnitOfWork(RuntimeError):
    """A service was called outside of a unit of work: a defect of the caller."""


class UUIDModel(models.Model):
    """Random public key, made in Python so that it exists before the row (R17 binds ciphertext to it)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)

    class Meta:
        abstract = True


class AppNow(Now):
    """ORM expression for the SQL function app_now(): the legal clock (domain.md §4)."""

    template = "app_now()"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="app_now()", **extra)


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562 §5.7); made here because uuidv7() exists only from PostgreSQL 18."""
    millis = time.time_ns() // 1_000_000
    value = (millis & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


@contextmanager
def unit_of_work(principal: Principal | None, *, request_id: str = "") -> Iterator[UnitOfWork]:
    """Open the one durable transaction of a request, task or command and tell the database who acts.

    Cannot be nested (Django raises RuntimeError): services join the open unit, they never open one.
    The principal is set for the transaction only, so that a pooled connection cannot carry it further.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('app.principal', %s, true), set_config('app.institution', %s, true), app_now()",
                [str(principal.id) if principal else "", str(principal.institution_id) if principal else ""],
            )
            now = cursor.fetchone()[2]
        work = UnitOfWork(principal, request_id or current_request_id(), now)
        token = _current.set(work)
        try:
            yield work
        finally:
            _current.reset(token)


def require_unit_of_work() -> UnitOfWork:
    """The open unit of work; raises NoUnitOfWork where a caller forgot to open one."""
    work = _current.get()
    if work is None:
        raise NoUnitOfWork("open antifraud.db.unit_of_work() before calling a service")
    return work


def app_now() -> datetime:
    """The legal time: the unit of work's start inside one, else asked from the database."""
    work = _current.get()
    if work is not None:
        return work.now
    with connection.cursor() as cursor:
        cursor.execute("SELECT app_now()")
        now: datetime = cursor.fetchone()[0]
    return now


def lock(queryset: models.QuerySet[M]) -> models.QuerySet[M]:
    """Rows locked for change in one order (pk), so that two units cannot wait for each other."""
    return queryset.order_by("pk").select_for_update(of=("self",), no_key=True)
