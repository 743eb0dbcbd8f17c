"""The pages of one trace: its picture, an account beside it, the difference from another trace.

The case's tab is in `flow_tab`, files to take away in `flow_files`, the frontier in `frontier`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.forms.flow import METHOD_MEANINGS, VIEWS, FlowQuery
from accounts.models import TraceRun
from accounts.policy import FlowAction
from accounts.selectors.flow import MOST_OPENED, SECOND, FlowGraph, FlowNode, flow_graph, run_detail, way_to
from accounts.selectors.flow_difference import flow_difference, newest_before
from accounts.views.flow_drawing import draw
from accounts.views.flow_words import ENDS, bank_of, end_of, level_of, number_of, state_of
from antifraud import policy
from banks.middleware import UserRequest
from cases.views.tabs import case_context

MOST_ROWS = 500


@login_required
@require_GET
def flow_run_view(request: UserRequest, run_id: UUID) -> HttpResponse:
    """The picture (or its table) of one trace; everything that the reader set stands in the address."""
    run = run_detail(user=request.user, run_id=run_id)
    query = FlowQuery.read(request.GET)
    graph = flow_graph(user=request.user, run=run, view=query.flow_view(run.currency))
    context = run_context(request, run, query, graph) | {
        "picture": draw(graph, query.view, picture_title(run)) if query.view != "table" and graph.nodes else None,
        "rows": node_rows(graph, run, query),
        "payments": payment_rows(graph)[:MOST_ROWS],
        "payments_more": max(len(graph.edges) - MOST_ROWS, 0),
    }
    return render(request, "accounts/flow_run.html", context)


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
        "row": _row(found, run, query),
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
    rests = [(each, ENDS.get(each.end_before), ENDS.get(each.end_after)) for each in found.rests]
    payments = [(each, found.nodes.get(each.edge.src), found.nodes.get(each.edge.dst)) for each in found.edges]
    context = case_context(after.case, "flow") | {
        "found": found,
        "rests": [(each, number_of(each.node), bank_of(each.node), *ends) for each, *ends in rests][:MOST_ROWS],
        "payments": [
            (each, number_of(src) if src else "—", number_of(dst) if dst else "—") for each, src, dst in payments
        ][:MOST_ROWS],
    }
    return render(request, "accounts/flow_difference.html", context)


def run_context(request: UserRequest, run: TraceRun, query: FlowQuery, graph: FlowGraph) -> dict[str, Any]:
    """What every page about a trace shows above its content."""
    before = newest_before(run)
    return case_context(run.case, "flow") | {
        "run": run,
        "query": query,
        "graph": graph,
        "totals": _totals(run),
        "method_meaning": METHOD_MEANINGS.get(run.method, ""),
        "views": [
            {"label": str(label), "url": _address(run, replace(query, view=word)), "active": word == query.view}
            for word, label in VIEWS.items()
        ],
        "undo_url": _address(run, replace(query, opened=query.opened[:-1])) if query.opened else "",
        "undo_count": len(query.opened),
        "first_seconds": graph.first_at // SECOND,
        "last_seconds": -(-graph.last_at // SECOND),
        "until_seconds": query.until if query.until is not None else -(-graph.last_at // SECOND),
        "opened_text": ".".join(map(str, query.opened)),
        "difference_url": reverse("accounts:flow_difference", args=[run.id, before]) if before else "",
        "may_reveal": policy.can(request.user, FlowAction.LEDGER_REVEAL),
        "may_draft": policy.can(request.user, "order.draft"),
        "is_forward": run.direction == TraceRun.Direction.FORWARD,
    }


def picture_title(run: TraceRun) -> str:
    """What the picture is called, on the page and in files."""
    return _("Case {case}, trace {number}").format(case=run.case.number, number=run.number)


def node_rows(graph: FlowGraph, run: TraceRun, query: FlowQuery) -> list[dict[str, Any]]:
    """The accounts of the table, by level, the largest first."""
    nodes = sorted(graph.nodes.values(), key=lambda each: (each.is_beyond, each.level, -each.came, each.node))
    return [_row(node, run, query) for node in nodes[:MOST_ROWS]]


def payment_rows(graph: FlowGraph) -> list[tuple[Any, str, str]]:
    """The payments of the table in the order of time: (edge, from, to)."""
    edges = sorted(graph.edges, key=lambda edge: (edge.is_beyond, edge.at, edge.entry or 0))
    return [(edge, number_of(graph.nodes[edge.src]), number_of(graph.nodes[edge.dst])) for edge in edges]


def _row(node: FlowNode, run: TraceRun, query: FlowQuery) -> dict[str, Any]:
    opened = (*query.opened, node.node)[-MOST_OPENED:]
    can_open = node.hidden > 0 and node.node not in query.opened
    return {
        "node": node,
        "number": number_of(node),
        "bank": bank_of(node),
        "level": level_of(node),
        "end": end_of(node),
        "state": state_of(node),
        "open_url": _address(run, replace(query, opened=opened)) if can_open else "",
    }


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
