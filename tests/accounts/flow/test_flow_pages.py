"""The pages of the fund flow: what they show, what they keep to themselves, files, reveals, differences."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.models import TraceRun
from accounts.services.flow_exports import FORMS
from antifraud.audit.models import AuditEntry
from antifraud.spreadsheets import read_rows
from tests.accounts import factories
from tests.accounts.flow.runs import NUMBERS, place, scene, trace

SVG = "{http://www.w3.org/2000/svg}"
VIEWS = ["layers", "time", "sankey", "table"]


def page(client: Any, run: TraceRun, query: str = "") -> str:
    answer = client.get(f"/flow/{run.id}/{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_shows_every_account_masked_and_no_style(world: Any, log_in: Any, view: str) -> None:
    case = scene(world)
    body = page(log_in(world.analyst_a), case.run, f"?view={view}")
    assert not [number for number in NUMBERS.values() if number in body]
    for name in ("victim", "first", "second", "third"):
        assert f"**** {NUMBERS[name][-4:].rjust(4)}"[:9] in body or NUMBERS[name][-4:] in body
    assert " style=" not in body
    assert "onclick" not in body
    assert world.bank_a.title in body


def test_the_table_is_the_full_twin_of_the_picture(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    svg = page(client, case.run)
    table = page(client, case.run, "?view=table")
    assert svg.count('role="button"') == 4
    assert table.count('id="row-') == 4
    for amount in ("500.00", "300.00", "150.00", "100.00"):
        assert amount in svg
        assert amount in table
    assert "↩" in svg
    assert "↩" in table


def test_the_state_of_the_page_is_its_address(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    node = case.node("first")
    assert f"open={node}" in page(client, case.run)
    opened = page(client, case.run, f"?open={node}")
    assert "Undo opening (1)" in opened
    assert opened.count('role="button"') == 6
    assert NUMBERS["aunt"][-4:] in opened
    for nothing in ("?open=1.2.3", f"?open={case.node('aunt')}&view=table"):
        assert "Undo opening" not in page(client, case.run, nothing), "what is not shown cannot be opened"
    assert "Undo opening (1)" in page(client, case.run, f"?open=1.{node}.2")
    for odd in ("?view=nonsense&until=x&open=a.b.c&min=abc", f"?open={'9' * 40}", "?until=999999999999999", "?min=%00"):
        assert page(client, case.run, odd)


def test_more_than_500_accounts_are_drawn_in_groups(world: Any, log_in: Any, counted: Any) -> None:
    from tests.accounts.flow.ledger_rows import ledger
    from tests.accounts.flow.runs import edge

    case = factories.new_case(world.analyst_a)
    made = ledger(world.analyst_a, case, [("victim", f"m{n}", n, 1000 + n) for n in range(520)])
    edges = [edge(made, at, 1, 1000 + at) for at in range(520)]
    nodes = [place(made.node["victim"], 0, 0, 1, "passed")]
    nodes += [place(made.node[f"m{n}"], 1, 1000 + n, 0, "unknown", n) for n in range(520)]
    run = trace(world.analyst_a, case, edges, nodes)
    body = page(log_in(world.analyst_a), run)
    assert "More than 500 accounts" in body
    assert "520 accounts" in body
    assert body.count('role="button"') == 2


def test_an_account_beside_the_picture(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    answer = client.get(f"/flow/{case.run.id}/nodes/{case.node('third')}/")
    body = answer.content.decode()
    assert "The money&#x27;s way to here" in body or "The money's way to here" in body
    assert body.count("<li>") == 2, "victim to first, first to third; the return came later"
    assert client.get(f"/flow/{case.run.id}/nodes/{10**9}/").status_code == 404


def test_a_number_in_clear_needs_a_purpose(world: Any, log_in: Any) -> None:
    case = scene(world)
    row = case.made.account["third"]
    client = log_in(world.analyst_a)
    address = reverse("accounts:ledger_account_reveal", args=[row.id, "number"])
    assert address in client.get(f"/flow/{case.run.id}/?view=table").content.decode()
    assert client.post(address, {"purpose": "x"}).status_code == 422
    assert not AuditEntry.objects.filter(verb="ledgeraccount.reveal").exists()
    answer = client.post(address, {"purpose": "compare with the statement"})
    assert answer.content.decode() == NUMBERS["third"]
    entry = AuditEntry.objects.get(verb="ledgeraccount.reveal")
    assert (entry.object_id, entry.case_id) == (row.id, case.case.id)
    for someone in (world.analyst_b, world.risk_a, world.admin):
        assert log_in(someone).post(address, {"purpose": "compare with the statement"}).status_code == 404
    assert AuditEntry.objects.filter(verb="ledgeraccount.reveal").count() == 1


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_masked_and_audited(world: Any, log_in: Any, form: str) -> None:
    case = scene(world)
    answer = log_in(world.analyst_a).post(
        f"/flow/{case.run.id}/files/{form}/", {"view": "layers", "open": "", "min": "", "until": ""}
    )
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    assert not [number for number in NUMBERS.values() if number.encode() in answer.content]
    assert AuditEntry.objects.get(verb="trace.export").object_id == case.run.id
    if form in {"svg", "png"}:
        root = ElementTree.fromstring(answer.content)  # noqa: S314 (our own bytes)
        assert root.tag == f"{SVG}svg"
        assert len(root.findall(f".//{SVG}g[@role='img']")) == 4
        assert b"class" in answer.content
        assert b"style=" not in answer.content
    elif form == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len(rows) == 5
        assert [row[7] for row in rows[1:]] == ["500.00", "300.00", "150.00", "100.00"]
    else:
        assert len(list(read_rows(io.BytesIO(answer.content), max_bytes=10**6, max_rows=100))) == 5


def test_a_cell_cannot_run(world: Any, log_in: Any) -> None:
    """R40: a bank's name as a statement writes it may begin like a formula."""
    case = scene(world)
    row = case.made.account["third"]
    type(row).objects.filter(pk=row.pk).update(institution_text="=HYPERLINK(1)")
    answer = log_in(world.analyst_a).post(f"/flow/{case.run.id}/files/csv/", {})
    assert '"\'=HYPERLINK(1)"' in answer.content.decode("utf-8-sig")


