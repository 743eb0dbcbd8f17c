"""Figures of the exchange as a table, and which goals they miss; what is measured, and how, is in `exchange`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

DOORS = ("webhook", "pull")
TOP_RATE = "50"
P50_MS, P99_MS = 100.0, 1000.0
DELIVERIES = 300.0
TIMES, PLUS_MS = 1.1, 20.0
PACE = 0.95  # below it the load generator did not keep the rate, and the figure is of another rate


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 (nearest rank) and the longest, in milliseconds; zeros for nothing."""
    ranked = sorted(value * 1000 for value in seconds) or [0.0]
    return {"p50": statistics.median(ranked), "p99": ranked[-(-99 * len(ranked) // 100) - 1], "max": ranked[-1]}


def beyond(pairs: Sequence[Sequence[float]]) -> float:
    """By how many milliseconds the median pair (quiet p99, p99 with a hanging bank) is beyond its goal; negative is good."""
    return statistics.median(bad - (TIMES * good + PLUS_MS) for good, bad in pairs)


def misses(told: dict[str, Any]) -> list[str]:
    """A sentence for each goal that was not reached, and for each figure that is none."""
    found = []
    for door in DOORS:
        for rate, row in told["latency"][door].items():
            found += [f"{door} at {rate}/s: {row['lost']} orders did not arrive"] if row["lost"] else []
            if row["reached"] < PACE * float(rate):
                found.append(f"{door} at {rate}/s: only {row['reached']:.1f}/s were issued")
        row = told["latency"][door][TOP_RATE]
        for name, goal in (("p50", P50_MS), ("p99", P99_MS)):
            if row[name] > goal:
                found.append(f"{door} at {TOP_RATE}/s: {name} {row[name]:.0f} ms, goal {goal:.0f} ms")
        if told["drain"][door]["left"]:
            found.append(f"{door}: {told['drain'][door]['left']} of the stock were not delivered")
    best = told["drain"]["webhook"]["per_second"]
    if best < DELIVERIES:
        found.append(f"webhook: {best:.0f} complete deliveries/s, goal {DELIVERIES:.0f}")
    if told["hanging"]["lost"]:
        found.append(f"one bank hangs: {told['hanging']['lost']} orders of the others did not arrive")
    excess = beyond(told["hanging"]["pairs"])
    if excess > 0:
        found.append(
            f"one bank hangs: the median pair is {excess:.0f} ms beyond {TIMES} times the quiet p99 plus {PLUS_MS:.0f} ms"
        )
    return found


def table(told: dict[str, Any]) -> str:
    """Everything that was measured, on one screen."""
    return "\n".join([*_head(told), "", *_latency(told), "", *_sustained(told), "", *_hanging(told), "", *_costs(told)])


def _head(told: dict[str, Any]) -> list[str]:
    load = " -> ".join(f"{value:.1f}" for value in told["load"])
    return [
        f"exchange: {told['cores']} cores, load average {load}, {told['seconds']:.0f} s; read ratios, others use the machine too",
        "issued by the service in one process, six at a time, at set times (open loop); the clock runs from the commit to the",
        "bank's receipt. Approval pages are measured in bench-pages. Webhooks: 20 banks, plain HTTP on this machine, default",
        "caps and rates. Pull: 10 banks, long polls, each delivery acknowledged. Durable PostgreSQL, real orders.",
    ]  # fmt: skip


def _latency(told: dict[str, Any]) -> list[str]:
    lines = [f"{'issue -> receipt, ms':22}" + "".join(f"{door:>9} p50      p99      max  reached/s" for door in DOORS)]
    for rate in told["latency"]["webhook"]:
        rows = [told["latency"][door][rate] for door in DOORS]
        cells = "".join(f"{r['p50']:>13.0f}{r['p99']:>9.0f}{r['max']:>9.0f}{r['reached']:>11.1f}" for r in rows)
        lines.append(f"{rate + '/s':22}{cells}")
    lines.append(f"goal at {TOP_RATE}/s{'':>9}{P50_MS:>17.0f}{P99_MS:>9.0f}")
    return lines


def _sustained(told: dict[str, Any]) -> list[str]:
    limits, drain = told["limits"], told["drain"]
    bare = limits["posts"]["per_second"]
    lines = [f"{'sustained':46}{'per second':>12}{'of bare posts':>15}"]
    for door in DOORS:
        row = drain[door]
        what = f"complete deliveries, {door} ({row['count']} orders)"
        lines.append(f"{what:46}{row['per_second']:>12.0f}{row['per_second'] / bare:>14.2f}x")
    lines.append(f"{'limit: bare posts, 80 side by side':46}{bare:>12.0f}{1:>14.2f}x")
    post, trip = limits["post"], limits["trip"]
    single = f"limit: bare post, one by one ({post['p50']:.1f} / {post['p99']:.1f} ms)"
    lines.append(f"{single:46}{1000 / post['p50']:>12.0f}")
    empty = f"limit: empty Celery task ({trip['p50']:.1f} / {trip['p99']:.1f} ms)"
    lines.append(f"{empty:46}{limits['tasks_per_second']:>12.0f}")
    lines.append("(brackets: p50 / p99 of one round trip; a second's tasks are those of a flood)")
    return lines


def _hanging(told: dict[str, Any]) -> list[str]:
    pairs = told["hanging"]["pairs"]
    shown = ", ".join(f"{good:.0f}/{bad:.0f}" for good, bad in pairs)
    ratio = statistics.median(bad / good for good, bad in pairs) if all(good for good, _bad in pairs) else 0.0
    return [
        f"one of 20 banks hangs, {told['hanging']['rate']}/s: p99 of the other 19, quiet/hanging ms: {shown}",
        f"median ratio {ratio:.2f}; the median pair is {beyond(pairs):+.0f} ms against {TIMES} times plus {PLUS_MS:.0f} ms (goal: at most 0)",
    ]


def _costs(told: dict[str, Any]) -> list[str]:
    lines = [
        f"{'CPU ms per order':26}{'platform':>10}{'servers':>10}{'producer':>10}{'fake bank':>10}{'others: cores':>15}"
    ]
    rows = [
        (f"{rate}/s {door}", told["latency"][door][rate]["cpu"]) for door in DOORS for rate in told["latency"][door]
    ]
    rows += [(f"drain {door}", told["drain"][door]["cpu"]) for door in DOORS]
    for name, cpu in rows:
        cells = "".join(f"{cpu[part]:>10.1f}" for part in ("platform", "servers", "producer", "bank"))
        lines.append(f"{name:26}{cells}{cpu['others']:>15.2f}")
    lines.append(
        "(platform: web, worker, relay, scheduler; servers: PostgreSQL and Valkey, the producer's statements among them)"
    )
    return lines
