"""The same reach in other engines, FIFO by a walk over arrays: each finds the entries of a trace, the seed left out.

The walk over numpy's arrays in memory is the limit; the others are what somebody would take instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import networkx
import numpy as np
import psycopg2
import rustworkx

from tests.bench.traces_graph import Graph

LONGEST = 5.0  # seconds: a trace that is not done by then is given up and counted as so long
PIECE = 1_000_000
Next = Callable[[int, int], Iterable[tuple[int, int, int]]]  # (account, since) -> (entry, receiver, at)


class TooLongError(Exception):
    """The trace was given up after LONGEST."""


@dataclass(frozen=True)
class Task:
    """A trace: its first entry with both accounts and time, the least amount, window (seconds) and hops."""

    entry: int
    payer: int
    payee: int
    at: int
    amount: int
    least: int
    window: int
    hops: int


def tasks(made: Graph, window: int, hops: int) -> list[Task]:
    """One for each chain; the least amount is one in a hundred of what was stolen."""
    found = []
    for entry in made.seeds:
        at = entry - 1
        amount = int(made.amount[at])
        parts = (int(made.src[at]), int(made.dst[at]), int(made.at[at]), amount)
        found.append(Task(entry, *parts, max(1, amount // 100), window, hops))
    return found


def breadth_first(task: Task, onwards: Next) -> set[int]:
    """Hop by hop, each payment once. Raises TooLongError."""
    found: set[int] = set()
    layer = [(task.payee, task.at)]
    end = time.perf_counter() + LONGEST
    for _hop in range(2, task.hops + 1):
        after = []
        for node, since in layer:
            if time.perf_counter() > end:
                raise TooLongError
            if node != task.payer:
                for entry, payee, at in onwards(node, since):
                    if entry not in found:
                        found.add(entry)
                        after.append((payee, at))
        layer = after
    return found


class Walk:
    """Arrays by payer and time: the limit."""

    def __init__(self, made: Graph) -> None:
        order = np.lexsort((np.arange(made.size), made.at, made.src))
        self.entry = order + 1
        self.at, self.dst, self.amount = made.at[order], made.dst[order], made.amount[order]
        self.co, self.ci = made.co[order], made.ci[order]
        self.start = np.searchsorted(made.src[order], np.arange(len(made.opening) + 2))
        self._ci_by_entry = made.ci

    def reach(self, task: Task) -> set[int]:
        """By time."""

        def onwards(node: int, since: int) -> Iterable[tuple[int, int, int]]:
            lo, hi = self.start[node], self.start[node + 1]
            first = lo + np.searchsorted(self.at[lo:hi], since)
            last = lo + np.searchsorted(self.at[lo:hi], since + task.window, side="right")
            kept = first + np.flatnonzero(self.amount[first:last] >= task.least)
            return zip(self.entry[kept].tolist(), self.dst[kept].tolist(), self.at[kept].tolist(), strict=True)

        return breadth_first(task, onwards)

    def fifo(self, task: Task) -> dict[int, int]:
        """Entry -> traced amount, by overlap."""
        found: dict[int, int] = {}
        lo = int(self._ci_by_entry[task.entry - 1])
        layer = [(task.payee, lo, lo + task.amount, task.at)]
        for _hop in range(2, task.hops + 1):
            after = []
            for node, lot_lo, lot_hi, came in layer:
                if node == task.payer:
                    continue
                for at in self._meets(node, lot_lo, lot_hi):
                    start = int(self.co[at])
                    lo, hi = max(lot_lo, start), min(lot_hi, start + int(self.amount[at]))
                    small = hi - lo < task.least and hi - lo < lot_hi - lot_lo
                    if not small and self.at[at] <= came + task.window:
                        entry, land = int(self.entry[at]), int(self.ci[at])
                        found[entry] = found.get(entry, 0) + hi - lo
                        after.append((int(self.dst[at]), land + lo - start, land + hi - start, int(self.at[at])))
            layer = after
        return found

    def _meets(self, node: int, lo: int, hi: int) -> range:
        first, last = int(self.start[node]), int(self.start[node + 1])
        co = self.co[first:last]
        begin = first + max(0, int(np.searchsorted(co, lo, side="right")) - 1)
        end = first + int(np.searchsorted(co, hi))
        if begin < end and int(self.co[begin]) + int(self.amount[begin]) <= lo:
            begin += 1
        return range(begin, end)


class Plain:
    """Recursive SQL in the same database, UNION on entry and hop."""

    QUERY = """
    WITH RECURSIVE r(id, node, at, hop) AS (
      SELECT id, dst, in_at, 1 FROM accounts_ledgerentry WHERE id = %(entry)s
      UNION
      SELECT t.id, t.dst, t.in_at, r.hop + 1 FROM r JOIN accounts_ledgerentry t
        ON t.src = r.node AND t.out_at BETWEEN r.at AND r.at + %(window)s * interval '1 second' AND t.amount_minor >= %(least)s
      WHERE r.hop < %(hops)s AND r.node <> %(payer)s)
    SELECT DISTINCT id FROM r WHERE hop > 1"""

    def __init__(self, url: str) -> None:
        self.connection = psycopg2.connect(url, options=f"-c statement_timeout={int(LONGEST * 1000)}")
        self.connection.autocommit = True

    def reach(self, task: Task) -> set[int]:
        """One statement. Raises TooLongError."""
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(self.QUERY, vars(task))
            except psycopg2.errors.QueryCanceled as error:
                raise TooLongError from error
            return {row[0] for row in cursor.fetchall()}


class Networkx:
    """A multigraph of Python objects."""

    def __init__(self, made: Graph) -> None:
        self.graph: Any = networkx.MultiDiGraph()
        columns = (made.src.tolist(), made.dst.tolist(), made.at.tolist(), made.amount.tolist())
        self.graph.add_edges_from(
            (src, dst, number, {"at": at, "amount": amount})
            for number, (src, dst, at, amount) in enumerate(zip(*columns, strict=True), 1)
        )

    def reach(self, task: Task) -> set[int]:
        """Every payment of an account is looked at."""
        return breadth_first(
            task,
            lambda node, since: [
                (number, payee, data["at"])
                for payee, several in self.graph.adj[node].items()
                for number, data in several.items()
                if since <= data["at"] <= since + task.window and data["amount"] >= task.least
            ],
        )


class Rustworkx:
    """A graph in Rust, walked from Python."""

    def __init__(self, made: Graph) -> None:
        self.graph: Any = rustworkx.PyDiGraph(multigraph=True)
        self.graph.add_nodes_from(range(len(made.opening) + 1))
        for start in range(0, made.size, PIECE):  # of all rows at once the Python objects would fill the memory
            part = slice(start, start + PIECE)
            rows = zip(*(column[part].tolist() for column in (made.src, made.dst, made.at, made.amount)), strict=True)
            edges = [(src, dst, (n, at, amount)) for n, (src, dst, at, amount) in enumerate(rows, start + 1)]
            self.graph.add_edges_from(edges)

    def reach(self, task: Task) -> set[int]:
        """Every payment of an account is looked at."""
        return breadth_first(
            task,
            lambda node, since: [
                (number, payee, at)
                for _payer, payee, (number, at, amount) in self.graph.out_edges(node)
                if since <= at <= since + task.window and amount >= task.least
            ],
        )


class Duckdb:
    """A join for each hop, one thread."""

    QUERY = """SELECT DISTINCT t.entry, t.dst, t.since FROM t
      JOIN (SELECT unnest(?::bigint[]) AS node, unnest(?::bigint[]) AS since) f ON t.src = f.node
      WHERE t.since BETWEEN f.since AND f.since + ? AND t.amount >= ?"""

    def __init__(self, made: Graph) -> None:
        self.connection: Any = duckdb.connect()
        self.connection.execute("SET threads = 1")
        columns = {
            "entry": np.arange(made.size) + 1,
            "src": made.src,
            "dst": made.dst,
            "since": made.at,
            "amount": made.amount,
        }
        self.connection.register("columns", columns)
        self.connection.execute("CREATE TABLE t AS SELECT * FROM columns ORDER BY src, since")
        self.connection.unregister("columns")

    def reach(self, task: Task) -> set[int]:
        """Hop by hop. Raises TooLongError."""
        found: set[int] = set()
        layer = [(task.payee, task.at)]
        end = time.perf_counter() + LONGEST
        for _hop in range(2, task.hops + 1):
            if time.perf_counter() > end:
                raise TooLongError
            asked = [pair for pair in layer if pair[0] != task.payer]
            if not asked:
                break
            nodes, since = [pair[0] for pair in asked], [pair[1] for pair in asked]
            rows = self.connection.execute(self.QUERY, [nodes, since, task.window, task.least]).fetchall()
            fresh = [row for row in rows if row[0] not in found]
            found |= {row[0] for row in fresh}
            layer = [(row[1], row[2]) for row in fresh]
        return found
