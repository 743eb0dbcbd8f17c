"""The worksheet of a return as canonical JSON: facts, branch, reasons, passes, rows, totals; computed again it is the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from accounts.rules.refunds.branches import judge
from accounts.rules.refunds.shapes import Facts, RefundError
from accounts.rules.refunds.sharing import Share, share_out

SCHEMA = "antifraud.refund-worksheet/1"


def build(facts: Facts) -> dict[str, Any]:
    """The worksheet; ids and amounts only. Raises RefundError."""
    checked = facts.checked()
    judgement = judge(checked)
    shares, passes = share_out(checked, judgement.branch)
    shared = sum(share.share_minor for share in shares)
    return {
        "schema": SCHEMA,
        "facts": checked.as_dict(),
        "branch": judgement.branch,
        "reasons": list(judgement.reasons),
        "passes": [each.as_dict() for each in passes],
        "rows": [_row(share) for share in shares],
        "totals": {
            "loss_minor": sum(claim.loss_minor for claim in checked.claims),
            "returned_minor": sum(claim.returned_minor for claim in checked.claims),
            "open_minor": sum(claim.open_minor for claim in checked.claims),
            "held_minor": checked.held_minor,
            "shared_minor": shared,
            "surplus_minor": checked.held_minor - shared,
        },
    }


def canonical(worksheet: Mapping[str, Any]) -> bytes:
    """Sorted keys, no blanks, UTF-8."""
    return json.dumps(worksheet, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(worksheet: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical bytes: what an approval is bound to."""
    return hashlib.sha256(canonical(worksheet)).digest()


def outcome(worksheet: Mapping[str, Any]) -> dict[str, Any]:
    """What a worksheet settles, without the evidence that led there: the rule, who gets what where, the totals.

    Two worksheets with the same outcome may stand for one another: a further payment that came to light meanwhile and
    changes nothing of it needs no new round.
    """
    payees = {claim["victim"]: claim["payee"] for claim in worksheet["facts"]["claims"]}
    names = ("victim", "loss_minor", "returned_minor", "share_minor")
    return {
        "about": worksheet["facts"]["about"],
        "branch": worksheet["branch"],
        "rows": [{name: row[name] for name in names} | {"payee": payees[row["victim"]]} for row in worksheet["rows"]],
        "totals": worksheet["totals"],
    }


def recompute(worksheet: Mapping[str, Any]) -> dict[str, Any]:
    """The worksheet that follows from the facts in `worksheet`. Raises RefundError."""
    if worksheet.get("schema") != SCHEMA or not isinstance(worksheet.get("facts"), Mapping):
        raise RefundError("not_a_worksheet")
    return build(Facts.from_dict(worksheet["facts"]))


def is_recomputable(worksheet: Mapping[str, Any]) -> bool:
    """Whether the worksheet says what follows from its own facts, byte for byte."""
    return canonical(recompute(worksheet)) == canonical(worksheet)


def _row(share: Share) -> dict[str, Any]:
    claim = share.claim
    return {
        "victim": claim.victim,
        "loss_minor": claim.loss_minor,
        "returned_minor": claim.returned_minor,
        "open_minor": claim.open_minor,
        "traced_minor": claim.traced_minor,
        "quota_minor": share.quota_minor,
        "remainder": share.remainder,
        "extra": share.extra,
        "is_capped": share.is_capped,
        "share_minor": share.share_minor,
        "left_minor": claim.open_minor - share.share_minor,
    }
