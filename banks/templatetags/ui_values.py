"""Single values as HTML: icon, pill, countdown, duration, money, time, masked text; structures such as tables are in ui.py."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from antifraud.money import format_minor
from banks.models.user import PLATFORM
from banks.templatetags.ui_words import word

SOON = 15 * 60  # seconds; the same limits are in assets/static/js/countdown.js
NEAR = 30 * 60
DAY = 86400
DASH = SafeString('<span class="ui-muted" aria-hidden="true">—</span>')
PLATFORM_NAMES = (PLATFORM, f"{PLATFORM} (system)")  # as `User.__str__` and `User.audit_name` give them
# Which part of "2026-11-22 15:46:03" each form shows.
WHEN_FORMS = {"minutes": slice(16), "seconds": slice(19), "time": slice(11, 16), "date": slice(10)}


class Counted(int):
    """A whole number for people: itself in sums and plurals, its digits grouped as the reader's language does when shown."""

    def __str__(self) -> str:
        return number_format(int(self), force_grouping=True)


def counted(value: Any) -> Any:
    """A number of rows, orders or steps as people read it; never for attributes, which programmes read. Texts stay."""
    return Counted(value) if isinstance(value, int) and not isinstance(value, bool) else value


@lru_cache(maxsize=512)  # a page shows hundreds of icons, of a few dozen names
def icon(name: str) -> SafeString:
    """Decorative icon of the sprite assets/static/img/icons.svg, hidden from screen readers."""
    safe, sprite = escape(name), escape(static("img/icons.svg"))
    return SafeString(
        f'<svg class="ui-icon ui-icon--{safe}" aria-hidden="true" focusable="false"><use href="{sprite}#{safe}"></use></svg>'
    )


def status_pill(entity: str, status: str | None) -> SafeString:
    """Word, shape and colour of a status; `entity` is a key of ui_words.WORDS, an empty status is a dash."""
    return _pill(entity, str(status), get_language()) if status else DASH


@lru_cache(maxsize=2048)
def _pill(entity: str, status: str, language: str | None) -> SafeString:
    """The same pill for every row; its words are those of `language`, which is the reader's."""
    label, tone, shape = word(entity, status)
    return SafeString(f'<span class="ui-pill ui-tone-{escape(tone)}">{icon(shape)}{escape(str(label))}</span>')


def actor_title(stored: str) -> str:
    """Who acted, as the audit log names them; the platform itself in the reader's language."""
    return gettext("Platform") if stored in PLATFORM_NAMES else stored


def clock_text(seconds: int) -> str:
    """Length of time for people: "04:32", "2:05:10", from two days on "3 d 4 h". Never negative."""
    seconds = abs(seconds)
    if seconds >= 2 * DAY:
        return gettext("{days} d {hours} h").format(days=seconds // DAY, hours=seconds % DAY // 3600)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def duration(value: timedelta | float | None) -> SafeString:
    """A length of time given as timedelta or seconds."""
    if value is None:
        return DASH
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    return SafeString(f'<span class="ui-num ui-nowrap">{escape(clock_text(round(seconds)))}</span>')


class ClockWords(NamedTuple):
    """What a countdown says in one language, in clear; the last two are ready for HTML."""

    over: str
    early: str
    late: str
    due: str
    ticking: str
    icons: str


@lru_cache(maxsize=8)
def _clock_words(language: str | None) -> ClockWords:
    over, long = gettext("overdue {time}"), gettext("{days} d {hours} h")
    return ClockWords(
        over=over,
        early=gettext("in time"),
        late=gettext("late by {time}"),
        due=gettext("due {time}"),
        ticking=f' data-over="{escape(over)}" data-long="{escape(long)}"',
        icons=icon("clock") + icon("alert") + icon("check"),
    )


def countdown(now: datetime, due_at: datetime | None, stopped_at: datetime | None = None) -> SafeString:
    """Time left until `due_at` as the server's clock `now` sees it; with `stopped_at` the margin that was kept or missed."""
    if due_at is None:
        return DASH
    left = int((due_at - (stopped_at or now)).total_seconds())
    words = _clock_words(get_language())
    if stopped_at is not None:
        state, template = ("intime", words.early) if left >= 0 else ("late", words.late)
        ticking = ""
    else:
        state = "over" if left < 0 else "soon" if left < SOON else "near" if left < NEAR else "calm"
        template = words.over if left < 0 else "{time}"
        ticking = f' role="timer" data-due="{due_at.isoformat()}"{words.ticking}'
    title = words.due.format(time=_clock(due_at)[WHEN_FORMS["seconds"]])
    return SafeString(
        f'<span class="ui-countdown" data-state="{state}" title="{escape(title)}"{ticking}>{words.icons}'
        f"<span data-text>{escape(template.format(time=clock_text(left)))}</span></span>"
    )


def _clock(value: datetime) -> str:
    """The moment in the active time zone, such as 2026-11-22 15:46:03+08:00."""
    return timezone.localtime(value).isoformat(" ", "seconds")


def money(minor: int | None, currency: str, sign: bool = False) -> SafeString:
    """Amount in minor units with thousands separators and its currency, tabular figures; `sign` shows a plus as well."""
    if minor is None:
        return DASH
    language = get_language() or "en"
    first, second = format_minor(abs(minor), currency, language).split(" ", 1)
    number, unit = (first, second) if language.startswith("zh") else (second, first)
    mark = "−" if minor < 0 else "+" if sign else ""
    return SafeString(f'<span class="ui-money">{mark}{number}<span class="ui-money__cur">{escape(unit)}</span></span>')


def when(value: datetime | date | None, form: str = "minutes") -> SafeString:
    """Moment in the active time zone; `form` is a key of WHEN_FORMS. A plain date is shown as it is."""
    if value is None:
        return DASH
    if not isinstance(value, datetime):
        day = value.isoformat()
        return SafeString(f'<time class="ui-num ui-nowrap" datetime="{day}">{day}</time>')
    local = _clock(value)
    title = f"{local[:19]} (UTC{local[19:].replace(':', '')})"
    return SafeString(
        f'<time class="ui-num ui-nowrap" datetime="{value.isoformat()}" title="{title}">{local[WHEN_FORMS[form]]}</time>'
    )


def masked(secret: Any, reveal_url: str = "", label: str = "") -> SafeString:
    """Masked form of a Secret (a text is taken as masked already); with `reveal_url` an eye button that asks for the purpose."""
    if secret is None or secret == "":
        return DASH
    text = secret.masked() if hasattr(secret, "masked") else str(secret)
    value = f'<span class="ui-mono ui-nowrap" data-value>{conditional_escape(text)}</span>'
    if not reveal_url:
        return SafeString(value)
    title = escape(gettext("Reveal {what}").format(what=label) if label else gettext("Reveal"))
    return SafeString(
        f'<span class="ui-masked">{value}<button type="button" class="ui-inline-btn ui-no-print" data-reveal="{escape(reveal_url)}"'
        f' data-what="{escape(label)}" aria-label="{title}" title="{title}">{icon("eye")}</button></span>'
    )
