"""Values as HTML: what people read in words, never colour alone, and nothing unescaped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.html import strip_tags

from banks.templatetags import ui_values
from banks.templatetags.ui_words import WORDS

NOW = datetime(2026, 11, 22, 7, 46, 3, tzinfo=UTC)


def text(html: str) -> str:
    return strip_tags(html).strip()


@pytest.fixture(autouse=True)
def english() -> object:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("entity", "statuses"),
    [
        ("case", "reported accepted filed not_filed solved transferred withdrawn not_fraud closed"),
        ("order", "draft awaiting_approval issued acknowledged answered rejected cancelled superseded"),
        ("hold", "waiting active extended converted released expired lift_confirmed"),
        ("answer", "executed partial refused mismatch"),
        ("delivery", "queued ready leased transported dead_lettered"),
        (
            "kind",
            "stop stop_release stop_extend freeze freeze_release freeze_extend query_transactions query_holder",
        ),
        (
            "kind",
            "suspend_number restore_number",
        ),
    ],
)
def test_every_status_has_a_word_of_its_own(entity: str, statuses: str) -> None:
    pills = [ui_values.status_pill(entity, status) for status in statuses.split()]
    assert all(status in WORDS[entity] for status in statuses.split())
    assert len({text(pill) for pill in pills}) == len(pills)
    assert all("<svg" in pill for pill in pills)


def test_within_an_entity_same_colour_never_has_the_same_shape() -> None:
    for entity in ("case", "order", "hold", "answer", "delivery"):
        looks = [(word.tone, word.icon) for word in WORDS[entity].values()]
        assert len(set(looks)) == len(looks), entity


def test_unknown_status_is_shown_as_it_is_and_escaped() -> None:
    assert text(ui_values.status_pill("order", "on_hold")) == "on hold"
    assert "<b>" not in ui_values.status_pill("order", "<b>")
    assert text(ui_values.status_pill("order", None)) == "—"
    with pytest.raises(KeyError):
        ui_values.status_pill("ordre", "draft")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "00:00"), (272, "04:32"), (7510, "2:05:10"), (172799, "47:59:59"), (172800, "2 d 0 h"), (-61, "01:01")],
)
def test_clock_text(seconds: int, shown: str) -> None:
    assert ui_values.clock_text(seconds) == shown


@pytest.mark.parametrize(
    ("left", "state", "shown"),
    [(-750, "over", "overdue 12:30"), (899, "soon", "14:59"), (900, "near", "15:00"), (1800, "calm", "30:00")],
)
def test_countdown_says_its_state_in_words(left: int, state: str, shown: str) -> None:
    html = ui_values.countdown(NOW, NOW + timedelta(seconds=left))
    assert f'data-state="{state}"' in html
    assert text(html) == shown
    assert 'role="timer"' in html


def test_stopped_countdown_does_not_tick() -> None:
    kept = ui_values.countdown(NOW, NOW, NOW - timedelta(seconds=5))
    missed = ui_values.countdown(NOW, NOW, NOW + timedelta(seconds=5))
    assert (text(kept), text(missed)) == ("in time", "late by 00:05")
    assert "data-due" not in kept + missed


def test_countdown_counts_from_the_legal_clock_even_when_it_comes_late() -> None:
    template = Template("{% load ui %}{% countdown due %}|{% server_now %}")
    context = Context({"due": NOW + timedelta(seconds=60), "server_now": SimpleLazyObject(lambda: NOW)})
    html, meta = template.render(context).rsplit("|", 1)
    assert text(html) == "01:00"
    assert datetime.fromisoformat(meta) == NOW


@pytest.mark.parametrize(
    ("minor", "currency", "language", "shown"),
    [
        (12800000, "CNY", "en", "128,000.00CNY"),
        (12800000, "CNY", "zh-hans", "128,000.00元"),
        (-50, "JPY", "en", "−50JPY"),
        (1234, "KWD", "en", "1.234KWD"),
        (None, "CNY", "en", "—"),
    ],
)
def test_money(minor: int | None, currency: str, language: str, shown: str) -> None:
    with translation.override(language):
        assert text(ui_values.money(minor, currency)) == shown


def test_money_with_sign() -> None:
    assert text(ui_values.money(5, "CNY", sign=True)) == "+0.05CNY"


def test_when_is_in_the_readers_zone() -> None:
    with timezone.override("Asia/Shanghai"):
        html = ui_values.when(NOW)
        assert text(html) == "2026-11-22 15:46"
        assert f'datetime="{NOW.isoformat()}"' in html
        assert "UTC+0800" in html
        assert text(ui_values.when(NOW, "seconds")) == "2026-11-22 15:46:03"
    with timezone.override("UTC"):
        assert text(ui_values.when(NOW, "time")) == "07:46"
    assert text(ui_values.when(date(2026, 11, 22))) == "2026-11-22"
    assert text(ui_values.when(None)) == "—"


class Safe:
    """A stand-in for a Secret: opening it would be noticed."""

    def masked(self) -> str:
        return "6222 **** 4417"

    def open(self) -> str:
        raise AssertionError("a mask never opens")


def test_masked_never_opens_the_secret() -> None:
    assert text(ui_values.masked(Safe())) == "6222 **** 4417"
    html = ui_values.masked(Safe(), reveal_url="/r/1/", label="account number")
    assert 'data-reveal="/r/1/"' in html
    assert 'aria-label="Reveal account number"' in html
    assert "data-reveal" not in ui_values.masked(Safe())
    assert text(ui_values.masked(None)) == "—"
    assert "<b>" not in ui_values.masked("<b>")


@pytest.mark.parametrize(("language", "shown"), [("en", "1,234,567"), ("zh-hans", "1234567")])
def test_counts_are_grouped_as_the_language_does_and_stay_numbers(language: str, shown: str) -> None:
    source = (
        "{% load i18n ui %}{{ n|counted }}|{% blocktranslate count n=n|counted %}{{ n }}{% plural %}{{ n }}"
        "{% endblocktranslate %}|{{ n }}|{{ text|counted }}|{{ none|counted }}|{{ yes|counted }}"
    )
    with translation.override(language):
        found = Template(source).render(Context({"n": 1234567, "text": "1234", "none": None, "yes": True}))
    assert found == f"{shown}|{shown}|1234567|1234|None|True"
    assert ui_values.counted(1200) + 1 == 1201
