"""How much: E, the money that was really held of what could have been held, each yuan counted once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from oversight.rules.measures.figures import MoneyRatio

HeldVerdict = Literal["held", "not_held", "excluded"]


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """One order for a hold and what came of it, in minor units of `currency`.

    `asked_minor` None = the whole account. `traced_minor`: the case's money traced to the account,
    `balance_minor`: the account's balance, both when the order became available; None = not known.
    `ended_at`: when the hold (or, if nothing was held, the claim to it) ended; None = it still stands.
    """

    account: str
    case: str
    currency: str
    available_at: datetime
    asked_minor: int | None
    held_minor: int
    traced_minor: int | None = None
    balance_minor: int | None = None
    ended_at: datetime | None = None


def effective_hold(rows: Iterable[HeldAccount]) -> list[MoneyRatio]:
    """E: sum of min(held, traced, balance) over sum of min(asked, traced, balance), a figure for each
    currency.

    Overlapping holds are counted once: of one case on one account (a stop and the freeze that takes its
    place) the highest counts; of several cases whose holds overlap in time on one account the amounts
    add up, but never beyond the balance, and where the balance is unknown only the highest counts. A
    row that asks for the whole account while neither traced money nor balance is known cannot be judged
    and is excluded.
    """
    by_account: dict[tuple[str, str], list[HeldAccount]] = defaultdict(list)
    excluded: dict[str, int] = defaultdict(int)
    for row in rows:
        excluded[row.currency] += _asked(row) is None
        if _asked(row) is not None:
            by_account[row.currency, row.account].append(row)
    part: dict[str, int] = defaultdict(int)
    whole: dict[str, int] = defaultdict(int)
    groups: dict[str, int] = defaultdict(int)
    for (currency, _), found in by_account.items():
        for overlap in _overlaps(found):
            held, asked = _counted_once(overlap)
            part[currency] += held
            whole[currency] += asked
            groups[currency] += 1
    return [MoneyRatio(c, part[c], whole[c], groups[c], excluded[c]) for c in sorted(excluded)]


def held_verdict(row: HeldAccount) -> HeldVerdict:
    """How E counts one row, before overlapping rows are counted once."""
    if _asked(row) is None:
        return "excluded"
    return "held" if row.held_minor > 0 else "not_held"


def _asked(row: HeldAccount) -> int | None:
    known = [amount for amount in (row.asked_minor, row.traced_minor, row.balance_minor) if amount is not None]
    return min(known, default=None)


def _overlaps(rows: list[HeldAccount]) -> Iterator[list[HeldAccount]]:
    """Rows of one account in groups whose times touch each other; a row ends before its `ended_at`."""
    group: list[HeldAccount] = []
    end: datetime | None = None
    for row in sorted(rows, key=lambda r: r.available_at):
        if group and end is not None and row.available_at > end:
            yield group
            group = []
        if not group:
            end = row.ended_at
        elif end is not None:
            end = None if row.ended_at is None else max(end, row.ended_at)
        group.append(row)
    if group:
        yield group


def _counted_once(group: list[HeldAccount]) -> tuple[int, int]:
    """Held and asked of one group, each case by its highest row, all of them within the highest known
    balance.
    """
    held: dict[str, int] = defaultdict(int)
    asked: dict[str, int] = defaultdict(int)
    for row in group:
        wanted = _asked(row) or 0
        caps = [amount for amount in (row.traced_minor, row.balance_minor) if amount is not None]
        held[row.case] = max(held[row.case], min([row.held_minor, *caps]))
        asked[row.case] = max(asked[row.case], wanted)
    balances = [row.balance_minor for row in group if row.balance_minor is not None]
    if balances:
        return min(sum(held.values()), max(balances)), min(sum(asked.values()), max(balances))
    return max(held.values()), max(asked.values())
