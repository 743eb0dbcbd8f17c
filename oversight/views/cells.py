"""Figures as cells: what stands in them, how far their bar goes, and where their rows are; no figure is made here."""

from __future__ import annotations

import math
from typing import Any

from django.utils.translation import get_language

from antifraud import money
from banks.templatetags.ui_values import clock_text
from oversight.rules.measures import MoneyRatio, Ratio, Times
from oversight.selectors.assessment import Line, Orders
from oversight.views.windows import Asked
from oversight.views.words import EXCLUDED, LEGS, NEVER, TITLES

Cell = dict[str, Any]
SPEED_HEADS = (("a", 4), ("h", 3), ("orders", 3))


def seconds_text(seconds: float | None) -> Any:
    """A duration for people; "never" for what did not end, a dash where there is nothing."""
    if seconds is None:
        return "—"
    return NEVER if math.isinf(seconds) else clock_text(round(seconds))


def percent(value: float | None) -> int | None:
    """Whole percent; 100 only where nothing is missing."""
    return None if value is None else math.floor(value * 100 + 1e-9)


def whole_amount(minor: int, currency: str) -> str:
    """An amount without its fraction."""
    return f"{minor // 10 ** money.exponent(currency):,}"


def short_amount(minor: int, currency: str) -> str:
    """Three or four digits and a unit, for strips and cells; the rows show the exact amount."""
    whole = minor / 10 ** money.exponent(currency)
    is_chinese = (get_language() or "").startswith("zh")
    for unit, name in ((1e8, "亿"), (1e4, "万")) if is_chinese else ((1e6, "M"), (1e3, "k")):
        if whole >= unit:
            number = whole / unit
            return f"{number:,.0f}{name}" if number >= 1000 else f"{number:.{2 if number < 10 else 1}f}{name}"
    return f"{whole:,.0f}"


def unit_of(currency: str) -> str:
    """The currency as amounts in the reader's language show it: CNY, or 元."""
    language = get_language() or "en"
    first, second = money.format_minor(0, currency, language).split(" ", 1)
    return second if language.startswith("zh") else first


def ratio_cell(found: Ratio, url: str) -> Cell:
    """Percent, bar and counts of a share of rows."""
    share = percent(found.value)
    return {"kind": "share", "url": url, "percent": share, "part": found.part, "whole": found.whole, "few": found.small}


def money_cell(found: list[MoneyRatio], url: str) -> Cell:
    """Percent and bar of the currency with the most rows."""
    if not found:
        return {"kind": "share", "url": url, "percent": None}
    first = found[0]
    return {
        "kind": "share", "url": url, "percent": percent(first.value), "few": first.small, "currency": unit_of(first.currency),
        "part": short_amount(first.part_minor, first.currency), "whole": short_amount(first.whole_minor, first.currency),
    }  # fmt: skip


def times_cell(found: Times, url: str, title: Any, label: Any) -> Cell:
    """Two percentiles and how many rows they come from; `title` names the measure, `label` the leg."""
    return {
        "kind": "times", "url": url, "title": title, "label": label, "p50": seconds_text(found.p50),
        "p90": seconds_text(found.p90), "count": found.count, "few": found.small,
    }  # fmt: skip


def count_cell(count: int, url: str, *, tone: str = "") -> Cell:
    """A number of rows; `tone` where it should worry."""
    return {"kind": "count", "url": url, "count": count, "tone": tone if count else ""}


def duty_cells(line: Line, asked: Asked) -> list[tuple[Any, Cell]]:
    """One line of the table of duties, with the label of each column."""
    group = line.institution.pk if line.institution else ""
    orders: Orders = line.orders
    tone = "bad" if line.lifts.late else "warn"
    return [
        (TITLES["orders"], count_cell(orders.count, asked.rows_url("orders", id=group))),
        (TITLES["b"], ratio_cell(orders.final, asked.rows_url("b", id=group))),
        (TITLES["e"], money_cell(line.held, asked.rows_url("e", id=group))),
        (TITLES["f"], ratio_cell(line.followed, asked.rows_url("f", id=group))),
        (TITLES["overdue"], count_cell(line.overdue, asked.rows_url("overdue", id=group), tone="bad")),
        (TITLES["lifts"], count_cell(line.lifts.count, asked.rows_url("lifts", id=group), tone=tone)),
        (EXCLUDED, count_cell(orders.final.excluded, asked.rows_url("b", id=group, only="excluded"))),
    ]


def speed_cells(line: Line, asked: Asked) -> list[Cell]:
    """One line of the table of times: A in four, H in three, orders in three."""
    group = line.institution.pk if line.institution else ""
    stop, release, legs = line.stop, line.released, line.orders.times
    figures = {
        "a": (stop.total, stop.police, stop.platform, stop.bank),
        "h": (release.total, release.police, release.bank),
        "orders": (legs.available, legs.acknowledged, legs.answered),
    }
    return [
        times_cell(found, asked.rows_url(key, id=group), TITLES[key], label)
        for key, _count in SPEED_HEADS
        for found, label in zip(figures[key], LEGS[key], strict=True)
    ]
