"""The supervisor's page: what a period cost and brought, by institution or unit; each figure leads to its rows."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from banks.middleware import UserRequest
from oversight.rules.measures import Point, orders_over_time
from oversight.selectors.assessment import Assessment, Line, assessment
from oversight.selectors.measures import INSTITUTION, UNIT
from oversight.views.cells import SPEED_HEADS, duty_cells, percent, short_amount, speed_cells, unit_of
from oversight.views.windows import Asked, asked
from oversight.views.words import DEFINITIONS, LEGS, TITLES

DEFINED = ("a", "b", "e", "f", "h", "orders")


@login_required
@require_GET
def assessment_view(request: UserRequest) -> HttpResponse:
    """Totals, the curve of the period, and the measures of each institution or unit."""
    query = asked(request)
    found = assessment(user=request.user, window=query.window, by=query.by)
    points = _points(found, query, request.user.zone_name)
    context = {
        "form": query.form,
        "days": query.days,
        "server_now": query.window.as_of,
        "kpis": _kpis(found, query),
        "tabs": _tabs(query),
        "lines": [_line(line, query, rank) for rank, line in _ranked(found)],
        "total": _line(found.total, query, None),
        "heads": [(TITLES[key], LEGS[key]) for key, _count in SPEED_HEADS],
        "points": points,
        "chart": _chart(points),
        "definitions": [(TITLES[key], DEFINITIONS[key]) for key in DEFINED],
        "backdated": found.total.stop.backdated,
        "by_institution": query.by == INSTITUTION,
    }
    return render(request, "oversight/assessment.html", context)


def _tabs(query: Asked) -> list[dict[str, Any]]:
    labels = ((INSTITUTION, _("Banks and operators")), (UNIT, _("Police units")))
    return [{"label": label, "url": query.page_url(by), "active": by == query.by} for by, label in labels]


def _ranked(found: Assessment) -> list[tuple[int | None, Line]]:
    """The best first by the measure that the side answers for (B, or F); small numbers without a rank at the end."""

    def judged(line: Line) -> Any:
        return line.orders.final if found.by == INSTITUTION else line.followed

    large = sorted((line for line in found.lines if not judged(line).small), key=lambda one: -(judged(one).value or 0))
    small = [line for line in found.lines if judged(line).small]
    return [*enumerate(large, 1), *((None, line) for line in small)]


def _line(line: Line, query: Asked, rank: int | None) -> dict[str, Any]:
    return {
        "title": line.institution.title if line.institution else _("All"),
        "rank": rank,
        "duties": duty_cells(line, query),
        "speed": speed_cells(line, query),
    }


def _kpis(found: Assessment, query: Asked) -> list[dict[str, Any]]:
    """The strip: reported loss where the reader sees cases, asked, held, on time, overdue, lifts."""
    total = found.total
    items = []
    if found.loss is not None:
        currency, minor = max(found.loss.sums.items(), key=lambda pair: pair[1], default=("CNY", 0))
        hint = ngettext("{count} case", "{count} cases", found.loss.cases).format(count=found.loss.cases)
        items.append(
            _kpi(TITLES["loss"], short_amount(minor, currency), unit_of(currency), query.rows_url("loss"), hint)
        )
    held = total.held[0] if total.held else None
    currency, url = (held.currency if held else "CNY"), query.rows_url("e")
    orders = ngettext("{count} order", "{count} orders", total.orders.count).format(count=total.orders.count)
    asked_minor, held_minor = (held.whole_minor, held.part_minor) if held else (0, 0)
    items.append(_kpi(_("Asked to hold"), short_amount(asked_minor, currency), unit_of(currency), url, orders))
    share = percent(held.value) if held else None
    hint = _("{share} of what was asked").format(share="—" if share is None else f"{share}%")
    items.append(_kpi(_("Held"), short_amount(held_minor, currency), unit_of(currency), url, hint))
    final = percent(total.orders.final.value)
    hint = _("{part} of {whole} orders").format(part=total.orders.final.part, whole=total.orders.final.whole)
    items.append(
        _kpi(TITLES["b"], "—" if final is None else final, "" if final is None else "%", query.rows_url("b"), hint)
    )
    late, lifts = total.overdue, total.lifts
    tone = "bad" if late else "ok"
    items.append(_kpi(TITLES["overdue"], late, "", query.rows_url("overdue"), _("answers past their term"), tone))
    tone = "bad" if lifts.late else "warn" if lifts.count else "ok"
    hint = _("{count} past their term").format(count=lifts.late)
    items.append(_kpi(TITLES["lifts"], lifts.count, "", query.rows_url("lifts"), hint, tone))
    return items


def _kpi(label: Any, value: object, unit: str, url: str, hint: str, tone: str = "") -> dict[str, Any]:
    return {"label": label, "value": value, "unit": unit, "url": url, "hint": hint, "tone": tone}


def _points(found: Assessment, query: Asked, zone: str) -> list[Point]:
    today = query.window.as_of.astimezone(ZoneInfo(zone)).date()
    return orders_over_time(
        ((fact.says.path.issued_at, fact.says.due) for fact in found.issued),
        first=query.days.first, last=min(query.days.last, max(today, query.days.first)), zone=zone, as_of=query.window.as_of,
    )  # fmt: skip


def _chart(points: list[Point]) -> dict[str, Any]:
    """What assets/static/js/charts.js draws: bars of counts, a line of percent with gaps where nothing was due."""
    return {
        "title": _("Issued orders and share answered in time"),
        "labels": [f"{point.day:%m-%d}" for point in points],
        "bars": {"name": str(TITLES["orders"]), "values": [point.issued for point in points]},
        "line": {"name": str(TITLES["b"]), "values": [percent(point.final.value) for point in points], "unit": "%"},
    }
