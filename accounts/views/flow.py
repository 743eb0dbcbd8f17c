"""The pages of one trace: its picture, an account beside it, the difference from another trace.

The case's tab is in `flow_tab`, files to take away in `flow_files`, the frontier in `frontier`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.forms.flow import METHOD_MEANINGS, VIEWS, FlowQuery
from accounts.models import TraceRun
from accounts.policy import FlowAction
from accounts.selectors.flow import MOST_OPENED, SECOND, FlowGraph, FlowNode, flow_graph, run_detail, way_to
from accounts.selectors.flow_difference import flow_difference, traces_beside
from accounts.selectors.ledger_numbers import second_numbers
from accounts.views.flow_drawing import draw
from accounts.views.flow_rows import account_rows, payment_rows
from accounts.views.flow_words import ENDS, bank_of, level_of, number_of, parts_of, state_of
from accounts.views.param_words import param_label, param_value
from antifraud import policy
from banks.middleware import UserRequest
from cases.views.tabs import case_context

MOST_ROWS = 500


@login_required
@require_GET
def flow_run_view(request: UserRequest, run_id: UUID) -> HttpResponse:
    """The picture (or its table) of one trace; everything that the reader set stands in the address.

    Asked for by the picture's script, only the part that changes: the views, the filter, the picture or the table.
    """
    run = run_detail(user=request.user, run_id=run_id)
    query = FlowQuery.read(request.GET)
    graph = flow_graph(user=request.user, run=run, view=query.flow_view(run.currency))
    before, later = traces_beside(run)
    context = _part_context(request, run, query, graph) | {"later": later}
    is_part = "HX-Request" in request.headers
    if not is_part:
        context |= _head_context(request, run, before)
    response = render(request, "accounts/flow_part.html" if is_part else "accounts/flow_run.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@require_GET
def flow_node_view(request: UserRequest, run_id: UUID, node: int) -> HttpResponse:
    """One account of the trace, as a part of the page: its sums, what they mean, who holds it, the money's way to it."""
    run = run_detail(user=request.user, run_id=run_id)
    query = FlowQuery.read(request.GET)
    graph = flow_graph(user=request.user, run=run, view=query.flow_view(run.currency))
    found = graph.nodes.get(node)
    if found is None:
        raise Http404
    context = {
        "run": run,
        "row": _row(found, _opener(run, query, graph)),
        "is_full": _is_full(query, graph),
        "others": second_numbers(found.row),
        "way": [(each, graph.nodes[each.src], graph.nodes[each.dst]) for each in way_to(graph, node)][:MOST_ROWS],
        "may_reveal": policy.can(request.user, FlowAction.LEDGER_REVEAL),
    }
    return render(request, "accounts/flow_node.html", context)


@login_required
@require_GET
def flow_difference_view(request: UserRequest, run_id: UUID, other_id: UUID) -> HttpResponse:
    """What this trace says otherwise than an earlier one."""
    after, before = (run_detail(user=request.user, run_id=pk) for pk in (run_id, other_id))
    found = flow_difference(user=request.user, before=before, after=after)
    rests = [(each, parts_of(each.ends_before), parts_of(each.ends_after)) for each in found.rests]
    payments = [(each, found.nodes.get(each.edge.src), found.nodes.get(each.edge.dst)) for each in found.edges]
    context = case_context(after.case, "flow") | {
        "found": found,
        "params": [
            (param_label(name), *(param_value(name, value, after.currency) for value in values))
            for name, *values in found.params
        ],
        "rests": [(each, number_of(each.node), bank_of(each.node), *ends) for each, *ends in rests][:MOST_ROWS],
        "payments": [
            (each, number_of(src) if src else "—", number_of(dst) if dst else "—") for each, src, dst in payments
        ][:MOST_ROWS],
    }
    return render(request, "accounts/flow_difference.html", context)


def _head_context(request: UserRequest, run: TraceRun, before: UUID | None) -> dict[str, Any]:
    """What stands above the picture and does not change with it."""
    return case_context(run.case, "flow") | {
        "totals": _totals(run),
        "method_meaning": METHOD_MEANINGS.get(run.method, ""),
        "difference_url": reverse("accounts:flow_difference", args=[run.id, before]) if before else "",
        "is_forward": run.direction == TraceRun.Direction.FORWARD,
    }


