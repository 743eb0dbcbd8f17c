"""T8, T15: clocks that are wrong, and the legal clock moved to the end of a hold."""

from __future__ import annotations

import time
import uuid
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from antifraud.crypto.signing import Signer, sign_request
from tests.chaos import checker, facts
from tests.chaos.drafting import body_of
from tests.chaos.load import Client, Load, insist
from tests.chaos.pull import Door
from tests.chaos.result import Result
from tests.chaos.stage import Stage

SKEW = 600.0
SIGNING, HOLDING = "bank07", "bank06"
KEY_ID = "chaos-1"
PROMPT = 10.0
_TRAVEL = """UPDATE app_clock SET "offset" = to_timestamp(%s) - clock_timestamp()"""
_RETURN = """UPDATE app_clock SET "offset" = interval '0'"""
_HOLDS = "SELECT status, extract(epoch FROM legal_expires_at)::float8, id::text FROM accounts_hold WHERE order_id = ANY(%s::uuid[])"
_EXPIRED = """
SELECT extract(epoch FROM at)::float8 FROM af_audit_auditentry WHERE object_id = %s AND verb = 'hold.expire' AND outcome = 'ok'
"""
_KEY = """
INSERT INTO banks_institutionkey (id, institution_id, key_id, public_key, not_before, registered_by_id, registered_at,
  approved_by_id, approved_at, revoked_reason)
VALUES (gen_random_uuid(), %s, %s, %s, clock_timestamp() - interval '1 day', %s, clock_timestamp(), %s, clock_timestamp(), '')
"""
_READY = "SELECT count(*) FROM banks_delivery WHERE subject_id = %s AND state = 'ready'"
# The stops of the tests before would all end in this one second, thousands of them, as they do on no real day.
_PUT_OFF = (
    "UPDATE accounts_hold SET legal_expires_at = legal_expires_at + interval '30 days' "
    "WHERE id <> %s AND status IN ('active', 'extended')"
)
_APP_NOW = "SELECT extract(epoch FROM app_now())::float8"


def t8(stage: Stage) -> Result:
    """Python's wall clock ten minutes fast or slow in every process of the platform in turn; the database's is right."""
    platform, result = stage.platform, Result(8)
    skews = {"relay0": SKEW, "relay1": -SKEW, "worker0": SKEW, "worker1": -SKEW, "scheduler0": SKEW}
    orders = stage.stock(stage.sizes.copies)
    for name, skew in skews.items():
        platform.down(name)
        platform.up(name, skew=skew)
    platform.wait_ready()
    with stage.pulling(), Load(stage.officer(2), stage.ledger, orders, rate=8) as load:
        stage.judge(result, load, seconds=90)
    found = facts.collect(stage.url, load.tally.acked, stage.ledger.path, stage.journals)
    result.blame(checker.late(found, PROMPT))
    _nothing_expires_early(stage, result, load.tally.acked)
    refused = _signed_messages(stage, result)
    for name in skews:
        platform.down(name)
        platform.up(name)
    platform.wait_ready()
    result.more |= {
        "moved": "time.time and datetime.now of the processes, by time-machine",
        "skew": SKEW,
        "refused": refused,
    }
    return result


def _nothing_expires_early(stage: Stage, result: Result, orders: list[str]) -> None:
    """Five minutes before the first hold's end, with a scheduler that believes it is five minutes after."""
    ends = [end for _status, end, _id in facts.rows(stage.url, _HOLDS, orders)]
    result.demand(len(ends) == len(orders), f"{len(ends)} holds for {len(orders)} orders")
    facts.change(stage.url, _TRAVEL, min(ends, default=0.0) - SKEW / 2)
    try:
        time.sleep(6)
        states = {status for status, _end, _id in facts.rows(stage.url, _HOLDS, orders)}
        result.demand(states == {"active"}, f"holds before their end: {sorted(states)}")
    finally:
        facts.change(stage.url, _RETURN)