def test_no_export_of_another_unit_or_without_a_post(world: Any, log_in: Any) -> None:
    case = scene(world)
    assert log_in(world.analyst_b).post(f"/flow/{case.run.id}/files/csv/", {}).status_code == 404
    assert log_in(world.analyst_a).get(f"/flow/{case.run.id}/files/csv/").status_code == 405
    assert log_in(world.analyst_a).post(f"/flow/{case.run.id}/files/exe/", {}).status_code == 422
    assert not AuditEntry.objects.filter(verb="trace.export").exists()


def test_the_difference_of_two_traces(world: Any, log_in: Any) -> None:
    case = scene(world)
    edges = case.run.result["edges"][:3]
    nodes = [dict(each) for each in case.run.result["nodes"]]
    nodes[3] |= {"in": 900_00, "rest": 900_00, "ends": {"resting": 900_00}, "end": "resting"}
    limits = {"max_hops": 3, "method": "pro_rata", "min_amount_minor": 50_00, "window_seconds": 5400, "until": None}
    later = trace(world.analyst_a, case.case, edges, nodes, is_automatic=True, params=limits)
    client = log_in(world.analyst_a)
    assert f"/flow/{later.id}/difference/{case.run.id}/" in page(client, later)
    body = client.get(f"/flow/{later.id}/difference/{case.run.id}/").content.decode()
    assert "Unknown from here" in body
    assert "900.00" in body
    assert body.count('<tr class="is-new">') == 0
    assert "<dt>Most payments in a row</dt><dd>10 → 3</dd>" in body
    assert "<dt>Method</dt><dd>— → Pro rata</dd>" in body
    assert "<dt>Hours between two payments</dt><dd>— → 1.5</dd>" in body
    assert not any(name in body for name in ("max_hops", "pro_rata", "min_amount_minor", "window_seconds"))
    other = scene(world)
    assert client.get(f"/flow/{later.id}/difference/{other.run.id}/").status_code == 404


def test_the_tab_says_what_to_do_next(world: Any, log_in: Any) -> None:
    case = factories.new_case(world.analyst_a)
    client = log_in(world.analyst_a)
    assert "No payment to begin with" in client.get(f"/cases/{case.id}/flow/").content.decode()
    factories.involve(world.analyst_a, case, world.bank_b, level=0)
    body = client.get(f"/cases/{case.id}/flow/").content.decode()
    assert "?kind=query_transactions" in body
    assert "No trace yet" in client.get(f"/cases/{case.id}/flow/frontier/").content.decode()


def test_a_trace_is_run_from_the_tab(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    body = client.get(f"/cases/{case.case.id}/flow/").content.decode()
    entry = case.made.entries[0].pk
    assert f'value="{entry}" id="pick-{entry}" data-pick checked' in body
    data = {
        "seeds": [str(entry)], "direction": "forward", "method": "fifo", "min_amount": "100", "window_hours": "24",
        "max_hops": "10", "max_edges": "500", "until": "",
    }  # fmt: skip
    answer = client.post(f"/cases/{case.case.id}/flow/", data)
    run = TraceRun.objects.get(case=case.case, number=2)
    assert answer.headers["Location"] == f"/flow/{run.id}/"
    assert (run.params["min_amount_minor"], run.params["window_seconds"]) == (100_00, 86_400)
    assert page(client, run).count('role="button"') >= 3
    wrong: list[dict[str, Any]] = [
        {"seeds": []},
        {"seeds": [str(case.made.entries[1].pk)]},
        {"max_hops": "0"},
        {"min_amount": "x"},
        {"min_amount": "-1"},
        {"until": "0001-01-01T00:00"},
    ]
    for bad in wrong:
        refused = client.post(f"/cases/{case.case.id}/flow/", data | bad)
        assert refused.status_code == 422
    minus = client.post(f"/cases/{case.case.id}/flow/", data | {"min_amount": "-1"}).content.decode()
    assert "Smallest payment: The smallest payment is zero or more." in minus
    assert log_in(world.approver_a).post(f"/cases/{case.case.id}/flow/", data).status_code == 403
    assert log_in(world.analyst_b).post(f"/cases/{case.case.id}/flow/", data).status_code == 404
    assert TraceRun.objects.filter(case=case.case).count() == 2


@pytest.mark.parametrize("view", [*VIEWS, "frontier", "tab"])
def test_pages_in_chinese(world: Any, log_in: Any, view: str) -> None:
    case = scene(world)
    type(world.analyst_a).objects.filter(pk=world.analyst_a.pk).update(language="zh-hans")
    client = log_in(world.analyst_a)
    client.cookies["django_language"] = "zh-hans"
    address = {"frontier": f"/cases/{case.case.id}/flow/frontier/", "tab": f"/cases/{case.case.id}/flow/"}
    answer = client.get(address.get(view, f"/flow/{case.run.id}/?view={view}"))
    assert answer.status_code == 200
    assert 'lang="zh-hans"' in answer.content.decode()
    translation.deactivate()
