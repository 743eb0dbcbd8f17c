"""Payments of one second stand in the order of the accounts' chains, in tables, files and pictures, not by the ids of entries."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from accounts.models import StatementLine, TraceRun
from accounts.selectors.flow import flow_graph, traced_edges, way_to
from accounts.services.ledger.chains import chains_rebuild
from antifraud import db
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import Made, ledger
from tests.accounts.flow.runs import edge, place, trace


@pytest.fixture
def tied(world: Any) -> tuple[Made, TraceRun]:
    """One second: victim -> first (serial 1), first -> third (2), first -> second (3); the ledger read them the other way."""
    by = world.analyst_a
    case = factories.new_case(by)
    rows: list[tuple[str | None, str | None, Any, int]] = [
        ("first", "second", 0, 200_00), ("victim", "first", 0, 500_00), ("first", "third", 0, 300_00),
    ]  # fmt: skip
    made = ledger(by, case, rows, covered=("first",))
    with db.unit_of_work(by):
        for at, serial in ((0, "3"), (1, "1"), (2, "2")):
            line = made.entries[at].in_line_id or made.entries[at].out_line_id
            assert line is not None
            StatementLine.objects.filter(pk=line).update(serial=serial)
        chains_rebuild(made.node.values())
    edges = [edge(made, 1, 1, 500_00), edge(made, 0, 2, 200_00), edge(made, 2, 2, 300_00)]
    nodes = [
        place(made.node["victim"], 0, 0, 500_00, "passed"),
        place(made.node["first"], 1, 500_00, 500_00, "passed", 0),
    ]
    nodes += [
        place(made.node[name], 2, came, 0, "unknown", 0) for name, came in (("second", 200_00), ("third", 300_00))
    ]
    return made, trace(by, case, edges, nodes)


ORDER = ["500.00", "300.00", "200.00"]


def test_the_table_and_the_files_tell_the_chains_order(log_in: Any, world: Any, tied: Any) -> None:
    _made, run = tied
    client = log_in(world.analyst_a)
    table = client.get(f"/flow/{run.id}/?view=table").content.decode().split('id="flow-payments"')[1]
    assert re.findall(r"\d\d\d\.00", table) == ORDER
    rows = list(csv.reader(io.StringIO(client.post(f"/flow/{run.id}/files/csv/", {}).content.decode("utf-8-sig"))))
    assert [row[7] for row in rows[1:4]] == ORDER


@pytest.mark.parametrize("view", ["layers", "time", "sankey"])
def test_the_picture_names_the_payments_in_that_order(log_in: Any, world: Any, tied: Any, view: str) -> None:
    _made, run = tied
    body = log_in(world.analyst_a).get(f"/flow/{run.id}/?view={view}").content.decode()
    assert re.findall(r"<title>[^<]* → [^<]*: (\d\d\d\.00),", body) == ORDER


def test_the_way_to_an_account_takes_nothing_that_came_after(world: Any, tied: Any) -> None:
    """500.00 come in, leave to `third`, and only then 200.00 leave: none of it is a way to `third`."""
    made, run = tied
    assert [each.amount for each in traced_edges(run)] == [500_00, 300_00, 200_00]
    graph = flow_graph(user=world.analyst_a, run=run)
    assert [each.amount for each in way_to(graph, made.node["third"])] == [500_00, 300_00]
