"""Refusals and decrypt failures in the diary, written after the rollback; what may be done is `antifraud.policy`'s."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import DatabaseError, InterfaceError

from antifraud import db
from antifraud.audit import diary
from antifraud.crypto.envelope import DecryptError
from antifraud.errors import AppError
from antifraud.logs import get_logger

log = get_logger(__name__)


def note(request: Any, error: AppError) -> None:
    """Record that a known user was refused, or met a cell that cannot be opened (R17), in a unit of work of its own:
    the first one was rolled back.

    Where the diary cannot be written the refusal stands all the same (nothing was done), and the log says so.
    """
    sealed = isinstance(error, DecryptError)
    if error.status != HTTPStatus.FORBIDDEN and not sealed:
        return
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    match = getattr(request, "resolver_match", None)
    detail = {
        "code": error.code,
        "method": request.method,
        "route": match.route if match else "",
        "ids": {name: str(value) for name, value in match.kwargs.items()} if match else {},
    }
    verb, outcome = "access.deny", "denied"
    if isinstance(error, DecryptError):
        verb, outcome = "cell.decrypt", "failed"
        detail |= {"reason": error.reason, "place": error.place}
    try:
        with db.unit_of_work(user):
            diary.record(verb, by=user, outcome=outcome, detail=detail)
    except (DatabaseError, InterfaceError) as failure:
        log.error("denial not recorded", exc_info=failure, code=error.code)
