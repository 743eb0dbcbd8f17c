"""What two traces of a case say differently: payments that came, went or changed, and where the money rests now instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accounts.models import TraceRun
from accounts.selectors.flow import FlowEdge, FlowNode, flow_graph, traced_edges
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
    """An account on which another amount rests; the ends are the words of the result ("" where it was not reached)."""

    node: FlowNode
    before: int
    after: int
    end_before: str
    end_after: str


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
    rests = _rests(before, after, nodes)
    params = [
        (name, before.params.get(name), after.params.get(name))
        for name in sorted(before.params.keys() | after.params.keys())
        if before.params.get(name) != after.params.get(name)
    ]
    return FlowDifference(before, after, _edges(traced_edges(before), traced_edges(after)), rests, params, nodes)


def said_otherwise(before: TraceRun, after: TraceRun) -> bool:
    """Whether the results differ at all."""
    return bytes(before.result_digest) != bytes(after.result_digest)


def newest_before(run: TraceRun) -> UUID | None:
    """The trace before this one with the same question (direction, method, currency), to compare it with."""
    same = TraceRun.objects.filter(
        case=run.case_id, direction=run.direction, method=run.method, currency=run.currency, number__lt=run.number
    )
    return same.order_by("-number").values_list("pk", flat=True).first()


def _edges(before: Iterable[FlowEdge], after: Iterable[FlowEdge]) -> list[EdgeChange]:
    old, new = ({edge.entry: edge for edge in edges} for edges in (before, after))
    changes = []
    for entry in old.keys() | new.keys():
        was, now = old.get(entry), new.get(entry)
        edge = now or was
        amounts = (was.amount if was else None, now.amount if now else None)
        if edge is not None and amounts[0] != amounts[1]:
            changes.append(EdgeChange(edge, *amounts))
    return sorted(changes, key=lambda each: (each.edge.at, each.edge.entry or 0))


def _rests(before: TraceRun, after: TraceRun, nodes: dict[int, FlowNode]) -> list[RestChange]:
    old, new = ({int(each["node"]): each for each in run.result["nodes"]} for run in (before, after))
    found = []
    for node in old.keys() | new.keys():
        was, now = old.get(node), new.get(node)
        change = (int(was["rest"]) if was else 0, int(now["rest"]) if now else 0)
        ends = (str(was["end"]) if was else "", str(now["end"]) if now else "")
        if (change[0] != change[1] or ends[0] != ends[1]) and node in nodes and max(change) > 0:
            found.append(RestChange(nodes[node], *change, *ends))
    return sorted(found, key=lambda each: (-abs(each.after - each.before), each.node.node))
