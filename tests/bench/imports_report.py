"""Figures of the import as a table, and which goals of performance.md §10 they miss."""

from __future__ import annotations

from typing import Any

PER_CORE, WITH_DEDUPE = 110_000, 60_000
TIMES_ORM, PART_OF_COPY, TIMES_OPENPYXL = 9.0, 0.25, 10.0
TITLES = {
    "copy": "limit: raw COPY of rows packed beforehand",
    "read": "read: CSV to staged rows, before dedupe",
    "dedupe": "read: CSV to preview, every row new",
    "again": "read: CSV to preview, every row known but one",
    "commit": "commit: staged rows to the ledger with its sums",
    "bulk_create": "rival: csv.DictReader and bulk_create",
    "xlsx": "read: XLSX to preview",
    "xlsx_cells": "read: XLSX, cells alone",
    "openpyxl": "rival: openpyxl read-only, cells alone",
}


def figures(told: dict[str, Any]) -> dict[str, dict[str, float]]:
    """rows, seconds, rows a second, rows for a second of a core of ours, peak MB of both processes; by row of the table."""
    found = {}
    for name in TITLES:
        row = told["read" if name == "dedupe" else name]
        seconds = row["stages"].get("reading", row["seconds"]) if name == "read" else row["seconds"]
        cpu = row["cpu"] + row["child_cpu"]
        found[name] = {
            "rows": row["rows"], "seconds": seconds, "per_second": row["rows"] / seconds,
            "per_core": row["rows"] / cpu if cpu else 0.0, "peak_mb": row["peak_mb"], "child_peak_mb": row["child_peak_mb"],
        }  # fmt: skip
    return found


def misses(told: dict[str, Any]) -> list[str]:
    """A sentence for each goal that was not reached; a quick run has none."""
    if told["quick"]:
        return []
    rows = figures(told)
    limit, orm = rows["copy"]["per_second"], rows["bulk_create"]["per_second"]
    checks: list[tuple[float, float, str]] = [
        (rows["read"]["per_core"], PER_CORE, "rows for a second of a core before dedupe"),
        (rows["dedupe"]["per_second"], WITH_DEDUPE, "rows/s with dedupe, every row new"),
        (rows["again"]["per_second"], WITH_DEDUPE, "rows/s with dedupe, every row known"),
        (rows["dedupe"]["per_second"] / orm, TIMES_ORM, "times bulk_create, with dedupe"),
        (rows["read"]["per_second"] / limit, PART_OF_COPY, "of raw COPY before dedupe"),
        (
            rows["xlsx_cells"]["per_core"] / rows["openpyxl"]["per_core"], TIMES_OPENPYXL,
            "times openpyxl on CPU time, cells alone",
        ),
    ]  # fmt: skip
    return [f"{value:,.2f} {what}, goal {goal:,.2f}" for value, goal, what in checks if value < goal]


def table(told: dict[str, Any]) -> str:
    """Everything that was measured, on one screen."""
    rows = figures(told)
    load = " -> ".join(f"{value:.1f}" for value in told["load"])
    limit, orm = rows["copy"]["per_second"], rows["bulk_create"]["per_second"]
    lines = [
        f"import: {told['cores']} cores, load average {load}, {told['seconds']:.0f} s; read ratios, others use the machine too",
        f"CSV {told['rows']:,} rows, {told['bytes'] / 2**20:.0f} MB, a quarter as many accounts; durable PostgreSQL; a process for each row below.",
        "rows/core-s: CPU of the importing process and its confined parser. Peak: importing process + parser (the clear file is",
        "held in memory beside them, as large as the file).",
        "",
        f"{'':50}{'rows':>10}{'s':>8}{'rows/s':>10}{'rows/core-s':>13}{'x orm':>7}{'of COPY':>9}{'peak MB':>14}",
    ]
    for name, title in TITLES.items():
        row = rows[name]
        peak = f"{row['peak_mb']:.0f} + {row['child_peak_mb']:.0f}" if row["child_peak_mb"] else f"{row['peak_mb']:.0f}"
        lines.append(
            f"{title:50}{row['rows']:>10,.0f}{row['seconds']:>8.1f}{row['per_second']:>10,.0f}{row['per_core']:>13,.0f}"
            f"{row['per_second'] / orm:>7.1f}{row['per_second'] / limit:>9.2f}{peak:>14}"
        )
    times = {name: rows[name]["per_core"] / rows["openpyxl"]["per_core"] for name in ("xlsx_cells", "xlsx")}
    lines.append(
        f"XLSX beside openpyxl's cells on CPU time: cells alone {times['xlsx_cells']:.1f} times, up to the preview {times['xlsx']:.1f} times"
    )
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in told["commit"]["stages"].items())
    return "\n".join([*lines, f"commit by stage: {stages}"])
