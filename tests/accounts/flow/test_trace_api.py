"""Traces over the API: run, read, repeat, difference; who may not sees nothing."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import TraceRun
from tests.accounts.flow.ledger_rows import ledger
from tests.accounts.flow.tracing import run, scene
from tests.cast import World

pytestmark = pytest.mark.django_db


def post(client: Any, path: str, body: Any) -> Any:
    return client.post(
        f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers={"Idempotency-Key": str(uuid4())}
    )


def names(answer: Any) -> list[str]:
    return [each["name"] for each in answer.json()["fields"]]


def test_run_read_repeat_compare(world: World, log_in: Any) -> None:
    at, client = scene(world), log_in(world.analyst_a)
    made = post(client, f"cases/{at.case.pk}/traces/", {"seeds": [at.seed()], "method": "libr", "min_amount_minor": 0})
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["result"]["totals"] == {"seed": 100_000, "resting": 60_000, "unknown": 40_000}
    assert told["params"]["method"] == "libr"
    assert len(told["result_digest"]) == 64
    assert client.get(f"/api/v1/traces/{told['id']}/").json() == told
    listed = client.get(f"/api/v1/traces/?case={at.case.pk}").json()
    assert [each["id"] for each in listed["items"]] == [told["id"]]
    assert "result" not in listed["items"][0]
    same = post(client, f"traces/{told['id']}/repeat/", {}).json()
    assert (same["is_changed"], same["run"]["id"]) == (False, told["id"])
    ledger(world.analyst_a, at.case, [("b", "c", 1300, 50_000)], into=at.made)
    newer = post(client, f"traces/{told['id']}/repeat/", {}).json()
    assert newer["is_changed"]
    changed = client.get(f"/api/v1/traces/{newer['run']['id']}/difference/?since={told['id']}").json()
    assert [edge["entry"] for edge in changed["edges"]["appeared"]] == [at.made.entries[4].pk]


def test_wrong_limits_name_their_field(world: World, log_in: Any) -> None:
    at, client = scene(world), log_in(world.analyst_a)
    answer = post(client, f"cases/{at.case.pk}/traces/", {"seeds": [at.seed(to_minor=100_001)]})
    assert (answer.status_code, names(answer)) == (422, ["seeds"])
    answer = post(client, f"cases/{at.case.pk}/traces/", {"seeds": [at.seed()], "max_hops": 0})
    assert (answer.status_code, names(answer)) == (422, ["max_hops"])
    made = run(world.analyst_a, at)
    answer = client.get(f"/api/v1/traces/{made.pk}/difference/?since=yesterday")
    assert (answer.status_code, names(answer)) == (422, ["since"])
    assert TraceRun.objects.count() == 1


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("method", ["fifo", "pro_rata", "libr", "reach"])
def test_both_sides_of_one_account_do_not_begin_a_trace(world: World, log_in: Any, direction: str, method: str) -> None:
    """The victim's 1,000.00 into the mule and the mule's 800.00 out of it: part of the money would count twice."""
    at, client = scene(world), log_in(world.analyst_a)
    asked = {"direction": direction, "method": method}
    answer = post(client, f"cases/{at.case.pk}/traces/", {"seeds": [at.seed(2), at.seed(0)], **asked})
    assert (answer.status_code, names(answer)) == (422, ["seeds"])
    assert str(at.made.entries[0].pk) in answer.json()["fields"][0]["messages"][0]
    assert not TraceRun.objects.exists()
    # Two payers of one account, or two payees, are on one side of it.
    for side in ((0, 1), (2, 3)):
        made = post(client, f"cases/{at.case.pk}/traces/", {"seeds": [at.seed(each) for each in side], **asked})
        assert made.status_code == 201, made.content


def test_cash_is_no_account_with_two_sides(world: World, log_in: Any) -> None:
    at, client = scene(world), log_in(world.analyst_a)
    more = ledger(
        world.analyst_a, at.case, [("m", "cash", 700, 5_000), ("cash", "w", 800, 6_000)], cash=("cash",), into=at.made
    )
    seeds = [{"entry": each.pk, "from_minor": 0, "to_minor": 5_000} for each in more.entries[-2:]]
    made = post(client, f"cases/{at.case.pk}/traces/", {"seeds": seeds})
    assert made.status_code == 201, made.content


def test_others_find_nothing(world: World, log_in: Any) -> None:
    at = scene(world)
    made = run(world.analyst_a, at)
    for who in ("analyst_b", "risk_a", "auditor"):
        client = log_in(getattr(world, who))
        assert client.get(f"/api/v1/traces/{made.pk}/").status_code in {403, 404}
        assert post(client, f"traces/{made.pk}/repeat/", {}).status_code in {403, 404}
        assert post(client, f"cases/{at.case.pk}/traces/", {"seeds": [at.seed()]}).status_code in {403, 404}
    assert TraceRun.objects.count() == 1
