"""The shares of each branch, exact to the minor unit.

Rounding of the pro-rata branch: each gets the whole minor units of pool × loss ÷ sum of losses; the units left over go,
one each, to the largest remainders, ties to the earlier report, then to the lower victim id. Whoever would get more
than still missing gets exactly that, and the rest is shared anew among the others. What nobody may get stays held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.rules.refunds.branches import Branch
from accounts.rules.refunds.shapes import Claim, Facts


@dataclass(frozen=True, slots=True)
class Share:
    """One victim's share. `remainder` is what the division left, of the last pass's sum of losses; `extra` is 0 or 1."""

    claim: Claim
    share_minor: int
    is_capped: bool = False
    quota_minor: int = 0
    remainder: int = 0
    extra: int = 0


@dataclass(frozen=True, slots=True)
class Pass:
    """One round of the pro-rata division: what was shared, by which sum of losses, and who reached the limit in it."""

    pool_minor: int
    weight_minor: int
    capped: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"pool_minor": self.pool_minor, "weight_minor": self.weight_minor, "capped": list(self.capped)}


def share_out(facts: Facts, branch: Branch) -> tuple[list[Share], list[Pass]]:
    """The shares in the claims' order, and the passes of a pro-rata division (none for the direct branches)."""
    if branch == "pro_rata":
        return _pro_rata(facts)
    if branch == "trace":
        return [_direct(claim, claim.traced_minor or 0) for claim in facts.claims], []
    return [_direct(claim, facts.held_minor) for claim in facts.claims], []


def _direct(claim: Claim, found: int) -> Share:
    return Share(claim, min(found, claim.open_minor), is_capped=found > claim.open_minor)


def _pro_rata(facts: Facts) -> tuple[list[Share], list[Pass]]:
    pool = facts.held_minor
    waiting = [claim for claim in facts.claims if claim.open_minor > 0]
    done: dict[str, Share] = {claim.victim: Share(claim, 0) for claim in facts.claims if claim.open_minor == 0}
    passes: list[Pass] = []
    while waiting:
        weight = sum(claim.loss_minor for claim in waiting)
        capped = [claim for claim in waiting if pool * claim.loss_minor > claim.open_minor * weight]
        passes.append(Pass(pool, weight, tuple(claim.victim for claim in capped)))
        if not capped:
            done |= _largest_remainder(waiting, pool, weight)
            break
        for claim in capped:
            done[claim.victim] = Share(claim, claim.open_minor, is_capped=True)
            pool -= claim.open_minor
        waiting = [claim for claim in waiting if claim.victim not in done]
    return [done[claim.victim] for claim in facts.claims], passes


def _largest_remainder(claims: list[Claim], pool: int, weight: int) -> dict[str, Share]:
    """`claims` are in their order, so a stable sort breaks ties by report, then id. No share passes its limit here:
    a quotient that is at most a whole number stays so when it is rounded up."""
    parts = {claim.victim: divmod(pool * claim.loss_minor, weight) for claim in claims}
    left = pool - sum(quota for quota, _rest in parts.values())
    ranked = sorted(claims, key=lambda claim: -parts[claim.victim][1])
    lucky = {claim.victim for claim in ranked[:left]}
    return {
        claim.victim: Share(claim, quota + extra, quota_minor=quota, remainder=rest, extra=extra)
        for claim in claims
        for (quota, rest), extra in [(parts[claim.victim], int(claim.victim in lucky))]
    }
