"""Feeds every statement parser with changed files.

    python -m tests.bench.fuzz_statements [inputs per parser] [seconds] [parsers, by commas] [number of the first input]

Runs at most the given seconds (shared among the parsers), under a limit of memory, and prints what came of the inputs.
An exception other than a refusal, more than 2 s for one input, or a broken batch ends it with the seed to repeat it.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter

from tests.rules.statements.mutating import inputs, outcome

KINDS = ("csv", "xlsx", "mt", "camt", "ofx")
MEMORY = 1 << 30
BLOCK = 500


def run(kind: str, count: int, first: int, until: float) -> Counter[str]:
    """Outcomes of up to `count` inputs of one kind from number `first` on."""
    found: Counter[str] = Counter()
    for block in range(first, first + count, BLOCK):
        for number, content in enumerate(inputs(kind, min(BLOCK, first + count - block), seed=block)):
            try:
                found[outcome(content)] += 1
            except Exception:
                print(f"FAILED {kind} seed={block} input={number}")
                raise
        if time.monotonic() > until:
            break
    return found


def main(count: int = 100_000, seconds: float = 3600.0, kinds: str = ",".join(KINDS), first: int = 0) -> None:
    """The parsers one after the other; each may take its share of the time."""
    chosen = kinds.split(",")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    started = time.monotonic()
    for at, kind in enumerate(chosen, start=1):
        found = run(kind, count, first, started + seconds * at / len(chosen))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{kind}: {found.total():,} inputs, {found['read']:,} read, peak {peak} MB, {time.monotonic() - started:.0f} s"
        )
        print(
            "   " + ", ".join(f"{code} {number:,}" for code, number in found.most_common() if code != "read"),
            flush=True,
        )


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        int(given[0]) if given else 100_000,
        float(given[1]) if len(given) > 1 else 3600.0,
        given[2] if len(given) > 2 else ",".join(KINDS),
        int(given[3]) if len(given) > 3 else 0,
    )
