"""Pages in English with keys of a thousand and more: what programmes read never has a language's commas."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from accounts.models import LedgerEntry, TraceRun
from tests.accounts.flow.runs import Scene, scene

ATTRIBUTE = re.compile(r"\s(value|name|id|for|href|max|min|data-[\w-]+)=\"([^\"]*)\"")
GROUPED = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})+(?![\d.])")  # an amount has its decimals


def grouped(body: str) -> list[tuple[str, str]]:
    """Attributes with a number in groups of three."""
    return [(name, value) for name, value in ATTRIBUTE.findall(body) if name != "data-label" and GROUPED.search(value)]


@pytest.fixture
def case(world: Any) -> Scene:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('accounts_ledger_node', 1200)")
        cursor.execute("SELECT setval(pg_get_serial_sequence('accounts_ledgerentry', 'id'), 801697)")
    return scene(world, filed=True)


def page(client: Any, address: str) -> str:
    with translation.override("en"):
        answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_grouped_number_is_found() -> None:
    source = ' id="row-801,698" value="1,234" data-together="1,024" href="?from=1,202" min="1,234.00" title="1,234"'
    assert [name for name, _value in grouped(source)] == ["id", "value", "data-together", "href"]


def test_no_attribute_of_the_fund_flow_groups_a_number(world: Any, log_in: Any, case: Scene) -> None:
    client, first, entry = log_in(world.analyst_a), case.node("first"), case.made.entries[0].pk
    assert first > 1000
    assert entry > 800_000
    shown = {
        f"/cases/{case.case.id}/flow/": f'value="{entry}"',
        f"/cases/{case.case.id}/flow/frontier/": f'name="amount-{first}"',
        f"/cases/{case.case.id}/statements/": 'data-together="1024"',
        f"/flow/{case.run.id}/nodes/{first}/": f"?from={first}",
        f"/flow/{case.run.id}/": f"open={first}",
        f"/flow/{case.run.id}/?view=table": f'id="row-{first}"',
    }
    for address, needed in shown.items():
        body = page(client, address)
        assert needed in body, address
        assert grouped(body) == [], address


def test_a_trace_begins_with_a_payment_of_a_large_key(world: Any, log_in: Any, case: Scene) -> None:
    client = log_in(world.analyst_a)
    body = page(client, f"/cases/{case.case.id}/flow/")
    seeds = re.findall(r'name="seeds" value="([^"]*)"', body)
    assert [int(key) for key in seeds] == list(
        LedgerEntry.objects.filter(src=case.node("victim")).values_list("pk", flat=True)
    )
    sent = {"direction": "forward", "method": "fifo", "min_amount": "1.00", "window_hours": "24", "max_hops": "5",
            "max_edges": "50", "until": "", "seeds": seeds}  # fmt: skip
    assert client.post(f"/cases/{case.case.id}/flow/", sent).status_code == 303
    assert TraceRun.objects.filter(case=case.case).count() == 2
