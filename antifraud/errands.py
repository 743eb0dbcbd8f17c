"""Facts whose carrying speaks to the network: read in one unit of work, done without any, finished in another (R5).

So an errand is done at least once: a process that dies between sending and finishing sends it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from django.core import mail
from django.core.mail import EmailMessage
from django.db import DatabaseError, InterfaceError

from accounts.selectors.escalation import escalation_to_mail
from accounts.services.escalation import CLIMBED
from accounts.services.escalation_mails import step_mails
from antifraud import db
from antifraud.errors import AppError
from antifraud.logs import get_logger
from antifraud.outbox import post
from banks.models import User

log = get_logger(__name__)
FAILURES = (AppError, DatabaseError, InterfaceError, LookupError, TypeError, ValueError, OSError)
Errand = Callable[[], None]


def escalation_mail(subject_id: UUID, by: User) -> Errand:
    """Mails of one step; nothing where the delay is over or nobody has an address."""
    row = escalation_to_mail(user=by, escalation_id=subject_id)
    messages = step_mails(row) if row is not None else []
    return lambda: _send(messages)


def _send(messages: list[EmailMessage]) -> None:
    if messages:
        with mail.get_connection() as line:
            line.send_messages(messages)


ERRANDS: Mapping[str, Callable[[UUID, User], Errand]] = {CLIMBED: escalation_mail}


def errand_run(message: post.Claimed, by: User) -> int:
    """Carry one fact; 1 where it is done, 0 where it is tried again later or another process has it."""
    try:
        with db.unit_of_work(by):
            errand = ERRANDS[message.topic](message.subject_id, by)
        errand()
        with db.unit_of_work(by):
            finished = post.finish([message.id], message.token)
    except FAILURES as error:
        log.error("errand not done", exc_info=error, message=message.id, topic=message.topic)
        with db.unit_of_work(by):
            post.postpone(message.id, message.token, attempt=message.attempt, error=type(error).__name__)
        return 0
    if not finished:
        log.warning("stale lease discarded", message=message.id, topic=message.topic)
    return int(bool(finished))
