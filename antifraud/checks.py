"""Start-up checks: what must not be wrong before the first request; the walls themselves are elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, connection


@register(Tags.database)
def role_is_not_above_the_walls(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The application role must be neither superuser nor BYPASSRLS: row-level security would be void (R30)."""
    if not databases or "default" not in databases:
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            above = cursor.fetchone()[0]
    except OperationalError:
        return []  # readiness says that the database is away; a check that fails then would hide the reason
    if above:
        return [
            Error(
                "The database role is a superuser or may bypass row-level security.",
                hint="Connect as a plain role; see docs/operations.md, 'Two roles'.",
                id="antifraud.E001",
            )
        ]
    return []
