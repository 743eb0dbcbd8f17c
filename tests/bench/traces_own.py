"""The platform's own engines as the bench calls them: the reader over PostgreSQL and the rules, without the storing of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.rules.tracing import Params, Seed, trace
from accounts.selectors.tracing import LedgerReader
from antifraud import embedded
from antifraud.start.postgres import Postgres
from tests.bench.traces_load import forget
from tests.bench.traces_rivals import Task


class Own:
    """One connection, kept for all traces; `restart` makes the server and the kernel forget."""

    def __init__(self, case_id: UUID, edges: int) -> None:
        self.case_id, self.edges = case_id, edges

    def engines(self) -> dict[str, Callable[[Task], Any]]:
        """By name. Each returns the entries that it found without the seed, FIFO with amounts; the bare statement returns none."""
        return {
            "fifo statement": self.statement,
            "fifo": lambda task: self._trace(task, "fifo"),
            "pro_rata": lambda task: self._trace(task, "pro_rata"),
            "libr": lambda task: self._trace(task, "libr"),
            "reach": lambda task: set(self._trace(task, "reach")),
        }

    def params(self, task: Task, method: str) -> Params:
        """The bench's limits."""
        return Params(
            hub_entries=100_000,
            method=method,
            min_amount_minor=task.least,
            window_seconds=task.window,
            max_hops=task.hops,
            max_edges=self.edges,
        )

    def statement(self, task: Task) -> list[Any]:
        """FIFO's recursive statement with its rows read, and nothing of the engine."""
        reader = LedgerReader(self.case_id, "CNY", self.params(task, "fifo"))
        return reader.seeds([Seed(task.entry, 0, task.amount)], reader.params)[1:]

    def _trace(self, task: Task, method: str) -> dict[int, int]:
        params = self.params(task, method)
        traced = trace(LedgerReader(self.case_id, "CNY", params), [Seed(task.entry, 0, task.amount)], params)
        return {edge.entry: edge.amount for edge in traced.result.edges if edge.entry != task.entry}

    def trips(self, count: int) -> list[float]:
        """Seconds of `select 1`."""
        taken = []
        with connection.cursor() as cursor:
            for _turn in range(count):
                began = time.perf_counter()
                cursor.execute("SELECT 1")
                cursor.fetchone()
                taken.append(time.perf_counter() - began)
        return taken

    def worked(self) -> float:
        """Seconds that this thread and its session of the server have computed: they count on a busy machine too."""
        session = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
        return time.thread_time() + int(session.read_text().split()[0]) / 1e9

    def restart(self, servers: embedded.Servers) -> None:
        """The server stopped, its files' pages dropped, started again; a trace of nothing prepares the statements."""
        connection.close()
        server = _server(servers)
        server.stop()
        forget(server.cluster)
        server.start()
        nothing = Task(0, 0, 0, 0, 1, 1, 1, 1)
        for act in self.engines().values():
            try:
                act(nothing)
            except ValueError:
                continue  # no such seed: the statement is prepared all the same

    def server_pid(self, servers: embedded.Servers) -> int:
        """Of the server's first process."""
        process = _server(servers).process
        return process.pid if process else 0

    def close(self) -> None:
        """End the connection."""
        connection.close()


def _server(servers: embedded.Servers) -> Postgres:
    return next(engine for engine in servers.engines if isinstance(engine, Postgres))
