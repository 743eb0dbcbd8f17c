"""Whether the draft of an alert may stand: texts that name nobody, lines that somebody will see, an end, room in the lanes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Alert
from accounts.rules.numbers import MESSAGES, read_number
from accounts.services.alerts.inputs import MOST_LINES, AlertInput, LineInput
from antifraud import db
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.errors import Invalid, RateLimited
from antifraud.plain_text import fold
from banks.models import Institution
from banks.rules.issue_powers import LEGAL_BASIS_LABELS
from banks.selectors.institutions import connected_institutions
from banks.selectors.lanes import lanes_too_full

LONGEST = timedelta(days=366)
LONGEST_CONTENT = 4000
RETRY_SECONDS = 60
# What may stand between two digits of one number, after folding: blanks, line breaks, dots, slashes, any dash.
_GAP = r"[\s.\-/·\u2010-\u2015\u2212]{0,3}"
# Twelve digits and more, also in groups: an account, card or identity number; a phone number is shorter.
_LONG_NUMBER = re.compile(rf"(?<!\d)\d(?:{_GAP}\d){{11,}}")
_SHORT_NUMBER = re.compile(rf"\d(?:{_GAP}\d){{5,}}")
# Times of day and amounts with thousands: no gap holds a colon or comma, but their ends must not join what is beside.
_TIME_OR_THOUSANDS = re.compile(
    r"(?<![\d:,])(?:\d{1,2}:\d{2}(?::\d{2})?|\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?)(?![\d:]|,\d)"
)
_DATE_OR_AMOUNT = r"(?:(?:19|20)\d\d[\-/.]?(?:0?[1-9]|1[0-2])[\-/.]?(?:0?[1-9]|[12]\d|3[01])|\d{1,9}\.\d{2})"
# Nothing but dates and amounts side by side ("2026-11-22 - 2026-11-25") is no number of anything.
_DATES_AND_AMOUNTS = re.compile(rf"{_DATE_OR_AMOUNT}(?:(?:\s{{1,3}}|\s?[\-/\u2010-\u2015]\s?){_DATE_OR_AMOUNT})*")
Problems = defaultdict[str, list[Any]]


def addressed(data: AlertInput) -> list[Institution]:
    """The institutions that the draft goes to, each once, by code. Only connected ones can be reached."""
    connected = {institution.pk: institution for institution in connected_institutions()}
    if data.audience == Alert.Audience.ALL:
        return sorted(connected.values(), key=lambda institution: institution.code)
    named = (
        [line.institution for line in data.lines if line.institution is not None]
        if data.audience == Alert.Audience.KEEPERS
        else list(data.addressees)
    )
    found = {each.pk: connected[each.pk] for each in named if each.pk in connected}
    return sorted(found.values(), key=lambda institution: institution.code)


def require_sound(data: AlertInput, to: list[Institution]) -> None:
    """Raise Invalid with every problem by field, those of the lines under their own places."""
    found: Problems = defaultdict(list)
    _texts(found, data)
    if data.kind not in Alert.Kind.values:
        found["kind"].append(_("Choose one of the kinds in the list."))
    if data.legal_basis not in LEGAL_BASIS_LABELS.values():
        found["legal_basis"].append(_("Choose the legal basis from the list."))
    now = db.require_unit_of_work().now
    if not now < data.expires_at <= now + LONGEST:
        found["expires_at"].append(_("An alert ends in the future, within a year. Choose another end."))
    _audience(found, data, to)
    _lines(found, data.lines, {institution.pk for institution in to})
    if found:
        raise Invalid(fields=found)


def require_room(to: Iterable[Institution], *, bulk: bool = False) -> None:
    """Raise RateLimited (429 with Retry-After) where lanes are beyond their limits: alerts are shed, orders never (R14).

    A bulk import finds no room as soon as one lane is full. A single alert only where all are: a bank that is away
    must not keep an alert from the others; its own copy waits behind its orders.
    """
    wanted = {institution.pk: institution for institution in to}
    full = lanes_too_full(wanted)
    if full and (bulk or len(full) == len(wanted)):
        names = ", ".join(sorted(wanted[pk].title for pk in full))
        raise RateLimited(
            _("No room for alerts now in the lane of: {institutions}. Orders go first; try again in a moment.").format(
                institutions=names
            ),
            extra={"retry_after": RETRY_SECONDS},
        )


def _texts(found: Problems, data: AlertInput) -> None:
    title, content, purpose = data.title.strip(), data.content.strip(), data.purpose.strip()
    if not 4 <= len(title) <= 120:
        found["title"].append(_("Give a title of 4 to 120 characters."))
    if _SHORT_NUMBER.search(fold(title)):
        found["title"].append(_("The title stands in lists and notifications. Leave numbers out of it."))
    if _SHORT_NUMBER.search(fold(purpose)):
        found["purpose"].append(_("Every addressee reads the purpose. Leave numbers out of it."))
    if not 10 <= len(content) <= LONGEST_CONTENT:
        found["content"].append(_("Say in 10 to 4,000 characters what the institutions should look for."))
    if _holds_long_number(content):
        found["content"].append(
            _("Every addressee reads this text. Enter account numbers as lines: each is shown to its own institution.")
        )
    if not 4 <= len(purpose) <= 80:
        found["purpose"].append(_("Say in 4 to 80 characters what the alert is for. It is kept with every grant."))
    for name, text in (("title", title), ("content", content), ("purpose", purpose)):
        try:
            reject_forbidden(text, field=name)
        except Invalid as refused:
            found[name] += refused.fields[name]


def _holds_long_number(text: str) -> bool:
    plain = _TIME_OR_THOUSANDS.sub("|", fold(text))
    return any(not _DATES_AND_AMOUNTS.fullmatch(each[0]) for each in _LONG_NUMBER.finditer(plain))


def _audience(found: Problems, data: AlertInput, to: list[Institution]) -> None:
    if data.audience not in Alert.Audience.values:
        found["audience"].append(_("Say to whom the alert goes."))
    elif not to and data.audience == Alert.Audience.KEEPERS:
        found["audience"].append(_("No line names a connected institution. Choose the addressees yourself."))
    elif not to:
        found["addressees"].append(_("Choose at least one connected institution."))


def _lines(found: Problems, lines: tuple[LineInput, ...], to: set[UUID]) -> None:
    if len(lines) > MOST_LINES:
        found["lines"].append(_("An alert holds 500 lines at most. Split it."))
    seen: set[tuple[UUID | None, str]] = set()
    for at, line in enumerate(lines):
        place = line.place or f"lines.{at}"
        reading = read_number(line.number)
        found_here = [_(MESSAGES[code]) for code in reading.problems]
        key = (line.institution.pk if line.institution else None, reading.number)
        if key in seen:
            found_here.append(_("The same account stands in another line. Leave one of them out."))
        seen.add(key)
        if not line.to_all and (line.institution is None or line.institution.pk not in to):
            found_here.append(
                _("No addressee would see this line. Choose its institution and address it, or show the line to all.")
            )
        if found_here:
            found[place] += found_here
