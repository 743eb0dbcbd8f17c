"""Returns in the API: an institution's own list, one with its payments masked, the report with its idempotency."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Refund, RefundShare
from accounts.services.refunds.proofs import payout_proof_upload
from antifraud import db
from antifraud.crypto.evidence import open_evidence
from antifraud.errors import WrongState
from tests.accounts.flow import refunding as make
from tests.accounts.pages import pdf


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


PAPER = b"%PDF-1.7 proof of payment"


def announce(client: Any, refund: Refund, paper: bytes = PAPER, key: str = "proof-key-0001", **changes: Any) -> Any:
    told = {"sha256": hashlib.sha256(paper).hexdigest(), "size": len(paper), "ending": "pdf"} | changes
    return send(client, f"/api/v1/refunds/{refund.id}/proof/", told, key)


def put(client: Any, ticket: str, paper: bytes = PAPER) -> Any:
    path = "/api/v1/refunds/content/"
    return client.put(path, paper, content_type="application/octet-stream", headers={"Antifraud-Ticket": ticket})


def test_a_proof_follows_the_report(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(world.risk_a)
    send(client, f"/api/v1/refunds/{refund.id}/report/", {"results": [line(share)]})
    told = announce(client, refund)
    assert (told.status_code, told.json()["upload"]) == (201, "/api/v1/refunds/content/")
    assert announce(client, refund).json() == told.json(), "one key, one answer"
    first = put(client, told.json()["ticket"])
    assert first.status_code == 201, first.content
    kept = RefundShare.objects.get(pk=share.pk).proof
    assert (kept.case_id, bytes(kept.sha256).hex()) == (refund.case_id, hashlib.sha256(PAPER).hexdigest())
    with open_evidence(kept.storage_name) as stored:
        assert stored.read() == PAPER
    with make.nothing_happens():
        again = put(client, told.json()["ticket"])
    assert (again.status_code, again.json()) == (201, first.json())
    assert RefundShare.objects.get(pk=share.pk).proof == kept


def test_a_proof_before_any_payment_was_reported(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    with make.nothing_happens():
        answer = announce(log_in(world.risk_a), refund)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


def test_a_kept_proof_is_not_replaced(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(world.risk_a)
    send(client, f"/api/v1/refunds/{refund.id}/report/", {"results": [line(share)]})
    other = b"%PDF-1.7 another paper"
    early = announce(client, refund, other, "proof-key-0002").json()["ticket"]
    put(client, announce(client, refund).json()["ticket"])
    assert announce(client, refund, other, "proof-key-0003").json()["code"] == "wrong_state"
    with make.nothing_happens():
        answer = put(client, early, other)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


def proofs(refund: Refund) -> list[str | None]:
    """SHA-256 of the proof of each share, in order."""
    return [bytes(share.proof.sha256).hex() if share.proof else None for share in make.shares(refund)]


def two_victims(world: Any, move_clock: Any) -> Refund:
    refund = make.notice(world, make.shared(world))
    move_clock(timedelta(days=31))
    return make.decided(world, refund)


def test_a_proof_is_for_what_was_paid_when_it_was_announced(world: Any, log_in: Any, move_clock: Any) -> None:
    """The second payment and its paper come before the bytes of the first: each paper finds its own share."""
    refund = two_victims(world, move_clock)
    first, second = make.shares(refund)
    papers = [b"%PDF-1.7 of the first", b"%PDF-1.7 of the second"]
    client = log_in(world.risk_a)
    tickets = []
    for at, share in enumerate((first, second)):
        make.report(world, refund, make.paid(share, f"T-{at}"))
        tickets.append(announce(client, refund, papers[at], f"proof-key-001{at}").json()["ticket"])
    wanted = [hashlib.sha256(paper).hexdigest() for paper in papers]
    assert put(client, tickets[0], papers[0]).status_code == 201
    assert proofs(refund) == [wanted[0], None]
    assert put(client, tickets[1], papers[1]).status_code == 201
    assert proofs(refund) == wanted
    with make.nothing_happens():
        assert [put(client, ticket, paper).status_code for ticket, paper in zip(tickets, papers, strict=True)] == [
            201
        ] * 2


def named(*shares: RefundShare, **changes: Any) -> list[dict[str, Any]]:
    return [{"share": str(share.id), "amount_minor": share.share_minor} | changes for share in shares]


def test_two_papers_are_announced_before_the_bytes_of_either(world: Any, log_in: Any, move_clock: Any) -> None:
    """Each paper names its payment: the second announcement, and the second paper first, take nothing of the first."""
    refund = two_victims(world, move_clock)
    paid = make.shares(refund)
    make.report(world, refund, *(make.paid(share, f"T-{at}") for at, share in enumerate(paid)))
    papers = [b"%PDF-1.7 of the first", b"%PDF-1.7 of the second"]
    client = log_in(world.risk_a)
    tickets = [
        announce(client, refund, papers[at], f"proof-key-003{at}", shares=named(share)).json()["ticket"]
        for at, share in enumerate(paid)
    ]
    wanted = [hashlib.sha256(paper).hexdigest() for paper in papers]
    assert put(client, tickets[1], papers[1]).status_code == 201
    assert proofs(refund) == [None, wanted[1]]
    assert put(client, tickets[0], papers[0]).status_code == 201
    assert proofs(refund) == wanted
    other = announce(client, refund, PAPER, "proof-key-0033", shares=named(paid[0]))
    assert (other.status_code, other.json()["code"]) == (409, "wrong_state")
    assert announce(client, refund, papers[0], "proof-key-0034", shares=named(paid[0])).status_code == 201


@pytest.mark.parametrize(
    ("which", "changes", "field"),
    [
        ("unpaid", {}, "shares.0.share"), ("foreign", {}, "shares.0.share"), ("twice", {}, "shares.0.share"),
        ("paid", {"amount_minor": 1}, "shares.0.amount_minor"), ("none", {}, "shares"),
    ],
)  # fmt: skip
def test_a_wrong_list_of_shares_is_refused_by_line(
    world: Any, log_in: Any, move_clock: Any, which: str, changes: dict[str, Any], field: str
) -> None:
    refund = two_victims(world, move_clock)
    first, second = make.shares(refund)
    make.report(world, refund, make.paid(first))
    foreign = make.decided(world)
    (other,) = make.shares(foreign)
    make.report(world, foreign, make.paid(other, "T-9"))
    lists = {"unpaid": [second], "foreign": [other], "twice": [first, first], "paid": [first], "none": []}
    with make.nothing_happens():
        answer = announce(log_in(world.risk_a), refund, shares=named(*lists[which], **changes))
    assert (answer.status_code, answer.json()["fields"][0]["name"]) == (422, field)


def test_one_paper_may_show_a_later_payment_too(world: Any, log_in: Any, move_clock: Any) -> None:
    refund = two_victims(world, move_clock)
    first, second = make.shares(refund)
    client = log_in(world.risk_a)
    for at, share in enumerate((first, second)):
        make.report(world, refund, make.paid(share, f"T-{at}"))
        ticket = announce(client, refund, key=f"proof-key-002{at}").json()["ticket"]
        assert put(client, ticket).status_code == 201
    assert proofs(refund) == [hashlib.sha256(PAPER).hexdigest()] * 2
    again = announce(client, refund, key="proof-key-0029").json()["ticket"]
    with make.nothing_happens():
        assert put(client, again).status_code == 201


def test_a_proof_is_for_the_shares_of_its_own_round(world: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    make.report(world, refund, make.paid(share))
    with make.nothing_happens(), pytest.raises(WrongState), db.unit_of_work(world.risk_a):
        payout_proof_upload(
            by=world.risk_a, refund_id=refund.id, round_number=refund.round_number + 1, positions={share.position},
            file=pdf(), sha256=hashlib.sha256(PAPER).digest(),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "code"), [(b"%PDF-1.7 proof of paymenT", "content_differs"), (PAPER + b"x", "content_differs")]
)
def test_other_bytes_than_the_announced_are_refused(world: Any, log_in: Any, sent: bytes, code: str) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(world.risk_a)
    send(client, f"/api/v1/refunds/{refund.id}/report/", {"results": [line(share)]})
    ticket = announce(client, refund).json()["ticket"]
    with make.nothing_happens():
        answer = put(client, ticket, sent)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert RefundShare.objects.get(pk=share.pk).proof is None


def test_a_paper_that_is_none_or_too_large(world: Any, log_in: Any) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    client = log_in(world.risk_a)
    send(client, f"/api/v1/refunds/{refund.id}/report/", {"results": [line(share)]})
    assert announce(client, refund, size=21 * 2**20).status_code == 422
    text = b"<html>no paper</html>"
    ticket = announce(client, refund, text, "proof-key-0004").json()["ticket"]
    with make.nothing_happens():
        assert put(client, ticket, text).status_code == 422


@pytest.mark.parametrize("who", ["risk_b", "risk_branch", "analyst_a", "analyst_b", "overseer"])
def test_another_institution_sends_no_proof(world: Any, log_in: Any, who: str) -> None:
    refund = make.decided(world)
    (share,) = make.shares(refund)
    bank, other = log_in(world.risk_a), log_in(getattr(world, who))
    send(bank, f"/api/v1/refunds/{refund.id}/report/", {"results": [line(share)]})
    ticket = announce(bank, refund).json()["ticket"]
    with make.nothing_happens():
        assert announce(other, refund, key="proof-key-0005").status_code in {403, 404}
        assert put(other, ticket).status_code == 403
