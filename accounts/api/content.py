"""The bytes of an announced file (R39): a signed message names digest and size, the file follows under the ticket it was answered with."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import IO, Any

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


def content_told(request: Any, purpose: str) -> dict[str, Any]:
    """What was announced; raises Forbidden (ticket_invalid, ticket_expired), also for another institution's ticket."""
    told = read_ticket(request.headers.get(TICKET, ""))
    if told.get("for") != purpose or told["institution"] != str(request.user.institution_id):
        raise Forbidden(_("This ticket is not valid. Reload the page."), code="ticket_invalid")
    return told


def content_receive(request: Any, kept: IO[bytes], told: dict[str, Any]) -> None:
    """Copy the body; raises Invalid (content_differs) where it is not the announced one."""
    digest, size, source = hashlib.sha256(), 0, request._request
    while size <= told["size"] and (piece := source.read(PIECE)):
        size += len(piece)
        digest.update(piece)
        kept.write(piece)
    if size != told["size"] or digest.hexdigest() != told["sha256"]:
        text = _("The bytes are not those that were announced. Send the file unchanged, or announce it anew.")
        raise Invalid(text, code="content_differs", fields={"content": [text]})
    kept.seek(0)
