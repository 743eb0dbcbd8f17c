"""The money's way of one trace, as the police units of the case may see it: accounts, payments, what is hidden.

A bank's own view is in `flow_bank`; where things are drawn is in `rules.picture`; running a trace is in the services.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from accounts.models import LedgerAccount, LedgerChain, LedgerEntry, TraceRun
from accounts.policy import FlowAction
from accounts.selectors.any_of import AnyOf
from accounts.selectors.flow_beyond import hidden_counts, neighbours
from accounts.selectors.flow_turns import edges_in_turn
from accounts.selectors.held import Taken, held_or_asked
from antifraud import policy
from antifraud.crypto.fields import preload_rows
from banks.models import User
from cases.models import Case

MOST_OPENED = 10  # expansions that can be taken back
SECOND = 1_000_000
NOBODY = 0  # the engine's key for all receivers whom no statement names


@dataclass(frozen=True)
class FlowView:
    """What the reader wants shown: payments from `min_minor` on, up to `until` (microseconds), accounts opened by hand."""

    min_minor: int = 0
    until: int | None = None
    opened: tuple[int, ...] = ()


@dataclass
class FlowNode:
    """One account of the trace. Amounts are traced money in minor units; `balance_minor` is what its bank last stated."""

    row: LedgerAccount
    level: int = 0
    came: int = 0
    left: int = 0
    rest: int = 0
    end: str = ""
    ends: dict[str, int] = field(default_factory=dict)  # where the rest is: sums by end, in minor units
    first_at: int = 0
    last_in_at: int = 0
    balance_minor: int | None = None
    balance_at: datetime | None = None
    is_covered: bool = False
    is_seed: bool = False
    is_beyond: bool = False
    hidden: int = 0
    taken: list[Taken] = field(default_factory=list)

    @property
    def node(self) -> int:
        """Its key in the ledger."""
        return self.row.node

    @cached_property
    def masked(self) -> str:
        """Its masked number, decrypted once; "" where the ledger knows none."""
        return self.row.number.masked() if self.row.number is not None else ""

    @property
    def bank(self) -> str:
        """The institution's name, or as the statement wrote it, or ""."""
        return self.row.institution.title if self.row.institution else self.row.institution_text

    @property
    def bank_key(self) -> str:
        """A word that is the same for accounts of one institution."""
        return str(self.row.institution_id) if self.row.institution_id else (self.row.institution_text or "-")[:40]


@dataclass(frozen=True)
class FlowEdge:
    """One traced payment, or (`is_beyond`) the sum of what the ledger knows between two accounts."""

    src: int
    dst: int
    amount: int
    at: int
    hop: int
    entry: int | None = None
    count: int = 1
    is_return: bool = False
    is_beyond: bool = False
    turn: int = 0  # among the payments of its moment

    @property
    def when(self) -> tuple[int, int]:
        """Its place in the order of time."""
        return self.at, self.turn


@dataclass
class FlowGraph:
    """What is shown of a run; `left_out` payments are hidden by the filters; times are microseconds.

    `opened`: what was opened by hand and is shown, in that order; `came`: the accounts that the last of them brought.
    """

    run: TraceRun
    nodes: dict[int, FlowNode]
    edges: list[FlowEdge]
    left_out: int
    first_at: int
    last_at: int
    opened: tuple[int, ...] = ()
    came: int = 0


def runs_list(*, user: User, case: Case) -> QuerySet[TraceRun]:
    """The traces of a case, newest first, without their long results."""
    rows = policy.scope(user, FlowAction.TRACE_VIEW, TraceRun.objects.select_related("run_by"))
    return rows.filter(case=case).defer("result", "seeds").order_by("-number")


def run_detail(*, user: User, run_id: UUID) -> TraceRun:
    """One trace with its case; NotFound out of reach."""
    return policy.get(user, FlowAction.TRACE_VIEW, TraceRun.objects.select_related("case__unit", "run_by"), run_id)


