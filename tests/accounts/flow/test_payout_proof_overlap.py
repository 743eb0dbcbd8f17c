"""Two announced papers for one payment: the second one's bytes are refused as a whole, never kept for a part."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.accounts.flow import refunding as make
from tests.accounts.flow.test_payout_api import announce, named, proofs, put, two_victims


def test_a_paper_that_would_lose_one_of_its_shares_is_refused(world: Any, log_in: Any, move_clock: Any) -> None:
    """Announced for both payments; another paper for the second came first: the first one is announced anew."""
    refund = two_victims(world, move_clock)
    paid = make.shares(refund)
    make.report(world, refund, *(make.paid(share, f"T-{at}") for at, share in enumerate(paid)))
    client, other = log_in(world.risk_a), b"%PDF-1.7 of the second"
    both = announce(client, refund, key="proof-key-0041", shares=named(*paid)).json()["ticket"]
    one = announce(client, refund, other, "proof-key-0042", shares=named(paid[1])).json()["ticket"]
    assert put(client, one, other).status_code == 201
    with make.nothing_happens():
        refused = put(client, both)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert proofs(refund) == [None, hashlib.sha256(other).hexdigest()]
    again = announce(client, refund, key="proof-key-0043", shares=named(paid[0])).json()["ticket"]
    assert put(client, again).status_code == 201
    assert None not in proofs(refund)
