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
from banks.selectors.institutions import system_user

BATCH = 20
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


def errands_run() -> int:
    """Do due errands one after the other; returns how many were done.

    For workers only: a server that hangs takes ten seconds of a thread, never of the relay. After the first fault of
    the network the rest of the round is put off without trying.
    """
    by = system_user()
    with db.unit_of_work(by):
        claimed = post.claim(BATCH, only=ERRANDS)
    done, is_away = 0, False
    for message in claimed:
        if is_away:
            _postpone(message, by, "away")
            continue
        try:
            done += _run(message, by)
        except FAILURES as error:
            log.error("errand not done", exc_info=error, message=message.id, topic=message.topic)
            _postpone(message, by, type(error).__name__)
            is_away = isinstance(error, OSError)
    return done


def _run(message: post.Claimed, by: User) -> int:
    with db.unit_of_work(by):
        if not post.hold(message.id, message.token):  # the lease ended while the errands before it took their time
            log.warning("stale lease discarded", message=message.id, topic=message.topic)
            return 0
        errand = ERRANDS[message.topic](message.subject_id, by)
    errand()
    with db.unit_of_work(by):
        return int(bool(post.finish([message.id], message.token)))


def _postpone(message: post.Claimed, by: User, error: str) -> None:
    with db.unit_of_work(by):
        post.postpone(message.id, message.token, attempt=message.attempt, error=error)
