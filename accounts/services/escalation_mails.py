"""The mail of one step: order number, term and link path, and nothing else (R21). Sending it is the post office's errand."""

from __future__ import annotations

from itertools import groupby
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Escalation
from accounts.rules.escalation import LIFT, UNACKNOWLEDGED, UNANSWERED
from accounts.rules.paths import answer_path, order_path
from accounts.selectors.escalation import people_concerned
from banks.models import Institution, User

SUBJECTS = {
    UNACKNOWLEDGED: gettext_noop("Order {number} is not acknowledged"),
    UNANSWERED: gettext_noop("Order {number} is not answered"),
    LIFT: gettext_noop("Order {number}: the lift of the hold is not confirmed"),
}
BODY = gettext_noop(
    "Order: {number}\nTerm: {due}\nPage: {link}\n\nThis message holds no details on purpose. Log in to read them."
)


def step_mails(row: Escalation) -> list[EmailMessage]:
    """One message for each side and language; its addressees do not see each other. Empty where nobody has an address."""
    people = people_concerned(row)
    police = _mails(row, people.police, order_path(row.order_id), row.order.unit)
    return police + _mails(row, people.institution, answer_path(row.order_id), row.order.institution)


def _mails(row: Escalation, users: list[User], path: str, office: Institution) -> list[EmailMessage]:
    reachable = sorted((user for user in users if user.email), key=lambda user: (user.language, user.username))
    messages = []
    for language, group in groupby(reachable, key=lambda user: user.language):
        with translation.override(language):
            due = row.due_at.astimezone(ZoneInfo(office.time_zone)).strftime("%Y-%m-%d %H:%M %Z")
            link = f"{settings.WEB_ORIGIN}{path}"
            text = _(BODY).format(number=row.order.number, due=due, link=link)
            subject = _(SUBJECTS[row.reason]).format(number=row.order.number)
            messages.append(EmailMessage(subject, text, bcc=[user.email for user in group]))
    return messages
