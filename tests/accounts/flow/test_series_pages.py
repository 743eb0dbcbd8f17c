"""The pages of series: own cases in full, of others the unit and the officer only, nothing for anybody else; statements constant."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.models import SeriesDecision, SeriesLink, SeriesStop
from antifraud.audit.models import AuditEntry
from banks.models import Institution, User
from cases.models import Case
from tests.accounts.factories import card, involve
from tests.accounts.flow.serial_cases import case_with, followed, groups, joined, series_of, sharing, together

OUTSIDE = ["risk_a", "risk_supervisor_a", "machine_a", "overseer", "auditor", "admin"]


@pytest.fixture
def mixed(world: Any) -> list[Case]:
    """A series of two cases of unit A and two of one officer of unit B, which one account links."""
    Institution.objects.filter(pk=world.unit_b.pk).update(phone="010-5550199")
    User.objects.filter(pk=world.analyst_b.pk).update(email="officer.b@police.example")
    return sharing(world, card(), world.analyst_a, world.analyst_b, world.analyst_a, world.analyst_b)


def page(client: Any, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, (url, answer.status_code)
    return str(answer.content.decode())


def test_of_other_units_only_unit_officer_and_the_way_to_them(world: Any, mixed: list[Case], log_in: Any) -> None:
    series = series_of(mixed[0])
    involve(world.analyst_b, mixed[1], world.bank_b, number=card("621700"), name="李四")
    texts = [page(log_in(world.analyst_a), url) for url in (f"/series/{series.id}/", f"/cases/{mixed[0].id}/series/")]
    for text in texts:
        assert world.unit_b.title in text
        assert "Analyst B" in text
        assert "010-5550199" in text
        assert "officer.b@police.example" in text
        for theirs in (mixed[1], mixed[3]):
            assert theirs.number not in text
            assert str(theirs.id) not in text
        for mine in (mixed[0], mixed[2]):
            assert mine.number in text
    # once for each pair of unit and officer in the list of colleagues, whatever the number of their cases
    assert texts[0].count("officer.b@police.example</a>") == 1
    assert "2,000.00" in texts[0]
    assert "4,000.00" not in texts[0]


def test_the_shared_account_is_masked(world: Any, mixed: list[Case], log_in: Any) -> None:
    account = mixed[0].involvements.get().account
    text = page(log_in(world.analyst_a), f"/series/{series_of(mixed[0]).id}/")
    assert account.number.masked() in text
    assert account.number.open() not in text


def test_who_sees_all_cases_sees_no_colleague(world: Any, mixed: list[Case], log_in: Any) -> None:
    text = page(log_in(world.centre_analyst), f"/series/{series_of(mixed[0]).id}/")
    assert all(case.number in text for case in mixed)
    assert "Nobody else" in text
    assert "4,000.00" in text


@pytest.mark.parametrize("name", OUTSIDE)
def test_for_everybody_else_there_is_no_series(world: Any, mixed: list[Case], log_in: Any, name: str) -> None:
    series, client = series_of(mixed[0]), log_in(getattr(world, name))
    for url in (f"/series/{series.id}/", f"/cases/{mixed[0].id}/series/", f"/series/{series.id}/split/"):
        assert client.get(url).status_code in {403, 404}, url
    for url in ("/series/", "/series/stops/", "/series/stops/add/"):
        assert client.get(url).status_code == 403, url


def test_a_unit_without_a_case_of_it_sees_nothing_of_a_series(world: Any, log_in: Any) -> None:
    first, _ = sharing(world, card(), world.analyst_b, world.analyst_b)
    client = log_in(world.analyst_a)
    assert page(client, f"/series/{series_of(first).id}/", 404)
    assert series_of(first).number not in page(client, "/series/")
    mine = case_with(world.analyst_a)
    assert "Nothing links this case" in page(client, f"/cases/{mine.id}/series/")


def test_the_history_leaves_foreign_cases_out(world: Any, mixed: list[Case], log_in: Any) -> None:
    text = page(log_in(world.analyst_b), f"/series/{series_of(mixed[0]).id}/")
    assert mixed[0].number not in text
    assert text.count("Case added") == 2


def test_a_series_that_went_into_another_leads_there(world: Any, log_in: Any) -> None:
    large = sharing(world, card(), world.analyst_a, world.analyst_a, world.analyst_a)
    small = sharing(world, card(), world.analyst_a, world.analyst_a)
    gone = series_of(small[0])
    joined(world.analyst_a, large[0], small[0])
    answer = log_in(world.analyst_a).get(f"/series/{gone.id}/")
    assert answer.status_code == 302
    assert answer["Location"] == f"/series/{series_of(large[0]).id}/"


def test_the_map_has_a_box_for_every_own_case_thing_and_colleague(world: Any, mixed: list[Case], log_in: Any) -> None:
    text = page(log_in(world.analyst_a), f"/series/{series_of(mixed[0]).id}/")
    picture = re.search(r"<svg class=\"ui-map__picture\".*?</svg>", text, re.DOTALL).group()
    assert len(re.findall(r"<g ", picture)) == 2 + 1 + 1
    assert len(re.findall(r"<path ", picture)) == 3
    assert "style=" not in picture


def test_joining_splitting_and_undoing_on_the_pages(world: Any, log_in: Any) -> None:
    first, second = (case_with(world.analyst_a) for _ in range(2))
    client = log_in(world.analyst_a)
    body = {"number": second.number.lower(), "reason": "the same boss"}
    assert client.post(f"/cases/{first.id}/series/join/", {**body, "reason": "x"}).status_code == 422
    assert client.post(f"/cases/{first.id}/series/join/", {**body, "number": "A2026-9999999"}).status_code == 422
    assert not SeriesDecision.objects.exists()
    assert client.post(f"/cases/{first.id}/series/join/", body).status_code == 303
    assert groups(first, second) == {together(first, second)}
    assert client.post(f"/cases/{first.id}/series/join/", body).status_code == 409
    series = series_of(first)
    assert "the same boss" in page(client, f"/series/{series.id}/")
    page(client, f"/series/{series.id}/split/")
    answer = client.post(f"/series/{series.id}/split/", {"cases": [str(first.id)], "reason": "another boss"})
    assert answer.status_code == 303
    assert groups(first, second) == {together(first), together(second)}
    decision = SeriesDecision.objects.get(kind="split")
    assert client.post(f"/series/decisions/{decision.id}/undo/", {"reason": "same boss after all"}).status_code == 303
    assert groups(first, second) == {together(first, second)}


def test_a_foreign_number_is_refused_like_one_that_does_not_exist(world: Any, log_in: Any) -> None:
    mine, theirs = case_with(world.analyst_a), case_with(world.analyst_b)
    client = log_in(world.analyst_a)
    texts = []
    for number in (theirs.number, "A2026-9999999"):
        answer = client.post(f"/cases/{mine.id}/series/join/", {"number": number, "reason": "the same boss"})
        assert answer.status_code == 422
        texts.append(
            re.sub(r"csrf[^>]*value=\"[^\"]+\"|server-now\" content=\"[^\"]+\"", "", answer.content.decode()).replace(
                number, ""
            )
        )
    assert re.sub(r"\"X-CSRFToken[^}]*", "", texts[0]) == re.sub(r"\"X-CSRFToken[^}]*", "", texts[1])


def test_the_stop_list_on_the_pages(world: Any, mixed: list[Case], log_in: Any) -> None:
    series, account = series_of(mixed[0]), mixed[0].involvements.get().account
    link = SeriesLink.objects.get(case=mixed[0], source_id=account.id)
    assert log_in(world.analyst_a).get(f"/series/{series.id}/stops/add/").status_code in {403, 404}
    client = log_in(world.supervisor_a)
    page(client, f"/series/{series.id}/stops/add/")
    foreign = SeriesLink.objects.get(case=mixed[1], kind="account")
    body = {"link": str(foreign.id), "reason": "collecting account"}
    assert client.post(f"/series/{series.id}/stops/add/", body).status_code == 422
    answer = client.post(f"/series/{series.id}/stops/add/", {**body, "link": str(link.id)})
    assert answer.status_code == 303
    assert len(groups(*mixed)) == 4
    stop = SeriesStop.objects.get()
    assert account.number.masked() in page(log_in(world.analyst_b), "/series/stops/")
    stranger = involve(world.analyst_a, mixed[0], world.bank_b, number=card("621700")).account
    assert (
        client.post("/series/stops/add/", {"number": stranger.number.open(), "reason": "exchange"}).status_code == 303
    )
    text = page(log_in(world.analyst_b), "/series/stops/")
    assert "Not in your cases" in text
    assert stranger.number.masked() not in text
    for name, status in (
        ("analyst_a", 403),
        ("approver_b", 403),
        ("risk_a", 404),
        ("overseer", 404),
        ("approver_a", 200),
    ):
        assert log_in(getattr(world, name)).get(f"/series/stops/{stop.id}/end/").status_code == status, name
    assert log_in(world.approver_b).post(f"/series/stops/{stop.id}/end/", {"reason": "private card"}).status_code == 403
    assert len(groups(*mixed)) == 4
    assert client.post(f"/series/stops/{stop.id}/end/", {"reason": "private card"}).status_code == 303
    assert len(groups(*mixed)) == 1


def test_the_timeline_tells_of_links_without_the_other_case(world: Any, mixed: list[Case], log_in: Any) -> None:
    text = page(log_in(world.analyst_a), f"/cases/{mixed[0].id}/timeline/")
    assert "Linked to a series of cases" in text
    details = [bytes(row.payload).decode() for row in AuditEntry.objects.filter(case_id=mixed[0].id)]
    assert not any(str(mixed[1].id) in text or mixed[1].number in text for text in details)


def test_a_series_of_three_costs_as_many_statements_as_one_of_thirty(world: Any, log_in: Any, counted: Any) -> None:
    number, client = card(), log_in(world.analyst_a)
    cases = sharing(world, number, world.analyst_a, world.analyst_a, world.analyst_b)
    urls = [f"/series/{series_of(cases[0]).id}/", f"/cases/{cases[0].id}/series/", "/series/"]

    def sent() -> list[int]:
        found = []
        for url in urls:
            client.get(url)
            with counted(26) as seen:
                assert client.get(url).status_code == 200
            found.append(len(seen))
        return found

    before = sent()
    more = sharing(world, number, *([world.analyst_a, world.analyst_b] * 13))
    for case in more[::2]:
        involve(world.analyst_a, case, world.bank_a, number=number[:-4] + "9999")
    followed(*more[::2])
    assert series_of(cases[0]).size == 29
    assert sent() == before
