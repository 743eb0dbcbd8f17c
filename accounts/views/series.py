"""Series: the list, one series with its map, the tab of a case, joining, splitting and undoing; the stop list is in `series_stops`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.forms.series import SeriesJoinForm, SeriesSplitForm, SeriesUndoForm
from accounts.models import SeriesDecision
from accounts.policy import SeriesAction
from accounts.rules import series_map
from accounts.selectors import series as selectors
from accounts.services.series.decisions import series_join, series_split, series_undo
from accounts.views.steps import step
from antifraud import policy
from antifraud.api.pagination import keyset_page, page_urls
from banks.middleware import UserRequest
from cases.selectors.cases import case_detail
from cases.views.tabs import case_context

LONGEST_LABEL = 26  # characters that fit a box of the map


@login_required
@require_GET
def series_list_view(request: UserRequest) -> HttpResponse:
    """Series with cases of the reader, those that changed last first."""
    policy.require(request.user, SeriesAction.SERIES_VIEW)
    page = keyset_page(selectors.series_list(user=request.user), selectors.KEYSET, request.GET.get("cursor"), 50)
    context = {"page": page} | page_urls(request, page)
    return render(request, "accounts/series_list.html", context)


@login_required
@require_GET
def series_detail_view(request: UserRequest, series_id: UUID) -> HttpResponse:
    """Members, what links them, who else works on it, history."""
    user = request.user
    series = selectors.series_detail(user=user, series_id=series_id)
    if series.pk != series_id:
        return HttpResponseRedirect(reverse("accounts:series", args=[series.pk]))
    sight = selectors.series_sight(user=user, series=series)
    context = {
        "series": series,
        "sight": sight,
        "map": map_of(sight),
        "pairs": pairs_of(sight),
        "events": list(selectors.series_events(user=user, series=series)),
        "decisions": list(selectors.series_decisions(user=user, series=series)),
        "may_split": policy.can(user, SeriesAction.SERIES_SPLIT) and series.size > 1,
        "may_undo": policy.can(user, SeriesAction.SERIES_UNDO),
        "may_stop": policy.can(user, SeriesAction.STOPLIST_ADD),
        "crumbs": [(_("Series"), reverse("accounts:series_list")), (series.number, "")],
    }
    return render(request, "accounts/series_detail.html", context)


@login_required
@require_GET
def case_series_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """The tab Series of a case: the series that it is in, or that nothing links it."""
    case = case_detail(user=request.user, case_id=case_id)
    series = selectors.series_of_case(user=request.user, case=case)
    sight = selectors.series_sight(user=request.user, series=series) if series else None
    context = case_context(case, "series") | {
        "series": series,
        "sight": sight,
        "pairs": [pair for pair in pairs_of(sight) if case.pk in pair["ids"]] if sight else [],
        "may_join": policy.can(request.user, SeriesAction.SERIES_JOIN),
    }
    return render(request, "accounts/case_series.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def series_join_view(request: UserRequest, case_id: UUID) -> HttpResponse:
    """This case and another one belong together."""
    case = case_detail(user=request.user, case_id=case_id)
    policy.require(request.user, SeriesAction.SERIES_JOIN, case)
    form = SeriesJoinForm(_sent(request), user=request.user)

    def act(data: dict[str, Any]) -> UUID:
        return series_join(by=request.user, case_id=case_id, other_id=data["other"].id, reason=data["reason"]).id

    back = reverse("accounts:case_series", args=[case_id])
    return series_step(request, form, act, title=_("Join with another case"), back=back)


@login_required
@require_http_methods(["GET", "POST"])
def series_split_view(request: UserRequest, series_id: UUID) -> HttpResponse:
    """Cases leave the series."""
    series = selectors.series_detail(user=request.user, series_id=series_id)
    policy.require(request.user, SeriesAction.SERIES_SPLIT, series)
    cases = selectors.series_sight(user=request.user, series=series).cases
    form = SeriesSplitForm(_sent(request), cases=cases)

    def act(data: dict[str, Any]) -> UUID:
        chosen = [UUID(text) for text in data["cases"]]
        return series_split(by=request.user, series_id=series.id, case_ids=chosen, reason=data["reason"]).series_id

    back = reverse("accounts:series", args=[series.id])
    text = _("What these cases share with the others does not link them again. A new shared thing can.")
    return series_step(request, form, act, title=_("Split off cases"), back=back, text=text)


@login_required
@require_http_methods(["GET", "POST"])
def series_undo_view(request: UserRequest, decision_id: UUID) -> HttpResponse:
    """Take a join or a split back."""
    decision = policy.get(request.user, SeriesAction.SERIES_UNDO, SeriesDecision.objects.all(), decision_id)
    form = SeriesUndoForm(_sent(request))

    def act(data: dict[str, Any]) -> UUID:
        return series_undo(by=request.user, decision_id=decision_id, reason=data["reason"]).series_id

    back = reverse("accounts:series", args=[decision.series_id])
    return series_step(request, form, act, title=_("Undo: {what}").format(what=decision.get_kind_display()), back=back)


def series_step(
    request: UserRequest,
    form: forms.Form,
    act: Callable[[dict[str, Any]], UUID | None],
    *,
    title: str,
    back: str,
    text: str = "",
) -> HttpResponse:
    """The form, or its act in one unit of work; leads to the series it is about, else `back`.

    A series that has ended by the act, or is out of reach after it, is not opened: the list is.
    """
    answer = step(request, form, act, done=_("Saved."), to=lambda found: _after(request, found, back))
    if not isinstance(answer, int):
        return answer
    crumbs = [(_("Series"), reverse("accounts:series_list")), (title, "")]
    context = {"form": form, "title": title, "back": back, "text": text, "crumbs": crumbs}
    return render(request, "accounts/series_step.html", context, status=answer)


def _after(request: UserRequest, series_id: UUID | None, back: str) -> str:
    if series_id is None:
        return back
    seen = selectors.series_list(user=request.user).filter(pk=series_id).exists()
    return reverse("accounts:series", args=[series_id]) if seen else reverse("accounts:series_list")


def _sent(request: UserRequest) -> Any:
    return request.POST if request.method == "POST" else None


def pairs_of(sight: selectors.Sight) -> list[dict[str, Any]]:
    """The table twin of the map: which own cases share a thing, and whose cases have it besides."""
    numbers = {case.pk: case for case in sight.cases}
    rows = [
        {
            "thing": thing,
            "ids": set(thing.cases),
            "cases": [numbers[pk] for pk in thing.cases],
            "elsewhere": [sight.colleagues[at] for at in thing.elsewhere],
        }
        for thing in sight.things
    ]
    for decision in sight.ties:
        for tie in decision.ties.all():
            ids = {tie.a_id, tie.b_id}
            cases = [numbers[pk] for pk in (tie.a_id, tie.b_id) if pk in numbers]
            rows.append({"decision": decision, "ids": ids, "cases": cases, "elsewhere": []})
    return rows


def map_of(sight: selectors.Sight) -> dict[str, Any]:
    """The drawn map: boxes with their words, lines, the size of the picture; attributes are texts, so no locale bends them."""
    place = {case.pk: at for at, case in enumerate(sight.cases)}
    things = [([place[pk] for pk in thing.cases], thing.elsewhere) for thing in sight.things]
    drawn = series_map.draw(len(sight.cases), things, len(sight.colleagues))
    words = (
        [(case.number, case.unit.title, reverse("accounts:case_series", args=[case.pk])) for case in sight.cases],
        [(thing.label, thing.kind_label, "") for thing in sight.things],
        [(one.unit, one.officer, "") for one in sight.colleagues],
    )
    boxes = [
        {
            "kind": ("case", "thing", "other")[box.column],
            "x": str(box.x),
            "y": str(box.y),
            "text_x": str(box.x + 10),
            "title_y": str(box.y + 15),
            "small_y": str(box.y + 28),
            "title": _short(words[box.column][box.index][0]),
            "small": _short(words[box.column][box.index][1]),
            "url": words[box.column][box.index][2],
        }
        for box in drawn.boxes.values()
    ]
    return {
        "boxes": boxes,
        "lines": [path for _, _, path in drawn.lines],
        "box": f"0 0 {series_map.WIDTH} {drawn.height}",
        "width": str(series_map.BOX_WIDTH),
        "height": str(series_map.BOX_HEIGHT),
        "columns": [str(x) for x in series_map.COLUMNS],
        "hidden": drawn.hidden,
    }


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
