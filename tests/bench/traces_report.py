"""Figures of the traces as a table, and which goals they miss; what is measured, and how, is in `traces`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

# name of the figure -> p50 and p99 in milliseconds at the largest size (performance.md §10)
GOALS = {"fifo statement": (0.3, 1.0), "pro_rata": (1.5, 5.0), "libr": (1.5, 5.0)}
GOAL_SIZE = 10_000_000


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 (nearest rank) and the longest, in milliseconds."""
    ranked = sorted(value * 1000 for value in seconds) or [0.0]
    rank = {name: ranked[-(-share * len(ranked) // 100) - 1] for name, share in (("p95", 95), ("p99", 99))}
    return {"p50": statistics.median(ranked), **rank, "max": ranked[-1], "count": len(ranked)}


def misses(told: dict[str, Any]) -> list[str]:
    """A sentence for each goal that was not reached, and for each engine that found something else."""
    found = []
    for size, run in told["sizes"].items():
        for name, figure in run["engines"].items():
            if figure.get("wrong"):
                found.append(
                    f"{int(size):,} transfers, {name}: {figure['wrong']} traces differ from the walk over arrays"
                )
    largest = max(told["sizes"], key=int)
    for name, goals in GOALS.items():
        figure = told["sizes"][largest]["engines"][name]["warm"]
        for word, goal in zip(("p50", "p99"), goals, strict=True):
            if figure[word] > goal:
                found.append(f"{name} at {int(largest):,}: {word} {figure[word]:.2f} ms, goal {goal} ms")
    return found


def table(told: dict[str, Any]) -> str:
    """Everything that was measured."""
    load = " -> ".join(f"{value:.1f}" for value in told["load"])
    lines = [
        f"traces: {told['cores']} cores, load average {load}, {told['seconds']:.0f} s; read ratios, others use the machine too",
        "one connection, one trace after the other; window 72 h, 10 hops, least part 1 of 100 of what was stolen, 500 edges.",
        "cold: the server restarted and its files' pages dropped as far as the kernel allows; each trace is the first to touch its rows.",
        "limit: a walk over numpy's arrays in this process. Memory: what the engine's own data take.",
    ]
    for size, run in told["sizes"].items():
        lines += ["", *_size(int(size), run)]
    return "\n".join(lines)


def _size(size: int, run: dict[str, Any]) -> list[str]:
    load = run["load"]
    figures = (
        f"COPY {size / load['copy_seconds']:,.0f} rows/s, indexes {load['index_seconds']:.0f} s, table {load['table_mb']:,.0f} MB, "
        f"indexes {load['index_mb']:,.0f} MB; server with its caches {run['server_mb']:,.0f} MB; `select 1` {run['trip']['p50']:.3f} ms"
    )
    heads = f"{'engine':30}{'traces':>7}{'p50 ms':>9}{'p95':>9}{'p99':>9}{'max':>10}{'x limit':>9}{'edges p50/p95':>15}"
    lines = [f"{size:,} transfers: {figures}", f"{heads}{'load s':>8}{'MB':>8}{'differ':>8}"]
    for name, figure in run["engines"].items():
        states = [state for state in ("warm", "cold") if state in figure]
        lines += [_line(f"{name}, cold" if state == "cold" else name, figure, figure[state], run) for state in states]
    return [*lines, *_ratios(run)]


def _ratios(run: dict[str, Any]) -> list[str]:
    """How often the platform's time goes into the others', by medians over the traces that both have run."""
    engines, found = run["engines"], []
    own = engines["reach"]["times"]
    for name, figure in engines.items():
        both = [entry for entry in figure["times"] if entry in own]
        if figure["work"] == "reach" and name != "reach" and both:
            theirs, ours = (statistics.median(times[entry] for entry in both) for times in (figure["times"], own))
            slowest = max(figure["times"][entry] for entry in both) / max(own[entry] for entry in both)
            found.append(f"{name} {theirs / ours:.2f} (slowest {slowest:.2f})")
    statement, trip = engines["fifo statement"]["warm"]["p50"], run["trip"]["p50"]
    walk = engines["limit: walk, fifo"]["warm"]["p50"]
    late = {name: figure["late"] for name, figure in engines.items() if figure["late"]}
    computed = ", ".join(
        f"{name} {figure['computed']['p50']:.2f}/{figure['computed']['p99']:.2f}"
        for name, figure in engines.items()
        if "cold" in figure
    )
    given_up = ", ".join(f"{name} {count}" for name, count in late.items()) or "none"
    return [
        f"computed by both sides, p50/p99 ms (no waiting for others): {computed}",
        f"reach, p50 of others as a multiple of the platform's on the same traces: {', '.join(found)}",
        f"fifo statement as a multiple of `select 1`: {statement / trip:.1f}, of the walk over arrays: {statement / walk:.1f}",
        f"traces given up as too long: {given_up}",
    ]


def _line(name: str, figure: dict[str, Any], times: dict[str, float], run: dict[str, Any]) -> str:
    limit = run["engines"]["limit: walk, fifo" if figure["work"] == "fifo" else "limit: walk, reach"]["warm"]["p50"]
    edges = f"{figure['edges']['p50']:.0f}/{figure['edges']['p95']:.0f}"
    cells = "".join(f"{times[word]:>9.3f}" for word in ("p50", "p95", "p99"))
    made = f"{figure['load_seconds']:>8.1f}{figure['mb']:>8.0f}" if "mb" in figure else f"{'-':>8}{'-':>8}"
    differ = f"{figure['wrong']}" if "wrong" in figure else "-"
    return f"{name:30}{times['count']:>7}{cells}{times['max']:>10.2f}{times['p50'] / limit:>8.1f}x{edges:>15}{made}{differ:>8}"
