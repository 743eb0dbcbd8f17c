"""Which period a request asks for, in the reader's own calendar."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from antifraud import db
from banks.middleware import UserRequest
from oversight.forms import PeriodForm
from oversight.rules.periods import Days, bounds
from oversight.selectors.measures import Window


@dataclass(frozen=True)
class Asked:
    """The query of a request, understood."""

    form: PeriodForm
    days: Days
    window: Window
    by: str

    def page_url(self, by: str = "") -> str:
        """The assessment of the same period."""
        return f"{reverse('oversight:assessment')}?{urlencode({'by': by or self.by, **self.form.query()})}"

    def rows_url(self, key: str, **more: object) -> str:
        """The rows of one of its figures; `more`: id, only, page."""
        given = {name: str(value) for name, value in more.items() if value}
        query = {"measure": key, "by": self.by, **self.form.query(), **given}
        return f"{reverse('oversight:assessment_rows')}?{urlencode(query)}"


def asked(request: UserRequest) -> Asked:
    """Days in the reader's time zone, as things stand by the legal clock."""
    # An empty query is shown with its defaults, not as a form that was sent empty.
    form = PeriodForm(request.GET if any(name in request.GET for name in ("period", "from", "to", "by")) else {})
    now = db.app_now()
    zone = request.user.zone_name
    days = form.days(now.astimezone(ZoneInfo(zone)).date())
    since, until = bounds(days, zone)
    return Asked(form, days, Window(since, until, now), form.group())
