"""The part of a trace's page that changes: fetched alone by the page's script, the same content as in the whole page."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from accounts.models import TraceRun
from tests.accounts import factories
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.flow.runs import edge, place, scene, trace

HX = {"HTTP_HX_REQUEST": "true"}
FULL = "As many accounts are opened as can be at once."
PAGE, PART, PANEL = 12, 12, 13  # reviewed: statements, session and user included, whatever the number of accounts


def part(client: Any, address: str) -> str:
    answer = client.get(address, **HX)
    assert answer.status_code == 200
    assert "HX-Request" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"
    text = str(answer.content.decode())
    assert "<html" not in text
    return text


def drawn(text: str) -> list[str]:
    return sorted(re.findall(r'class="fl-node[^>]* id="(n\d+)"', text))


def test_the_part_is_what_the_page_shows(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    for query in ("", f"?open={case.node('first')}", "?view=time", "?min=200", "?min=nonsense"):
        whole = client.get(f"/flow/{case.run.id}/{query}").content.decode()
        alone = part(client, f"/flow/{case.run.id}/{query}")
        assert drawn(whole) == drawn(alone) != []
        assert alone.count('id="flow-part"') == whole.count('id="flow-part"') == 1
    assert 'id="flow-accounts"' in part(client, f"/flow/{case.run.id}/?view=table")
    assert log_in(world.analyst_b).get(f"/flow/{case.run.id}/", **HX).status_code == 404


def test_a_handle_is_a_link_that_opens_and_leads_to_its_account(world: Any, log_in: Any) -> None:
    case = scene(world)
    client, node = log_in(world.analyst_a), case.node("first")
    text = part(client, f"/flow/{case.run.id}/?min=50.00")
    (handle,) = re.findall(r'<a class="fl-more"[^>]*>', text)
    assert f'href="/flow/{case.run.id}/?min=50.00&amp;open={node}#n{node}"' in handle
    assert f'id="open-{node}"' in handle
    assert re.search(r'aria-label="Show 2 hidden neighbours of \d{4} \*\*\*\* \d{4}"', handle)
    opened = part(client, f"/flow/{case.run.id}/?min=50.00&open={node}")
    assert "2 neighbours came." in opened
    assert "6 accounts are shown." in opened
    assert f'href="/flow/{case.run.id}/?min=50.00#n{node}"' in opened, "undo leads back to the account"
    assert 'class="fl-more" id=' not in opened
    assert 'class="fl-more" id=' not in part(client, f"/flow/{case.run.id}/?view=sankey"), (
        "totals show traced money only"
    )
    assert f"open={node}#row-{node}" in part(client, f"/flow/{case.run.id}/?view=table")


def test_only_what_is_visible_can_be_opened_and_ten_at_most(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    assert "0 neighbours came" not in part(client, f"/flow/{case.run.id}/?open={case.node('aunt')}")
    many = ".".join([str(case.node("third"))] * 10)
    assert f".{case.node('first')}#n" in part(client, f"/flow/{case.run.id}/?open={many}")


def test_the_eleventh_of_a_chain_is_not_offered_and_ten_stay(world: Any, log_in: Any) -> None:
    """Each is visible because the one before was opened: to give up the first would give up all."""
    case = scene(world)
    names = ["first", *(f"link{n}" for n in range(11))]
    rows: list[Any] = [(src, dst, 100 + at, 5_00) for at, (src, dst) in enumerate(pairwise(names))]
    made = ledger(world.analyst_a, case.case, rows, into=case.made)
    nodes = [str(made.node[name]) for name in names]
    client, address = log_in(world.analyst_a), f"/flow/{case.run.id}/"
    nine = part(client, f"{address}?open={'.'.join(nodes[:9])}")
    assert f"open={'.'.join(nodes[:10])}#n{nodes[9]}" in nine
    assert FULL not in nine
    for query in (f"?open={'.'.join(nodes[:10])}", f"?open={'.'.join(nodes[:11])}"):
        ten = part(client, f"{address}{query}")
        assert "Undo opening (10)" in ten
        assert f'id="n{nodes[10]}"' in ten
        assert "data-opens" not in ten
        assert FULL in ten
        assert "data-opens" not in part(client, f"{address}{query}&view=table")
        panel = client.get(f"{address}nodes/{nodes[10]}/{query}").content.decode()
        assert FULL in panel
        assert "data-opens" not in panel
    assert FULL not in part(client, f"{address}?open={'.'.join(nodes[:10])}&view=sankey")


def test_openings_that_a_filter_hides_give_way_to_the_eleventh(world: Any, log_in: Any) -> None:
    case = scene(world)
    hidden = ".".join(str(10**9 + n) for n in range(9))
    text = part(log_in(world.analyst_a), f"/flow/{case.run.id}/?open={case.node('third')}.{hidden}")
    assert f"open={case.node('third')}.{case.node('first')}#n" in text


def test_digits_that_are_no_numbers_are_as_if_not_there(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    for query in ("?open=²", "?until=²", f"?open=²₃.{case.node('first')}"):
        assert drawn(part(client, f"/flow/{case.run.id}/{query}"))
    assert client.get(f"/cases/{case.case.id}/flow/?from=²").status_code == 200


def test_rows_of_a_fetched_table_can_have_the_focus(world: Any, log_in: Any) -> None:
    case = scene(world)
    text = part(log_in(world.analyst_a), f"/flow/{case.run.id}/?view=table")
    assert text.count("data-row") == text.count('data-row tabindex="-1"') == 4


def test_one_neighbour_is_one(world: Any, log_in: Any) -> None:
    case = scene(world)
    ledger(world.analyst_a, case.case, [("third", "beyond", 300, 5_00)], into=case.made)
    text = part(log_in(world.analyst_a), f"/flow/{case.run.id}/")
    assert re.search(r"Show 1 hidden neighbour of \d{4} \*{4} \d{4}\"", text)
    assert re.search(r'1 neighbour not shown"', text)
    assert re.search(r'2 neighbours not shown"', text)


def test_a_file_has_no_links(world: Any, log_in: Any) -> None:
    case = scene(world)
    answer = log_in(world.analyst_a).post(f"/flow/{case.run.id}/files/svg/", {"view": "layers"})
    assert b"+2</text>" in answer.content
    assert b"<a " not in answer.content
    assert b"href" not in answer.content


def test_a_later_trace_is_told(world: Any, log_in: Any) -> None:
    case = scene(world)
    client = log_in(world.analyst_a)
    assert "There is a later trace" not in part(client, f"/flow/{case.run.id}/")
    result = case.run.result
    other = trace(world.analyst_a, case.case, result["edges"], result["nodes"], method="libr")
    assert "There is a later trace" not in part(client, f"/flow/{case.run.id}/"), "another question"
    trace(world.analyst_a, case.case, result["edges"], result["nodes"], params={"max_hops": 3})
    begin = [{"entry": result["edges"][1]["entry"], "from_minor": 0, "to_minor": 300_00}]
    trace(world.analyst_a, case.case, result["edges"], result["nodes"], seeds=begin)
    assert "There is a later trace" not in part(client, f"/flow/{case.run.id}/"), "other limits, other payments"
    later = [trace(world.analyst_a, case.case, result["edges"], result["nodes"]) for _ in range(2)][-1]
    text = part(client, f"/flow/{case.run.id}/")
    assert f'href="/flow/{later.id}/"' in text
    assert f'href="/flow/{later.id}/difference/{case.run.id}/"' in text
    for newest in (other, later):
        assert "There is a later trace" not in part(client, f"/flow/{newest.id}/")


def test_an_opened_account_stays_by_itself_in_a_grouped_picture(world: Any, log_in: Any) -> None:
    run, made = star(world, 520)
    client = log_in(world.analyst_a)
    assert f'id="n{made.node["m7"]}"' not in part(client, f"/flow/{run.id}/")
    ledger(world.analyst_a, run.case, [("m7", "beyond", 900, 5_00)], into=made)
    assert f'id="n{made.node["m7"]}"' in part(client, f"/flow/{run.id}/?open={made.node['m7']}")


def test_it_costs_the_same_for_few_accounts_and_for_many(world: Any, log_in: Any, counted: Any) -> None:
    client = log_in(world.analyst_a)
    sent = []
    for count in (3, 120):
        run, made = star(world, count)
        node = made.node["m1"]
        found = []
        for address, more, most in (
            (f"/flow/{run.id}/", {}, PAGE),
            (f"/flow/{run.id}/?open={node}", HX, PART),
            (f"/flow/{run.id}/?open={node}&view=table", HX, PART),
            (f"/flow/{run.id}/nodes/{node}/", HX, PANEL),
        ):
            client.get(address, **more)
            with counted(most) as seen:
                assert client.get(address, **more).status_code == 200
            found.append(len(seen))
        sent.append(found)
    assert sent[0] == sent[1]


def star(world: Any, count: int) -> tuple[TraceRun, Any]:
    """One victim who pays `count` accounts of one bank."""
    case = factories.new_case(world.analyst_a)
    rows: list[tuple[str | None, str | None, Any, int]] = [("victim", f"m{n}", n, 1000 + n) for n in range(count)]
    made = ledger(world.analyst_a, case, rows, institution=world.bank_a)
    edges = [edge(made, at, 1, 1000 + at) for at in range(count)]
    nodes = [place(made.node["victim"], 0, 0, 1, "passed")]
    nodes += [place(made.node[f"m{n}"], 1, 1000 + n, 0, "unknown", n) for n in range(count)]
    return trace(world.analyst_a, case, edges, nodes), made
