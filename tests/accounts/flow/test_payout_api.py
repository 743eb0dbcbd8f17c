"""Returns in the API: an institution's own list, one with its payments masked, the report with its idempotency."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import Refund
from antifraud import db
from tests.accounts.flow import refunding as make


def send(client: Any, path: str, body: dict[str, Any], key: str = "payout-key-0001") -> Any:
    return client.post(path, json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key})


def line(share: Any, **changes: Any) -> dict[str, Any]:
    wanted = {
        "share": str(share.id), "outcome": "paid", "transfer_id": "T-1", "paid_at": db.app_now().isoformat(),
        "amount_minor": share.share_minor,
    }  # fmt: skip
    return wanted | changes


def test_list_and_one(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    client = log_in(world.risk_a)
    (row,) = client.get("/api/v1/refunds/").json()["items"]
    assert (row["number"], row["status"], row["payout_due_at"] is not None) == (refund.number, "decided", True)
    body = client.get(f"/api/v1/refunds/{refund.id}/").json()
    assert body["shares"][0]["amount_minor"] == 300_000
    assert make.PAYEE not in json.dumps(body)
    assert not {"loss", "worksheet", "hold", "case"} & set(body)


def test_a_report(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(world.risk_a)
    path = f"/api/v1/refunds/{refund.id}/report/"
    first = send(client, path, {"results": [line(share)]})
    assert (first.status_code, first.json()["status"]) == (200, "paid")
    again = send(client, path, {"results": [line(share)]}, "payout-key-0002")
    assert (again.status_code, again.json()["version"]) == (200, first.json()["version"])


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount_minor": 1}, 422, "invalid"),
        ({"transfer_id": ""}, 422, "invalid"),
        ({"outcome": "perhaps"}, 422, "invalid"),
        ({"paid_at": "yesterday"}, 422, "invalid"),
    ],
)
def test_a_wrong_report_changes_nothing(
    world: Any, log_in: Any, changes: dict[str, Any], status: int, code: str
) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    with make.nothing_happens():
        answer = send(
            log_in(world.risk_a), f"/api/v1/refunds/{refund.id}/report/", {"results": [line(share, **changes)]}
        )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_another_transfer_for_a_paid_share(world: Any, log_in: Any, move_clock: Any) -> None:
    refund = make.notice(world, make.shared(world))
    from datetime import timedelta

    move_clock(timedelta(days=31))
    refund = make.decided(world, refund)
    first, _second = make.shares(refund)
    make.report(world, refund, make.paid(first))
    path = f"/api/v1/refunds/{refund.id}/report/"
    with make.nothing_happens():
        answer = send(log_in(world.risk_a), path, {"results": [line(first, transfer_id="T-2")]})
    assert (answer.status_code, answer.json()["code"]) == (409, "share_settled")


@pytest.mark.parametrize("who", ["risk_b", "risk_branch", "analyst_b", "overseer"])
def test_foreign_is_absent(world: Any, log_in: Any, who: str) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(getattr(world, who))
    with make.nothing_happens():
        assert client.get(f"/api/v1/refunds/{refund.id}/").status_code in {403, 404}
        answer = send(client, f"/api/v1/refunds/{refund.id}/report/", {"results": [line(share)]})
    assert answer.status_code in {403, 404}
    assert Refund.objects.get().status == "decided"