def ledger_rows(
    *, user: User, case_id: UUID, nodes: Iterable[int], names: bool = True
) -> dict[int, LedgerAccount]:  # fmt: skip
    """The accounts of these keys, as far as they belong to the case and the reader may see them; decrypted in one go.

    An institution of many accounts is read once. Without `names` the holders' names are left where they are.

    A run from before a joining names second numbers: where only the account's first number tells the bank, it is theirs too.
    """
    every = policy.scope(user, FlowAction.LEDGER_VIEW, LedgerAccount.objects.prefetch_related("institution"))
    rows = (every if names else every.defer("name")).filter(case=case_id)
    found = list(rows.filter(AnyOf(F("node"), list(nodes))))
    bankless = [row for row in found if row.institution_id is None and row.main is not None]
    mains = {row.node: row for row in rows.filter(node__in=[row.main for row in bankless])} if bankless else {}
    for row in bankless:
        row.institution = mains[row.main].institution if row.main in mains else None
    preload_rows(found)
    return {row.node: row for row in found}


def flow_graph(*, user: User, run: TraceRun, view: FlowView | None = None) -> FlowGraph:
    """What the reader asked to see of a run. Some ten statements, whatever the size of the trace."""
    policy.require(user, FlowAction.TRACE_VIEW, run)
    wanted = view or FlowView()
    every = traced_edges(run)
    edges = [
        edge for edge in every if edge.amount >= wanted.min_minor and (wanted.until is None or edge.at <= wanted.until)
    ]
    said = {int(each["node"]): each for each in run.result["nodes"]}
    shown = {node for edge in edges for node in (edge.src, edge.dst)} or {*said}
    opened, beyond, came = _opened(run, wanted, shown)
    shown |= {node for edge in beyond for node in (edge.src, edge.dst)}
    rows = ledger_rows(user=user, case_id=run.case_id, nodes=shown, names=False)
    if NOBODY in shown:
        rows[NOBODY] = LedgerAccount(
            case_id=run.case_id, node=NOBODY, kind=LedgerAccount.Kind.UNNAMED, number_index=b""
        )
    nodes = _nodes(rows, said, edges, beyond)
    _chains(nodes, run.currency)
    for node, count in hidden_counts(run, nodes).items():
        nodes[node].hidden = count
    for node, taken in held_or_asked(user=user, rows=[each.row for each in nodes.values()]).items():
        nodes[node].taken = taken
    kept = [edge for edge in (*edges, *beyond) if edge.src in nodes and edge.dst in nodes]
    times = [edge.at for edge in every] or [0]
    return FlowGraph(run, nodes, kept, len(every) - len(edges), min(times), max(times), opened, came)


def traced_edges(run: TraceRun) -> list[FlowEdge]:
    """The payments of the result, the seeds' own among them, in the order of time, then of the chains."""
    found = [
        FlowEdge(
            int(each["src"]), int(each["dst"]), int(each["amount"]), microseconds(each["at"]), int(each["hop"]),
            int(each["entry"]), is_return=bool(each["is_return"]),
        )
        for each in run.result["edges"]
    ]  # fmt: skip
    named = {edge.entry for edge in found}
    missing = {int(seed["entry"]): seed for seed in run.seeds if int(seed["entry"]) not in named}
    rows = LedgerEntry.objects.filter(case=run.case_id, pk__in=missing, src__isnull=False, dst__isnull=False)
    for pk, src, dst, at in rows.values_list("pk", "src", "dst", "out_at") if missing else ():
        amount = int(missing[pk]["to_minor"]) - int(missing[pk]["from_minor"])
        found.append(FlowEdge(src or 0, dst or 0, amount, microseconds(at), 0, pk))
    return edges_in_turn(run.case_id, found)


def ends_of(facts: Mapping[str, Any]) -> dict[str, int]:
    """Where an account's rest is, by the words of the result; of an old run all at its main end."""
    rest = int(facts["rest"])
    return facts.get("ends") or ({str(facts["end"]): rest} if rest else {})


