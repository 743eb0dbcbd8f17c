"""The bytes of an announced file (R39): a signed message names digest and size, the file follows under the ticket it was answered with."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from antifraud.crypto.receipts import issue_ticket, read_ticket
from antifraud.errors import Forbidden, Invalid

TICKET = "Antifraud-Ticket"
TICKET_SECONDS = 24 * 3600
PIECE = 1 << 20


def content_ticket(request: Any, purpose: str, path: str, told: dict[str, Any]) -> dict[str, Any]:
    """What answers an announcement: the ticket for what was told, where its bytes go, until when."""
    told = {"for": purpose, "institution": str(request.user.institution_id), **told}
    expires = datetime.now(UTC) + timedelta(seconds=TICKET_SECONDS)
    return {"ticket": issue_ticket(told, TICKET_SECONDS), "upload": path, "expires_at": expires}


@contextmanager
def content_announced(request: Any, purpose: str, stem: str) -> Iterator[tuple[dict[str, Any], File[bytes]]]:
    """What was announced, and its bytes as a file `stem`.ending; the body is read in pieces before anything is opened.

    Raises Forbidden (ticket_invalid, ticket_expired), also for another institution's ticket, and Invalid (content_differs).
    """
    told = _told(request, purpose)
    with tempfile.TemporaryFile() as kept:
        _receive(request, kept, told)
        yield told, File(kept, name=f"{stem}.{told['ending']}")


def _told(request: Any, purpose: str) -> dict[str, Any]:
    told = read_ticket(request.headers.get(TICKET, ""))
    if told.get("for") != purpose or told["institution"] != str(request.user.institution_id):
        raise Forbidden(_("This ticket is not valid. Reload the page."), code="ticket_invalid")
    return told


def _receive(request: Any, kept: IO[bytes], told: dict[str, Any]) -> None:
    digest, size, source = hashlib.sha256(), 0, request._request
    while size <= told["size"] and (piece := source.read(PIECE)):
        size += len(piece)
        digest.update(piece)
        kept.write(piece)
    if size != told["size"] or digest.hexdigest() != told["sha256"]:
        text = _("The bytes are not those that were announced. Send the file unchanged, or announce it anew.")
        raise Invalid(text, code="content_differs", fields={"content": [text]})
    kept.seek(0)
