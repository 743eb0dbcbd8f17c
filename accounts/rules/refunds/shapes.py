"""What a return is computed from: the held sum, what is known of its sources, and one claim for each victim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.rules.tracing.result import BELOW_MINIMUM, CUT, REACHED, UNKNOWN, WINDOW

BY_TIME = frozenset({"fifo", "libr"})  # methods of a trace that follow the money by time
# Ends of a trace after which nobody can say where the money is: wherever in the run they stand, some of it may have come
# to the held account unseen.
UNCERTAIN = frozenset({UNKNOWN, WINDOW, BELOW_MINIMUM, CUT, REACHED})
MOST_CLAIMS = 5_000
MOST_MINOR = 2**63 - 1

MESSAGES: dict[str, str] = {
    "no_claims": "Name at least one victim. Money is returned to somebody.",
    "too_many_claims": "A return names at most 5,000 victims. Split it.",
    "victim_twice": "A victim stands in the list twice. Add the two losses up.",
    "nothing_held": "Nothing is held that has not been returned yet. Choose another hold.",
    "not_an_amount": "An amount is missing, negative or too large. Correct it.",
    "not_a_worksheet": "This is no worksheet of a return. Export it again.",
}


class RefundError(ValueError):
    """Facts from which no worksheet follows; `code` is a key of MESSAGES, `victim` names the claim where it is one's."""

    def __init__(self, code: str, victim: str = "") -> None:
        super().__init__(MESSAGES[code])
        self.code = code
        self.victim = victim


@dataclass(frozen=True, slots=True)
class Claim:
    """One victim. Amounts are minor units of the hold's currency; `reported_at` is ISO 8601 in UTC.

    `returned_minor`: what came back already, from whatever source. `traced_minor`: what a trace that starts from this
    victim's payments leaves on the held account; None where none was run or where it could not say. `payee` is an
    opaque mark of the account to be paid (a keyed hash), so that the digest covers it without naming it.
    """

    victim: str
    reported_at: str
    loss_minor: int
    returned_minor: int = 0
    traced_minor: int | None = None
    run: str = ""
    method: str = ""
    ledger: str = ""  # the version of the ledger that the trace read
    payee: str = ""

    @property
    def open_minor(self) -> int:
        """What the victim still misses: the most that can be returned."""
        return max(0, self.loss_minor - self.returned_minor)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the worksheet follows from.

    `sources`: payments into the held account that are known, its opening balance counting as one. `is_covered`: the
    account's own statement is in the ledger, so that `sources` is complete. `is_stated_single`: an officer answers
    for it that one payment fed the account. `about` names what the worksheet is for (ids, numbers), nothing personal.
    `ledger` is the version of the ledger now: a trace that read an older one says nothing any more.
    """

    currency: str
    held_minor: int
    sources: int
    is_covered: bool
    is_stated_single: bool
    claims: tuple[Claim, ...]
    about: Mapping[str, str | int]
    ledger: str = ""

    def checked(self) -> Facts:
        """The same facts with the claims in their order: earlier report first, then victim id. Raises RefundError."""
        if not self.claims:
            raise RefundError("no_claims")
        if len(self.claims) > MOST_CLAIMS:
            raise RefundError("too_many_claims")
        seen: set[str] = set()
        for claim in self.claims:
            if claim.victim in seen:
                raise RefundError("victim_twice", claim.victim)
            seen.add(claim.victim)
            for amount in (claim.loss_minor, claim.returned_minor, claim.traced_minor or 0):
                if not 0 <= amount <= MOST_MINOR:
                    raise RefundError("not_an_amount", claim.victim)
        if not 0 < self.held_minor <= MOST_MINOR:
            raise RefundError("nothing_held")
        ordered = tuple(sorted(self.claims, key=lambda claim: (claim.reported_at, claim.victim)))
        return Facts(
            self.currency, self.held_minor, self.sources, self.is_covered, self.is_stated_single, ordered,
            dict(self.about), self.ledger,
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "about": dict(self.about),
            "currency": self.currency,
            "held_minor": self.held_minor,
            "sources": self.sources,
            "is_covered": self.is_covered,
            "is_stated_single": self.is_stated_single,
            "ledger": self.ledger,
            "claims": [{name: getattr(claim, name) for name in Claim.__dataclass_fields__} for claim in self.claims],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Facts:
        """The facts of a stored worksheet. Raises RefundError `not_a_worksheet` for anything else."""
        try:
            claims = tuple(Claim(**claim) for claim in data["claims"])
            found = cls(
                str(data["currency"]), data["held_minor"], data["sources"], data["is_covered"], data["is_stated_single"],
                claims, dict(data["about"]), str(data["ledger"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise RefundError("not_a_worksheet") from error
        numbers = [found.held_minor, found.sources]
        numbers += [amount for claim in claims for amount in (claim.loss_minor, claim.returned_minor)]
        numbers += [claim.traced_minor for claim in claims if claim.traced_minor is not None]
        if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
            raise RefundError("not_a_worksheet")
        return found