def microseconds(value: Any) -> int:
    """A moment of a result (microseconds, ISO text or datetime) as microseconds since 1970 UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        delta = value.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds
    return int(value)


def moment(value: int) -> datetime:
    """The other way round."""
    return datetime.fromtimestamp(value / SECOND, UTC)


def _nodes(
    rows: Mapping[int, LedgerAccount],
    said: Mapping[int, Mapping[str, Any]],
    edges: list[FlowEdge],
    beyond: list[FlowEdge],
) -> dict[int, FlowNode]:
    nodes = {node: FlowNode(row) for node, row in rows.items()}
    for node, each in nodes.items():
        facts = said.get(node)
        each.is_beyond = facts is None
        if facts is not None:
            each.level, each.came, each.left = int(facts["level"]), int(facts["in"]), int(facts["out"])
            each.rest, each.end = int(facts["rest"]), str(facts["end"])
            each.last_in_at = microseconds(facts["last_at"]) if facts.get("last_at") else 0
            each.ends = ends_of(facts)
    for edge in edges:
        for node in (edge.src, edge.dst):
            if node in nodes:
                nodes[node].first_at = min(nodes[node].first_at or edge.at, edge.at)
                nodes[node].is_beyond = False
        if edge.dst in nodes:
            nodes[edge.dst].last_in_at = max(nodes[edge.dst].last_in_at, edge.at)
    for each in nodes.values():
        each.is_seed = each.level == 0 and not each.is_beyond
    for edge in beyond:
        known, fresh = (edge.src, edge.dst) if edge.hop > 0 else (edge.dst, edge.src)
        if fresh in nodes and nodes[fresh].is_beyond and known in nodes:
            nodes[fresh].level = nodes[known].level + edge.hop
            nodes[fresh].first_at = nodes[fresh].first_at or edge.at
    return nodes


def _chains(nodes: dict[int, FlowNode], currency: str) -> None:
    """The last stated balance of each account, and whether a statement of its own is in the ledger."""
    rows = LedgerChain.objects.filter(AnyOf(F("node"), list(nodes)), currency=currency)
    for node, closing, start, end in rows.values_list("node", "closing_minor", "covered_from", "covered_to"):
        nodes[node].balance_minor, nodes[node].balance_at, nodes[node].is_covered = closing, end, start is not None


def _opened(run: TraceRun, view: FlowView, shown: set[int]) -> tuple[tuple[int, ...], list[FlowEdge], int]:
    """(opened, their payments, accounts that the last one brought): only what is visible can be opened."""
    found: dict[tuple[int, int], FlowEdge] = {}
    visible: set[int] = set(shown)
    opened, came = [], 0
    for node in view.opened[:MOST_OPENED]:
        if node not in visible:
            continue
        opened.append(node)
        before = len(visible)
        for other, way, amount, count, at in neighbours(run, node):
            if other in shown:
                continue
            src, dst = (node, other) if way > 0 else (other, node)
            found.setdefault((src, dst), FlowEdge(src, dst, amount, microseconds(at), way, count=count, is_beyond=True))
            visible.add(other)
        came = len(visible) - before
    return tuple(opened), list(found.values()), came


def way_to(graph: FlowGraph, node: int) -> list[FlowEdge]:
    """The payments by which traced money came to an account, from the seeds on, none after what it leads to."""
    into: dict[int, list[FlowEdge]] = defaultdict(list)
    for edge in graph.edges:
        if not edge.is_beyond:
            into[edge.dst].append(edge)
    found: set[FlowEdge] = set()
    open_ = [(node, (graph.last_at, len(graph.edges)))]
    while open_:
        place, until = open_.pop()
        for edge in into[place]:
            if edge.when <= until and edge not in found:
                found.add(edge)
                open_.append((edge.src, edge.when))
    return sorted(found, key=lambda edge: (edge.when, edge.entry or 0))
