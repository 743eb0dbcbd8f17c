"""An account whose traced money ends in several ways: each part is told with its amount, the mark is the worst one's."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

import pytest

from accounts.models import TraceRun
from accounts.selectors.flow import flow_graph
from accounts.views.flow_words import state_of
from antifraud.spreadsheets import read_rows
from tests.accounts.flow.runs import Scene, place, scene, trace

PARTS = {"resting": 48_023_00, "unknown": 5_300_00, "below_minimum": 77_00}
TOLD = "48,023.00 Rests here · 5,300.00 Unknown from here · 77.00 Small payments"
ALL = "53,400.00"


def mixed(world: Any, ends: dict[str, int] = PARTS) -> tuple[Scene, TraceRun]:
    """`third` of the scene with these ends, the largest named as the main one, as the engine does."""
    case = scene(world)
    main = max(ends, key=lambda word: ends[word])
    nodes = [each for each in case.run.result["nodes"] if each["node"] != case.node("third")]
    nodes.append({**place(case.node("third"), 2, sum(ends.values()), 0, main, 11), "ends": ends})
    return case, trace(world.analyst_a, case.case, case.run.result["edges"], nodes)


def words(body: str) -> str:
    """What is read of a page: no tags, no line breaks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("¥", "").split())


@pytest.mark.parametrize("place_", ["?view=table", "nodes/{node}/"])
def test_the_table_and_the_panel_tell_each_part(world: Any, log_in: Any, place_: str) -> None:
    case, run = mixed(world)
    answer = log_in(world.analyst_a).get(f"/flow/{run.id}/{place_.format(node=case.node('third'))}")
    told = words(answer.content.decode())
    for amount, word in (("48,023.00", "Rests here"), ("5,300.00", "Unknown from here"), ("77.00", "Small payments")):
        assert re.search(rf"{amount}( CNY)? {word}", told), (amount, word)
    assert not re.search(rf"{ALL}( CNY)? (·)? ?(Rests here|rests)", told)


@pytest.mark.parametrize("view", ["layers", "time", "sankey"])
def test_the_picture_says_that_there_are_parts_and_which(world: Any, log_in: Any, view: str) -> None:
    case, run = mixed(world)
    body = log_in(world.analyst_a).get(f"/flow/{run.id}/?view={view}").content.decode()
    assert f"{ALL} · in parts" in body
    assert f"{ALL} · rests" not in body
    (drawn,) = re.findall(rf'<g class="fl-node is-(\w+)" id="n{case.node("third")}" aria-label="([^"]*)"', body)
    assert drawn[0] == "unknown", "unknown is never drawn as clean"
    assert TOLD in html.unescape(drawn[1])


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_files_agree(world: Any, log_in: Any, form: str) -> None:
    _case, run = mixed(world)
    answer = log_in(world.analyst_a).post(f"/flow/{run.id}/files/{form}/", {})
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if form == "csv":
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    else:
        rows = [[str(cell) for cell in row.cells] for row in read_rows(io.BytesIO(data), max_bytes=10**6, max_rows=100)]
    assert any(TOLD in row for row in rows)
    assert not any("Rests there" in row for row in rows)


def test_the_frontier_tells_each_part(world: Any, log_in: Any) -> None:
    case, run = mixed(world)
    body = log_in(world.analyst_a).get(f"/cases/{case.case.id}/flow/frontier/?run={run.id}").content.decode()
    told = words(body)
    assert re.search(r"48,023\.00( CNY)? Rests here · 5,300\.00( CNY)? Unknown from here", told)


def test_a_part_that_changes_is_a_difference(world: Any, log_in: Any) -> None:
    """The sum and the main end are the same: 1,000.00 more are unknown."""
    case, before = mixed(world)
    ends = PARTS | {"resting": 47_023_00, "unknown": 6_300_00}
    nodes = [{**each, "ends": ends} if each["node"] == case.node("third") else each for each in before.result["nodes"]]
    after = trace(world.analyst_a, case.case, case.run.result["edges"], nodes)
    told = words(log_in(world.analyst_a).get(f"/flow/{after.id}/difference/{before.id}/").content.decode())
    assert re.search(r"5,300\.00( CNY)? Unknown from here · .* → .*6,300\.00( CNY)? Unknown from here", told)


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        ({"resting": 90, "unknown": 10}, "unknown"), ({"resting": 90, "cut": 10}, "cut"), ({"resting": 90, "cash": 10}, "cash"),
        ({"resting": 10, "below_minimum": 90}, "resting"), ({"resting": 100}, "resting"), ({}, "passed"),
    ],
)  # fmt: skip
def test_the_mark_follows_the_worst_part(world: Any, ends: dict[str, int], state: str) -> None:
    case = scene(world)
    nodes = [each for each in case.run.result["nodes"] if each["node"] != case.node("third")]
    main = max(ends, key=lambda word: ends[word]) if ends else "passed"
    nodes.append({**place(case.node("third"), 2, 100, 100 - sum(ends.values()), main, 11), "ends": ends})
    run = trace(world.analyst_a, case.case, case.run.result["edges"], nodes)
    assert state_of(flow_graph(user=world.analyst_a, run=run).nodes[case.node("third")]) == state