def _part_context(request: UserRequest, run: TraceRun, query: FlowQuery, graph: FlowGraph) -> dict[str, Any]:
    """The views, the filter, and the picture or its table; rows are written for the table alone."""
    is_table = query.view == "table"
    opener = _opener(run, query, graph)
    picture = None if is_table or not graph.nodes else draw(graph, query.view, picture_title(run), opener)
    return {
        "run": run,
        "query": query,
        "graph": graph,
        "views": [
            {"label": str(label), "url": _address(run, replace(query, view=word)), "active": word == query.view}
            for word, label in VIEWS.items()
        ],
        "undo_url": _undo(run, query, graph),
        "undo_count": len(graph.opened),
        "is_full": _is_full(query, graph),
        "most_opened": MOST_OPENED,
        "first_seconds": graph.first_at // SECOND,
        "last_seconds": -(-graph.last_at // SECOND),
        "until_seconds": query.until if query.until is not None else -(-graph.last_at // SECOND),
        "opened_text": ".".join(map(str, query.opened)),
        "may_reveal": policy.can(request.user, FlowAction.LEDGER_REVEAL),
        "shown": len(graph.nodes),
        "openable": sum(1 for node in graph.nodes.values() if node.hidden),
        "picture": picture,
        "rows": _account_rows(request, graph, opener) if is_table else "",
        "payments": payment_rows(graph, MOST_ROWS) if is_table else "",
        "payments_more": max(len(graph.edges) - MOST_ROWS, 0),
    }


def picture_title(run: TraceRun) -> str:
    """What the picture is called, on the page and in files."""
    return _("Case {case}, trace {number}").format(case=run.case.number, number=run.number)


def _account_rows(request: UserRequest, graph: FlowGraph, opener: Callable[[FlowNode], str]) -> SafeString:
    """The accounts of the table, by level, the largest first."""
    nodes = sorted(graph.nodes.values(), key=lambda each: (each.is_beyond, each.level, -each.came, each.node))
    may_reveal = policy.can(request.user, FlowAction.LEDGER_REVEAL)
    return account_rows(nodes[:MOST_ROWS], currency=graph.run.currency, opener=opener, may_reveal=may_reveal)


def _row(node: FlowNode, opener: Callable[[FlowNode], str]) -> dict[str, Any]:
    return {
        "node": node,
        "number": number_of(node),
        "bank": bank_of(node),
        "level": level_of(node),
        "parts": parts_of(node.ends, node.end),
        "state": state_of(node),
        "open_url": opener(node),
    }


def _is_full(query: FlowQuery, graph: FlowGraph) -> bool:
    """Whether as many accounts are opened as can be: one may stand on another, so that none is given up for the next."""
    return query.view != "sankey" and len(graph.opened) >= MOST_OPENED


def _opener(run: TraceRun, query: FlowQuery, graph: FlowGraph) -> Callable[[FlowNode], str]:
    """The address that shows a node's hidden neighbours, the node itself at its end; "" where there are none to show.

    Totals show traced money only, so nothing is opened in them.
    """
    if _is_full(query, graph):
        return lambda node: ""
    # What the filter hides at present is kept, as long as there is room for it.
    kept = tuple(node for node in query.opened if node in graph.opened or node not in graph.nodes)
    kept = kept if len(kept) < MOST_OPENED else graph.opened
    before = "".join(f"{each}." for each in kept)
    address = _address(run, replace(query, opened=()))
    address = f"{address}{'&' if '?' in address else '?'}open={before}"
    place = "row-" if query.view == "table" else "n"

    def url(node: FlowNode) -> str:
        if not node.hidden or node.node in graph.opened or query.view == "sankey":
            return ""
        return f"{address}{node.node}#{place}{node.node}"

    return url


def _undo(run: TraceRun, query: FlowQuery, graph: FlowGraph) -> str:
    """The address without the last opening that is shown, its account at the end; "" where none is."""
    if not graph.opened:
        return ""
    place, last = "row-" if query.view == "table" else "n", graph.opened[-1]
    kept = tuple(node for node in query.opened if node != last)
    return f"{_address(run, replace(query, opened=kept))}#{place}{last}"


def _totals(run: TraceRun) -> list[tuple[str, Any, int]]:
    """(word, label, amount) of where the money is, the largest first, zeros left out."""
    found = [
        (word, ENDS[word].word, int(amount)) for word, amount in run.result["totals"].items() if word in ENDS and amount
    ]
    return sorted(found, key=lambda each: -each[2])


def _address(run: TraceRun, query: FlowQuery) -> str:
    values: dict[str, Any] = {"view": query.view if query.view != "layers" else ""}
    values |= {"min": query.min_text, "until": query.until if query.until is not None else ""}
    values["open"] = ".".join(map(str, query.opened))
    kept = {name: value for name, value in values.items() if value != ""}
    return reverse("accounts:flow_run", args=[run.id]) + (f"?{urlencode(kept)}" if kept else "")
