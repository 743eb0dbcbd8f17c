"""A bank system's signed statement is filed with what it is about; what is signed is checked before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from antifraud.api.signing import signed_request
from banks.services.keys import message_keep


def keep_original(request: Any, action: str, subject_id: UUID, *, case_id: UUID | None = None) -> None:
    """In the unit of work of the step itself: there is no step without its evidence. Unsigned messages leave none."""
    message_keep(by=request.user, signed=signed_request(request), action=action, subject_id=subject_id, case_id=case_id)
