"""Balances that a file states outside its entries (MT940, camt, OFX), given to the rows that they follow from."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.rules.statements import Batch, StatedBalance
from accounts.services.statements.packing import is_serial

DAY_US = 86_400_000_000  # banks date an opening balance by the day before or the day of the first entry
Account = tuple[str, str]


def state_balances(batch: Batch, seen: set[Account]) -> None:
    """The balance after the first row of an account by its opening, after the last row by its closing.

    Rows with a balance of their own keep it. First and last are those of the ledger's order (`models.ledger`). `seen`:
    accounts with rows in earlier batches of the file, whose opening is behind; those of this batch are added.
    """
    if not batch.stated:
        seen |= set(zip(batch.account, batch.currency, strict=True))
        return
    first, last = _ends(batch)
    for key, opening in _chosen(batch.stated, "opening").items():
        at = first.get(key)
        is_before = at is not None and key not in seen and opening.at_us <= batch.at_us[at] + DAY_US
        if at is not None and is_before and batch.balance[at] is None:
            amount = batch.amount[at]
            batch.balance[at] = opening.minor + (amount if batch.direction[at] == "in" else -amount)
    for key, closing in _chosen(batch.stated, "closing").items():
        at = last.get(key)
        if at is not None and batch.balance[at] is None and closing.at_us >= batch.at_us[at] - DAY_US:
            batch.balance[at] = closing.minor
    seen |= first.keys()


def _ends(batch: Batch) -> tuple[dict[Account, int], dict[Account, int]]:
    first: dict[Account, int] = {}
    last: dict[Account, int] = {}
    for at in sorted(range(len(batch)), key=lambda at: _order(batch, at)):
        key = (batch.account[at], batch.currency[at])
        first.setdefault(key, at)
        last[key] = at
    return first, last


def _order(batch: Batch, at: int) -> tuple[int, int, bytes, int]:
    serial = batch.serial[at] if is_serial(batch.serial[at]) else ""
    return batch.at_us[at], len(serial), serial.encode(), batch.row[at]


def _chosen(stated: Iterable[StatedBalance], kind: str) -> dict[Account, StatedBalance]:
    """The earliest opening, the latest closing of each account; interim ones are no ends."""
    found: dict[Account, StatedBalance] = {}
    for each in stated:
        if each.kind != kind or each.is_interim:
            continue
        before = found.get((each.account, each.currency))
        if before is None or (each.at_us < before.at_us) == (kind == "opening"):
            found[each.account, each.currency] = each
    return found