def _signed_messages(stage: Stage, result: Result) -> int:
    """Within 300 s accepted, beyond refused; and a web process whose own clock is wrong refuses what is right."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    bank, admin = stage.banks[SIGNING], stage.people["unit00.0"]
    facts.change(stage.url, _KEY, bank["id"], KEY_ID, public, admin, stage.people["unit00.1"])
    order = stage.stock(2, banks=(SIGNING,))[0]
    with Load(stage.officer(2), stage.ledger, [order], rate=1):
        pass
    stage.until(lambda: facts.rows(stage.url, _READY, order["order"])[0][0] > 0, 20)
    signer = Signer(KEY_ID, private.sign)
    cases: list[tuple[float, float, int]] = [(0.0, off, 200) for off in (-290.0, 0.0, 290.0)] + [
        (0.0, off, 401) for off in (-600.0, -310.0, 310.0, 600.0)
    ]
    cases += [(skew, 0.0, 401) for skew in (SKEW, -SKEW)]
    cases += [
        (skew, skew, 200) for skew in (SKEW, -SKEW)
    ]  # both wrong in the same way: the window moves with the clock
    cases.sort()
    at, refused = 0.0, 0
    for skew, off, wanted in cases:
        if skew != at:
            _web(stage, skew)
            at = skew
        code, said = _acknowledge(stage, order["order"], signer, off)
        right = code == wanted and (wanted == 200 or said == "signature_expired")
        result.demand(right, f"web {skew:+.0f} s, message {off:+.0f} s: {code} {said}")
        refused += code == 401
    _web(stage, 0.0)
    return refused


def _web(stage: Stage, skew: float) -> None:
    stage.platform.down("web0")
    stage.platform.up("web0", skew=skew)
    stage.platform.wait_ready()


def _acknowledge(stage: Stage, order: str, signer: Signer, off: float) -> tuple[int, str]:
    """One signed acknowledgement, dated `off` seconds from now; its status and problem code."""
    door = Door({"url": stage.platform.url, **stage.banks[SIGNING]})
    door._log_in()
    path, body = f"/api/v1/orders/{order}/acknowledge/", b"{}"
    headers = sign_request(
        method="POST", target_uri=f"{stage.platform.url}{path}", body=body, message_id=str(uuid.uuid4()), recipient="platform",
        now=int(time.time() + off), signers=[signer],
    )  # fmt: skip
    headers |= {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    answer = door.http.post(path, content=body, headers=headers)
    return answer.status_code, "" if answer.is_success else str(answer.json().get("code"))


def t15(stage: Stage) -> Result:
    """A stop ends after its 48 hours, not before and not five seconds later; the third stop of an account is refused."""
    result = Result(15)
    line = stage.stock(2, kind="lines", banks=(HOLDING,))[0]
    operator, approver = stage.officer(0), stage.officer(2)
    first = _stop(stage, result, line, operator, approver, ahead=0.0)
    if not result.passed:
        return result
    [(_status, end, hold)] = facts.rows(stage.url, _HOLDS, [first])
    facts.change(stage.url, _PUT_OFF, hold)
    facts.change(stage.url, _TRAVEL, end - 6)
    early = stage.until(lambda: bool(facts.rows(stage.url, _EXPIRED, hold)), 5, 0.1)
    result.demand(not early, "the stop expired before its end")
    stage.until(lambda: bool(facts.rows(stage.url, _EXPIRED, hold)), 15, 0.1)
    at = [row[0] for row in facts.rows(stage.url, _EXPIRED, hold)]
    result.demand(
        len(at) == 1 and 0 <= at[0] - end <= 5, f"expired at {[round(a - end, 2) for a in at]} s after its end"
    )
    ahead = facts.rows(stage.url, _APP_NOW)[0][0] - time.time()
    _stop(stage, result, line, operator, approver, ahead=ahead)
    third = operator.post("orders/", body_of(stage, line), str(uuid.uuid4()))
    code = third.json().get("code") if third.is_error else ""
    result.demand((third.status_code, code) == (409, "stop_count_exceeded"), f"third stop: {third.status_code} {code}")
    result.orders, result.acked = 2, 2
    result.more |= {"expired_after": [round(a - end, 2) for a in at], "third": third.status_code}
    return result


def _stop(
    stage: Stage, result: Result, line: dict[str, Any], operator: Client, approver: Client, *, ahead: float
) -> str:
    """Draft, submit, approve by POST; the bank executes. The order's id."""
    until = time.monotonic() + 30
    drafted = insist(operator, "orders/", body_of(stage, line), str(uuid.uuid4()), until=until)
    if drafted is None or drafted.answer.status_code != 201:
        result.fault(f"draft: {drafted.answer.text[:300] if drafted else 'no answer'}")
        return ""
    order = str(drafted.answer.json()[0]["id"])
    submitted = operator.post(f"orders/{order}/submit/", {}, str(uuid.uuid4()))
    sha256 = {"payload_sha256": submitted.json().get("payload_sha256")}
    approved = approver.post(f"orders/{order}/approve/", sha256, str(uuid.uuid4()))
    result.demand(approved.is_success, f"approve: {approved.status_code} {approved.text[:300]}")
    with stage.pulling((HOLDING,), ahead=ahead):
        result.demand(stage.drained([order], 30), "the stop was not answered")
    return order
