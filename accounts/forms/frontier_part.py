"""Which accounts of a frontier a page shows: those of one bank, from an amount on, a hundred at a time; its form is in `frontier`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from accounts.selectors.frontier import Frontier, FrontierRow
from accounts.services.frontier import MOST_PICKS
from antifraud import money


@dataclass(frozen=True)
class FrontierPart:
    """`rows`: (place in the ranking, row); `fitting` is how many pass the filter, `banks` what may be chosen: (key, name, count)."""

    rows: list[tuple[int, FrontierRow]]
    fitting: int
    banks: list[tuple[str, str, int]]
    bank: str = ""
    min_text: str = ""
    min_is_wrong: bool = False
    page: int = 1
    run: str = ""

    @classmethod
    def read(cls, said: Mapping[str, str], found: Frontier, picked: Collection[str] = ()) -> FrontierPart:
        """What can be read of an address. Rows that were `picked` (their nodes) stay, wherever time has moved them meanwhile."""
        bank, text = said.get("bank", "")[:40], said.get("min", "")[:40].strip()
        least, is_wrong = _least(text, found.run.currency)
        rows = list(enumerate(found.rows, 1))
        fitting = [each for each in rows if bank in {"", each[1].flow.bank_key} and each[1].amount >= least]
        pages = max(1, -(-len(fitting) // MOST_PICKS))
        number = said.get("page", "")
        page = min(int(number[:6]), pages) if number.isdecimal() and int(number[:6]) > 0 else 1
        shown = {place for place, _row in fitting[(page - 1) * MOST_PICKS : page * MOST_PICKS]}
        kept = [(place, row) for place, row in rows if place in shown or str(row.node) in picked]
        return cls(kept, len(fitting), _banks(found), bank, text, is_wrong, page, said.get("run", ""))

    @property
    def is_filtered(self) -> bool:
        """Whether a filter leaves something out."""
        return bool(self.bank or self.min_text)

    @property
    def pages(self) -> list[tuple[int, str]]:
        """(number, address) of each page, where there are several."""
        count = -(-self.fitting // MOST_PICKS)
        said = {"run": self.run, "bank": self.bank, "min": self.min_text}
        kept = {name: value for name, value in said.items() if value}
        return [(page, "?" + urlencode(kept | {"page": page})) for page in range(1, count + 1)] if count > 1 else []


def _least(text: str, currency: str) -> tuple[int, bool]:
    try:
        return (money.to_minor(text, currency) if text else 0), False
    except money.MoneyError:
        return 0, True


def _banks(found: Frontier) -> list[tuple[str, str, int]]:
    """The banks that the ledger or a statement names, those of most accounts first."""
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for row in found.rows:
        key = row.flow.bank_key
        names.setdefault(key, row.flow.bank)
        counts[key] = counts.get(key, 0) + 1
    return sorted(((key, name, counts[key]) for key, name in names.items()), key=lambda each: (-each[2], each[1]))
