"""The rows behind one figure, the worst first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from antifraud.errors import NotFound
from banks.middleware import UserRequest
from oversight.rules.measures import LegTimes, MoneyRatio, Ratio, StopTimes, Times
from oversight.selectors.assessment import Loss, Orders, Waiting
from oversight.selectors.rows import FigureRows, figure_rows
from oversight.views.cells import percent, seconds_text, whole_amount
from oversight.views.columns import columns_of, link_of, name_of
from oversight.views.windows import Asked, asked
from oversight.views.words import DEFINITIONS, LEGS, TITLES, VERDICTS

WHATEVER_PERIOD = ("overdue", "lifts")
P50_P90 = gettext_lazy("{p50} (p50), {p90} (p90)")


@login_required
@require_GET
def assessment_rows_view(request: UserRequest) -> HttpResponse:
    """A figure of one institution or unit, or of all, with its rows; an unknown figure is not there (404)."""
    query = asked(request)
    key, only = request.GET.get("measure", ""), request.GET.get("only", "")
    group = _group(request.GET.get("id", ""))
    page = request.GET.get("page", "")
    found = figure_rows(
        user=request.user, window=query.window, by=query.by, key=key, group=group, only=only,
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )  # fmt: skip
    columns = columns_of(key, query.by)
    context = {
        "title": TITLES[key],
        "whose": found.group.title if found.group else _("All"),
        "definition": DEFINITIONS[key],
        "crumbs": [(_("Assessment"), query.page_url()), (TITLES[key], "")],
        "days": None if key in WHATEVER_PERIOD else query.days,
        "server_now": query.window.as_of,
        "figures": figure_texts(key, found.figure),
        "tabs": _tabs(query, key, group, only, found),
        "heads": [(column.label, column.kind in {"duration", "money"}) for column in columns],
        "rows": [
            {
                "name": name_of(row),
                "url": link_of(row, request.user),
                "verdict": VERDICTS[row.verdict],
                "cells": [(column.label, column.kind, column.value(row)) for column in columns],
            }
            for row in found.rows
        ],
        "found": found,
        "previous_url": _page_url(query, key, group, only, found.page - 1) if found.page > 1 else "",
        "next_url": _page_url(query, key, group, only, found.page + 1) if found.page < found.pages else "",
    }
    return render(request, "oversight/assessment_rows.html", context)


def _group(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound from None


def _page_url(query: Asked, key: str, group: UUID | None, only: str, page: int) -> str:
    return query.rows_url(key, id=group, only=only, page=page)


def _tabs(query: Asked, key: str, group: UUID | None, only: str, found: FigureRows) -> list[dict[str, Any]]:
    """All rows, then each verdict that occurs."""
    tabs = [{"label": _("All"), "url": query.rows_url(key, id=group), "active": not only, "count": found.total}]
    tabs += [
        {
            "label": word.label, "url": query.rows_url(key, id=group, only=name), "active": only == name,
            "count": found.verdicts[name],
        }
        for name, word in VERDICTS.items()
        if name in found.verdicts
    ]  # fmt: skip
    return tabs if len(tabs) > 2 else []


def figure_texts(key: str, figure: Any) -> list[tuple[Any, Any]]:
    """The figure as it stands on the assessment, in words: pairs for the strip above the rows."""
    if isinstance(figure, Orders):
        return _ratio(figure.final) if key == "b" else _orders(figure)
    if isinstance(figure, StopTimes):
        legs = (figure.total, figure.police, figure.platform, figure.bank)
        return [*_times("a", legs), (_("Backdated"), figure.backdated)]
    if isinstance(figure, LegTimes):
        return _times("h", (figure.total, figure.police, figure.bank))
    if isinstance(figure, Ratio):
        return _ratio(figure)
    if isinstance(figure, Waiting):
        return [(TITLES[key], figure.count), (_("Past their term"), figure.late)]
    if isinstance(figure, Loss):
        sums = " · ".join(f"{whole_amount(minor, currency)} {currency}" for currency, minor in figure.sums.items())
        return [(TITLES[key], sums or "—"), (_("Cases"), figure.cases)]
    if isinstance(figure, list):
        return [pair for one in figure for pair in _money(one)]
    return [(TITLES[key], figure)]


def _ratio(found: Ratio) -> list[tuple[Any, Any]]:
    share = percent(found.value)
    return [
        (_("Share"), "—" if share is None else f"{share}%"),
        (_("Rows"), _("{part} of {whole}").format(part=found.part, whole=found.whole)),
        (_("Term runs"), found.pending),
        (_("Excluded"), found.excluded),
    ]


def _money(found: MoneyRatio) -> list[tuple[Any, Any]]:
    share = percent(found.value)
    return [
        (_("Share"), "—" if share is None else f"{share}%"),
        (_("Held"), f"{whole_amount(found.part_minor, found.currency)} {found.currency}"),
        (_("Asked"), f"{whole_amount(found.whole_minor, found.currency)} {found.currency}"),
        (_("Excluded"), found.excluded),
    ]


def _orders(found: Orders) -> list[tuple[Any, Any]]:
    legs = (found.times.available, found.times.acknowledged, found.times.answered)
    return [(TITLES["orders"], found.count), *_times("orders", legs)]


def _times(key: str, legs: tuple[Times, ...]) -> list[tuple[Any, Any]]:
    return [
        (label, str(P50_P90).format(p50=seconds_text(found.p50), p90=seconds_text(found.p90)))
        for label, found in zip(LEGS[key], legs, strict=True)
    ]
