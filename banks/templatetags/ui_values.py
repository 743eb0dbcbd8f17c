"""Single values as HTML: icon, pill, countdown, duration, money, time, masked text; structures such as tables are in ui.py."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from antifraud.money import format_minor
from banks.models.user import PLATFORM
from banks.templatetags.ui_words import word

SOON = 15 * 60  # seconds; the same limits are in assets/static/js/countdown.js
NEAR = 30 * 60
DAY = 86400
DASH: SafeString = mark_safe('<span class="ui-muted" aria-hidden="true">—</span>')
PLATFORM_NAMES = (PLATFORM, f"{PLATFORM} (system)")  # as `User.__str__` and `User.audit_name` give them
WHEN_FORMATS = {"minutes": "%Y-%m-%d %H:%M", "seconds": "%Y-%m-%d %H:%M:%S", "time": "%H:%M", "date": "%Y-%m-%d"}


class Counted(int):
    """A whole number for people: itself in sums and plurals, its digits grouped as the reader's language does when shown."""

    def __str__(self) -> str:
        return number_format(int(self), force_grouping=True)


def counted(value: Any) -> Any:
    """A number of rows, orders or steps as people read it; never for attributes, which programmes read. Texts stay."""
    return Counted(value) if isinstance(value, int) and not isinstance(value, bool) else value


def icon(name: str) -> SafeString:
    """Decorative icon of the sprite assets/static/img/icons.svg, hidden from screen readers."""
    return format_html(
        '<svg class="ui-icon ui-icon--{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        name,
        static("img/icons.svg"),
        name,
    )


def status_pill(entity: str, status: str | None) -> SafeString:
    """Word, shape and colour of a status; `entity` is a key of ui_words.WORDS, an empty status is a dash."""
    if not status:
        return DASH
    label, tone, shape = word(entity, str(status))
    return format_html('<span class="ui-pill ui-tone-{}">{}{}</span>', tone, icon(shape), label)


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
    return format_html('<span class="ui-num ui-nowrap">{}</span>', clock_text(round(seconds)))


def countdown(now: datetime, due_at: datetime | None, stopped_at: datetime | None = None) -> SafeString:
    """Time left until `due_at` as the server's clock `now` sees it; with `stopped_at` the margin that was kept or missed."""
    if due_at is None:
        return DASH
    left = int((due_at - (stopped_at or now)).total_seconds())
    over, early, late = gettext("overdue {time}"), gettext("in time"), gettext("late by {time}")
    if stopped_at is not None:
        state, template = ("intime", early) if left >= 0 else ("late", late)
    else:
        state = "over" if left < 0 else "soon" if left < SOON else "near" if left < NEAR else "calm"
        template = over if left < 0 else "{time}"
    ticking = SafeString("") if stopped_at else format_html(
        ' role="timer" data-due="{}" data-over="{}" data-long="{}"',
        due_at.isoformat(), over, gettext("{days} d {hours} h"),
    )  # fmt: skip
    return format_html(
        '<span class="ui-countdown" data-state="{}" title="{}"{}>{}{}{}<span data-text>{}</span></span>',
        state,
        gettext("due {time}").format(time=timezone.localtime(due_at).strftime(WHEN_FORMATS["seconds"])),
        ticking,
        icon("clock"),
        icon("alert"),
        icon("check"),
        template.format(time=clock_text(left)),
    )


def money(minor: int | None, currency: str, sign: bool = False) -> SafeString:
    """Amount in minor units with thousands separators and its currency, tabular figures; `sign` shows a plus as well."""
    if minor is None:
        return DASH
    language = get_language() or "en"
    first, second = format_minor(abs(minor), currency, language).split(" ", 1)
    number, unit = (first, second) if language.startswith("zh") else (second, first)
    mark = "−" if minor < 0 else "+" if sign else ""
    return format_html('<span class="ui-money">{}{}<span class="ui-money__cur">{}</span></span>', mark, number, unit)


def when(value: datetime | date | None, form: str = "minutes") -> SafeString:
    """Moment in the active time zone; `form` is a key of WHEN_FORMATS. A plain date is shown as it is."""
    if value is None:
        return DASH
    if not isinstance(value, datetime):
        return format_html('<time class="ui-num ui-nowrap" datetime="{0}">{0}</time>', value.isoformat())
    local = timezone.localtime(value)
    return format_html(
        '<time class="ui-num ui-nowrap" datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S} (UTC{local:%z})",
        local.strftime(WHEN_FORMATS[form]),
    )


def masked(secret: Any, reveal_url: str = "", label: str = "") -> SafeString:
    """Masked form of a Secret (a text is taken as masked already); with `reveal_url` an eye button that asks for the purpose."""
    if secret is None or secret == "":
        return DASH
    text = secret.masked() if hasattr(secret, "masked") else str(secret)
    value = format_html('<span class="ui-mono ui-nowrap" data-value>{}</span>', text)
    if not reveal_url:
        return value
    title = gettext("Reveal {what}").format(what=label) if label else gettext("Reveal")
    return format_html(
        '<span class="ui-masked">{0}<button type="button" class="ui-inline-btn ui-no-print" data-reveal="{1}" data-what="{2}"'
        ' aria-label="{3}" title="{3}">{4}</button></span>',
        value,
        reveal_url,
        label,
        title,
        icon("eye"),
    )
