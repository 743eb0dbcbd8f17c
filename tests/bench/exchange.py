"""`make bench-exchange`: from the issue of an order to the bank's receipt, beside the machine's own limits; table and JSON.

Exit status 1 where a goal is missed. Options: --quick (small counts, one pair), --json FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.exchange_report import misses, percentiles, table
from tests.bench.exchange_stage import Bench, OneRelay
from tests.bench.exchange_task import QUEUE

RATES = ("1", "20", "50")
PULLING = 10  # of the twenty banks
HANGING_RATE = 30
BUSY, BUSY_SECONDS = 6.0, 240.0
LONGEST = 420.0  # no new pair is begun later than that


@dataclass(frozen=True)
class Sizes:
    """Counts and seconds; everything is bounded."""

    seconds: tuple[int, int, int]  # of each rate
    webhook_stock: int
    pull_stock: int
    pairs: int
    pair_seconds: int
    limits: dict[str, int]


FULL = Sizes((15, 12, 16), 3000, 600, 5, 8, {"posts": 3000, "singles": 300, "tasks": 1000, "trips": 300})
QUICK = Sizes((2, 2, 4), 600, 100, 1, 3, {"posts": 400, "singles": 30, "tasks": 100, "trips": 30})


def main() -> int:
    """Measure, print, compare with the goals."""
    parser = argparse.ArgumentParser(prog="bench-exchange")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    load = [calm(), 0.0]
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="antifraud-bench-", dir="/tmp"))
    folder.chmod(0o755)
    told = None
    try:
        told = measure(folder, QUICK if options.quick else FULL)
    finally:
        if told is None:
            print(f"bench-exchange: the logs are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    load[1] = os.getloadavg()[0]
    told = {"cores": os.cpu_count(), "load": load, "seconds": time.monotonic() - began, **told}
    told["misses"] = misses(told)
    print(table(told))
    for sentence in told["misses"]:
        print(f"goal missed: {sentence}")
    if options.json:
        Path(options.json).write_text(json.dumps(told, indent=2), encoding="utf-8")
    return 1 if told["misses"] else 0


def calm() -> float:
    """Wait, but not for ever, until the machine is not too busy with others; its load average."""
    end = time.monotonic() + BUSY_SECONDS
    while os.getloadavg()[0] > BUSY and time.monotonic() < end:
        time.sleep(5)
    load = os.getloadavg()[0]
    if load > BUSY:
        say(f"the load average is {load:.1f}: the figures are those of a busy machine")
    return load


def measure(folder: Path, sizes: Sizes) -> dict[str, Any]:
    """One platform for everything: the limits, the webhooks, the pull door, at last the hanging bank."""
    began = time.monotonic()
    with OneRelay(folder) as platform:
        say("platform, banks, templates")
        bench = Bench(platform)
        told: dict[str, Any] = {"limits": limits(bench, sizes), "latency": {}, "drain": {}}
        bench.turn(bench.codes, "webhook")
        told["latency"]["webhook"] = latencies(bench, sizes, bench.codes, "webhook")
        told["drain"]["webhook"] = drain(bench, sizes.webhook_stock, bench.codes, "webhook")
        codes = bench.codes[:PULLING]
        with bench.pulling(codes):
            told["latency"]["pull"] = latencies(bench, sizes, codes, "pull")
            told["drain"]["pull"] = drain(bench, sizes.pull_stock, codes, "pull")
        bench.turn(codes, "webhook")
        told["hanging"] = hanging(bench, sizes, until=began + LONGEST)
        return told


def limits(bench: Bench, sizes: Sizes) -> dict[str, Any]:
    """Bare posts and empty tasks, before anything else happens; the tasks on a worker like the platform's."""
    say("limits")
    words = [word for word in bench.platform.words["worker0"] if not word.startswith("worker0@")]
    extra = ["empty@%h", "--queues", QUEUE, "--include", "tests.bench.exchange_task"]
    bench.platform.start("empty", *words, *extra)
    try:
        found: dict[str, Any] = json.loads(
            bench.platform.output("tests.bench.exchange_limits", {"ports": list(bench.ports.values()), **sizes.limits})
        )
    finally:
        bench.platform.down("empty")
    return found


def latencies(bench: Bench, sizes: Sizes, codes: list[str], door: str) -> dict[str, Any]:
    """Each rate after the other, after a warm-up that is not counted."""
    bench.issue(bench.stock(2 * len(codes), codes), 20)
    found = {}
    for rate, seconds in zip(RATES, sizes.seconds, strict=True):
        found[rate] = bench.issue(bench.stock(int(rate) * seconds, codes), float(rate))
        say(f"{door} at {rate}/s: p50 {found[rate]['p50']:.0f} ms, p99 {found[rate]['p99']:.0f} ms")
        del found[rate]["by_bank"]
    return found


def drain(bench: Bench, count: int, codes: list[str], door: str) -> dict[str, Any]:
    """A stock that waited in paused lanes."""
    found = bench.drain(count, codes, door)
    say(f"{door}: {found['per_second']:.0f} complete deliveries a second")
    return found


def hanging(bench: Bench, sizes: Sizes, *, until: float) -> dict[str, Any]:
    """Interleaved pairs of the other banks' p99: all are well, the last one hangs. No new pair after `until`."""
    dead, count = bench.codes[-1], HANGING_RATE * sizes.pair_seconds
    pairs: list[list[float]] = []
    lost = 0
    for number in range(sizes.pairs):
        if pairs and time.monotonic() > until:
            say("no time is left for further pairs")
            break
        halves = []
        for mode in ("ok", "hang"):
            orders = bench.stock(count, bench.codes)
            bench.mode(dead, mode)
            told = bench.issue(orders, HANGING_RATE, silent=dead if mode == "hang" else "")
            well = [wait for code, waits in told["by_bank"].items() if code != dead for wait in waits]
            halves.append(percentiles(well)["p99"])
            lost += told["lost"]
        bench.mode(dead, "ok")
        pairs.append(halves)
        say(f"pair {number + 1}: {halves[0]:.0f} ms quiet, {halves[1]:.0f} ms with a hanging bank")
    return {"rate": HANGING_RATE, "pairs": pairs, "lost": lost}


def say(text: str) -> None:
    """Progress, apart from the report."""
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
