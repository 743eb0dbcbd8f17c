"""Start-up checks: what must not be wrong before the first request; the walls themselves are elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, connection

from antifraud.crypto.signing import NAME_PATTERN

OLDEST_POSTGRES = 15  # constraints with NULLS NOT DISTINCT: Django leaves them out below, without an error
_ASK = """
SELECT rolsuper OR rolbypassrls, current_setting('server_version_num')::int FROM pg_roles WHERE rolname = current_user
"""
_ORIGIN = re.compile(r"https?://[a-z0-9.\-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?")


@register(Tags.database)
def server_and_role_are_fit(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The role must be neither superuser nor BYPASSRLS: row-level security would be void (R30); the server not too old."""
    if not databases or "default" not in databases:
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(_ASK)
            above, version = cursor.fetchone()
    except OperationalError:
        return []  # readiness says that the database is away; a check that fails then would hide the reason
    found = too_old(version)
    if above:
        hint = "Connect as a plain role; see docs/operations.md, 'Two roles'."
        text = "The database role is a superuser or may bypass row-level security."
        found.append(Error(text, hint=hint, id="antifraud.E001"))
    return found


def too_old(version: int) -> list[CheckMessage]:
    """A server (its number as 170002) that would keep only a part of the constraints."""
    if version >= OLDEST_POSTGRES * 10_000:
        return []
    hint = f"Use PostgreSQL {OLDEST_POSTGRES} or newer; docker-compose.yml has 17."
    return [Error("The database server is too old for the constraints of the schema.", hint=hint, id="antifraud.E005")]


@register(Tags.security)
def loopback_is_for_demos(**kwargs: Any) -> list[CheckMessage]:
    """An installation must not post to itself: whoever registers a webhook would reach what listens there (R38)."""
    if settings.EGRESS_ALLOW_LOOPBACK and not settings.DEMO:
        return [
            Error(
                "EGRESS_ALLOW_LOOPBACK is set outside of a demo or test.",
                hint="Remove ANTIFRAUD_EGRESS_ALLOW_LOOPBACK; it lets webhooks reach services on this machine.",
                id="antifraud.E002",
            )
        ]
    return []


@register(Tags.security)
def signatures_name_one_place(**kwargs: Any) -> list[CheckMessage]:
    """Every signature names the platform's address and code: a wrong spelling makes all messages of banks fail (R23)."""
    found: list[CheckMessage] = []
    if settings.API_ORIGIN and not _ORIGIN.fullmatch(settings.API_ORIGIN):
        hint = "Set ANTIFRAUD_API_ORIGIN to scheme, host and port alone, as in https://exchange.example."
        found.append(Error("API_ORIGIN is not one origin.", hint=hint, id="antifraud.E003"))
    if not re.fullmatch(NAME_PATTERN, settings.PLATFORM_CODE):
        hint = "Set ANTIFRAUD_PLATFORM_CODE to 1 to 64 letters, digits, dots, hyphens or underscores."
        found.append(Error("PLATFORM_CODE cannot stand in a signature.", hint=hint, id="antifraud.E004"))
    return found
