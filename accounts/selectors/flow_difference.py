"""What two traces of a case say differently, for a page: what changed is found by `rules.tracing.difference`, and named here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import TraceRun
from accounts.rules.tracing import difference, params_difference
from accounts.rules.tracing.questions import questions
from accounts.selectors.flow import FlowEdge, FlowNode, ends_of, flow_graph, traced_edges
from antifraud.errors import NotFound
from banks.models import User


@dataclass(frozen=True)
class EdgeChange:
    """A payment whose traced amount differs; None: it is not in that trace."""

    edge: FlowEdge
    before: int | None
    after: int | None


@dataclass(frozen=True)
class RestChange:
    """An account on which another amount rests; the ends are sums by the words of the result."""

    node: FlowNode
    before: int
    after: int
    ends_before: Mapping[str, int]
    ends_after: Mapping[str, int]


@dataclass(frozen=True)
class FlowDifference:
    """`before` and `after` as given; both lists empty: the two say the same."""

    before: TraceRun
    after: TraceRun
    edges: list[EdgeChange]
    rests: list[RestChange]
    params: list[tuple[str, object, object]]
    nodes: dict[int, FlowNode]


def flow_difference(*, user: User, before: TraceRun, after: TraceRun) -> FlowDifference:
    """Compare two traces of one case that the reader may see; NotFound for traces of two cases."""
    if before.case_id != after.case_id:
        raise NotFound
    nodes = {**flow_graph(user=user, run=before).nodes, **flow_graph(user=user, run=after).nodes}
    told = difference(before.result, after.result)
    params = params_difference(before.params, after.params)
    return FlowDifference(
        before, after, _edges(told["edges"], before, after), _rests(told["nodes"], before, after, nodes),
        [(name, each["before"], each["after"]) for name, each in params.items()], nodes,
    )  # fmt: skip


def traces_beside(run: TraceRun) -> tuple[UUID | None, tuple[UUID, int] | None]:
    """(the newest trace of the same direction, method and currency before this one, to compare it with whatever its limits;
    id and number of the newest that asks the same question as this one, where that is a later one)."""
    same = TraceRun.objects.filter(case=run.case_id, direction=run.direction, method=run.method, currency=run.currency)
    rows = list(same.order_by("-number").values_list("pk", "number", "params", "seeds"))
    before = next((pk for pk, number, *_asked in rows if number < run.number), None)
    asked = questions(row[2:] for row in rows)
    mine = next(question for question, row in zip(asked, rows, strict=True) if row[0] == run.pk)
    newest = next(row[:2] for question, row in zip(asked, rows, strict=True) if question == mine)
    return before, newest if newest[1] > run.number else None


def _edges(told: Mapping[str, Any], before: TraceRun, after: TraceRun) -> list[EdgeChange]:
    """In the order of time."""
    old, new = ({edge.entry: edge for edge in traced_edges(run)} for run in (before, after))
    changes = [EdgeChange(new[each["entry"]], None, int(each["amount"])) for each in told["appeared"]]
    changes += [EdgeChange(old[each["entry"]], int(each["amount"]), None) for each in told["vanished"]]
    changes += [
        EdgeChange(new[each["entry"]], int(each["before"]["amount"]), int(each["after"]["amount"]))
        for each in told["changed"]
        if "amount" in each["before"]
    ]
    return sorted(changes, key=lambda each: (each.edge.when, each.edge.entry or 0))


def _rests(
    told: Mapping[str, Any], before: TraceRun, after: TraceRun, nodes: Mapping[int, FlowNode]
) -> list[RestChange]:
    """The largest change first."""
    old, new = ({int(each["node"]): each for each in run.result["nodes"]} for run in (before, after))
    found = []
    for node in {int(each["node"]) for several in told.values() for each in several}:
        was, now = old.get(node), new.get(node)
        change = (int(was["rest"]) if was else 0, int(now["rest"]) if now else 0)
        ends = (ends_of(was) if was else {}, ends_of(now) if now else {})
        if ends[0] != ends[1] and node in nodes and max(change) > 0:
            found.append(RestChange(nodes[node], *change, *ends))
    return sorted(found, key=lambda each: (-abs(each.after - each.before), each.node.node))
