"""The rows of a trace's table, which Python writes: every text escaped, each cell in its column, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import override

from accounts.models import LedgerAccount, TraceRun
from accounts.selectors.flow import FlowEdge, FlowGraph, FlowNode
from accounts.selectors.held import Taken
from accounts.views.flow_rows import account_rows, payment_rows

HOSTILE = '<b>"Bank" & Co'
NOON = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()) * 1_000_000


def node(key: int = 7, **facts: Any) -> FlowNode:
    row = LedgerAccount(node=key, kind="account", institution_text=HOSTILE, number_index=b"")
    return FlowNode(row, level=2, came=900_00, left=500_00, rest=400_00, **facts)


def cells(html: str) -> list[str]:
    return [cell.strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", html, re.DOTALL)]


def rows(*nodes: FlowNode, address: str = "", may_reveal: bool = False) -> str:
    return account_rows(nodes, currency="CNY", opener=lambda _node: address, may_reveal=may_reveal)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_what_banks_and_addresses_say_is_escaped() -> None:
    html = rows(node(hidden=3), address='/flow/1/?min="1"&open=7')
    assert "<b>" not in html
    assert "<small>&lt;b&gt;&quot;Bank&quot; &amp; Co</small>" in html
    assert 'href="/flow/1/?min=&quot;1&quot;&amp;open=7"' in html


def test_a_rest_in_parts_names_each_sum() -> None:
    shown = cells(rows(node(ends={"resting": 100_00, "unknown": 300_00})))
    assert words(shown[5]) == "300.00 CNY Unknown from here · 100.00 CNY Rests here"
    assert words(cells(rows(node(ends={"resting": 400_00})))[5]) == "Rests here"
    assert cells(rows(node()))[5] == "—"


def test_what_is_not_traced_has_no_sums_and_what_is_not_hidden_no_link() -> None:
    shown = cells(rows(replace(node(), is_beyond=True)))
    assert shown[2:5] == ["—", "—", "—"]
    assert shown[8] == "—"
    assert cells(rows(node(hidden=1_200)))[8] == "1,200"
    assert words(cells(rows(node(hidden=1), address="/x"))[8]) == "1 neighbour"
    assert words(cells(rows(node(hidden=2), address="/x"))[8]) == "2 neighbours"


def test_who_holds_the_account_stands_in_its_cell() -> None:
    held = Taken(
        "freeze",
        "active",
        "East <Lake>",
        is_own=False,
        until=None,
        amount_minor=100_00,
        currency="CNY",
        order_number="O1",
    )
    shown = cells(rows(node(taken=[held])))[7]
    assert "East &lt;Lake&gt;" in shown
    assert "100.00" in words(shown)


def test_a_number_is_revealed_by_its_own_row() -> None:
    account = node()
    account.__dict__["masked"] = "6222 **** 0123"
    address = reverse("accounts:ledger_account_reveal", args=[account.row.pk, "number"])
    assert f'data-reveal="{address}"' in rows(account, may_reveal=True)
    assert "data-reveal" not in rows(account)
    assert "6222 **** 0123" in rows(account)


def test_payments_stand_by_time_those_not_traced_last() -> None:
    edges = [
        FlowEdge(7, 8, 5_00, NOON - 1, 1, count=1_500, is_beyond=True),
        FlowEdge(7, 8, 20_00, NOON + 5_000_000, 3, entry=2, is_return=True),
        FlowEdge(7, 8, 10_00, NOON, 2, entry=1),
    ]
    graph = FlowGraph(TraceRun(currency="CNY"), {7: node(7), 8: node(8)}, edges, 0, 0, 0)
    found = [[words(cell) for cell in cells(row)] for row in payment_rows(graph, 500).split("\n")]
    assert [row[0] for row in found][:2] == ["2026-11-22 12:00:00", "2026-11-22 12:00:05"]
    assert [row[1] for row in found] == ["2", "3", "—"]
    assert [row[5] for row in found] == ["—", "↩ return", "not traced, 1,500 payments"]
    assert len(payment_rows(graph, 2).split("\n")) == 2
    with override("zh-hans"):
        assert "20.00元" in words(payment_rows(graph, 500)).replace(" ", "")
