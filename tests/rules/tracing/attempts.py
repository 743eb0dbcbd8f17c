"""The 185 labelled laundering attempts of the shared data as ledgers, and how much of each a reach trace finds.

`python -m tests.rules.tracing.attempts` prints recall and precision per family.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from accounts.rules.tracing import Params, Seed
from tests.rules.tracing.ledgers import traced
from tests.rules.tracing.memory import Entry, Ledger
from tests.rules.tracing.reference import reachable

FILE = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "laundering" / "attempts_000-184.csv"
WIDE = Params(method="reach", min_amount_minor=0, window_seconds=366 * 86_400, max_hops=50, max_edges=5000)


@dataclass(frozen=True)
class Attempt:
    """One labelled attempt: its payments in the file's order, which decides within one minute."""

    number: int
    family: str
    entries: tuple[Entry, ...]

    @property
    def seeds(self) -> list[Seed]:
        """What the first payment's sender paid from then on."""
        first = min(self.entries, key=lambda entry: (entry.out_at, entry.id))
        return [Seed(entry.id, 0, entry.amount) for entry in self.entries if entry.src == first.src]

    @property
    def sources(self) -> list[Seed]:
        """What was paid by all accounts that nobody in the attempt pays; in a circle by the first sender."""
        paid = {entry.dst for entry in self.entries}
        found = [Seed(entry.id, 0, entry.amount) for entry in self.entries if entry.src not in paid]
        return found or self.seeds


@dataclass
class Score:
    """Payments of one family: labelled, allowed by time, found in the attempt alone, and found in all attempts together."""

    attempts: int = 0
    labelled: int = 0
    allowed: int = 0
    found: int = 0
    among_all: int = 0
    right_among_all: int = 0
    from_sources: int = 0


def read() -> list[Attempt]:
    """The file; raises FileNotFoundError where the folder is absent."""
    nodes: dict[tuple[str, str], int] = {}
    by_attempt: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    with FILE.open(encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), 1):
            src, dst = (
                nodes.setdefault((row[f"{side}_bank"], row[f"{side}_account"]), 1000 + len(nodes))
                for side in ("from", "to")
            )
            at = int(datetime.strptime(row["timestamp"], "%Y/%m/%d %H:%M").replace(tzinfo=UTC).timestamp())
            amount = max(1, int(Decimal(row["amount_paid"]) * 100))
            if src != dst:  # an account's payment to itself is no transfer
                key = int(row["pattern_id"]), row["family"]
                by_attempt[key].append(Entry(number, src, dst, at, at, amount, row["payment_currency"], number, number))
    return [Attempt(*key, tuple(entries)) for key, entries in sorted(by_attempt.items())]


def reach(entries: Iterable[Entry], seeds: list[Seed], params: Params) -> set[int]:
    """The payments that the engine finds; each currency of the seeds is a trace of its own."""
    ledger, found = Ledger(tuple(entries)), set()
    currency = {entry.id: entry.currency for entry in ledger.entries}
    for one in {currency[seed.entry] for seed in seeds}:
        some = [seed for seed in seeds if currency[seed.entry] == one]
        found |= {edge.entry for edge in traced(ledger, some, params).result.edges}
    return found


def scores(attempts: list[Attempt]) -> dict[str, Score]:
    """By family."""
    found: dict[str, Score] = defaultdict(Score)
    everything = tuple({entry.id: entry for attempt in attempts for entry in attempt.entries}.values())
    for attempt in attempts:
        score, own = found[attempt.family], {entry.id for entry in attempt.entries}
        score.attempts += 1
        score.labelled += len(own)
        score.allowed += len(reachable(Ledger(attempt.entries), attempt.seeds, WIDE))
        score.found += len(reach(attempt.entries, attempt.seeds, WIDE))
        among = reach(everything, attempt.seeds, WIDE)
        score.among_all += len(among)
        score.right_among_all += len(among & own)
        score.from_sources += len(reach(attempt.entries, attempt.sources, WIDE))
    return dict(found)


def table(found: dict[str, Score]) -> str:
    """One line for each family."""
    lines = [
        f"{'family':16}{'attempts':>9}{'payments':>9}{'in time':>8}{'found':>7}{'recall':>8}{'of all':>8}{'sources':>9}{'precision':>10}"
    ]
    for family, s in sorted(found.items()):
        lines.append(
            f"{family:16}{s.attempts:>9}{s.labelled:>9}{s.allowed:>8}{s.found:>7}{s.found / s.allowed:>8.3f}{s.found / s.labelled:>8.3f}"
            f"{s.from_sources / s.labelled:>9.3f}{s.right_among_all / s.among_all:>10.3f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(scores(read())))
