"""`make bench-import`: a statement file from the upload to the ledger, beside raw COPY and Django's bulk_create; table and JSON.

Each figure comes from a process of its own, so that peak memory is its own. Exit status 1 where a goal is missed.
Options: --quick (a twentieth of the rows), --json FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from antifraud import embedded
from tests.bench.imports_files import write_csv, write_xlsx
from tests.bench.imports_report import misses, table

ROOT = Path(__file__).resolve().parents[2]
ROWS, XLSX_ROWS, ORM_ROWS = 1_000_000, 100_000, 100_000
QUICK = 20
PATIENCE = 1800


def main() -> int:
    """Measure, print, compare with the goals."""
    parser = argparse.ArgumentParser(prog="bench-import")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    load, began = [os.getloadavg()[0]], time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="antifraud-bench-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        told = measure(folder, QUICK if options.quick else 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    load.append(os.getloadavg()[0])
    told |= {"cores": os.cpu_count(), "load": load, "seconds": time.monotonic() - began, "quick": options.quick}
    told["misses"] = misses(told)
    print(table(told))
    for sentence in told["misses"]:
        print(f"goal missed: {sentence}")
    if options.json:
        Path(options.json).write_text(json.dumps(told, indent=2), encoding="utf-8")
    return 1 if told["misses"] else 0


def measure(folder: Path, part: int) -> dict[str, Any]:
    """Servers and files, then one step after the other on one database."""
    servers = embedded.ensure(folder / "servers", durable=True)
    try:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "antifraud.settings.test", "SECRET_KEY": "bench-only-" + "x" * 50,
            "DATABASE_URL": servers.app_url, "REDIS_URL": servers.redis_url, "ANTIFRAUD_DATA": str(folder / "data"),
            "ANTIFRAUD_KEY_FILE": str(folder / "data" / "keys.json"),
        }  # fmt: skip
        (folder / "data").mkdir()
        run(environment | {"DATABASE_URL": servers.owner_url}, "tests.prepare", "--cast")
        return steps(environment, folder, part)
    finally:
        servers.stop()


def steps(environment: dict[str, str], folder: Path, part: int) -> dict[str, Any]:
    """What is measured, in the order in which it has to happen."""
    first, again, book = folder / "first.csv", folder / "again.csv", folder / "book.xlsx"
    rows = ROWS // part
    say(f"files of {rows:,} rows")
    write_csv(first, rows)
    write_csv(again, rows, more=1)
    write_xlsx(book, XLSX_ROWS // part)
    told: dict[str, Any] = {"rows": rows, "bytes": first.stat().st_size}
    plan: list[tuple[str, str, dict[str, Any]]] = [
        ("copy", "copy", {"path": str(first)}),
        ("read", "read", {"path": str(first), "case": "csv"}),
        ("commit", "commit", {"case": "csv"}),
        ("again", "read", {"path": str(again), "case": "csv"}),
        ("bulk_create", "bulk_create", {"path": str(first), "rows": ORM_ROWS // part}),
        ("xlsx", "read", {"path": str(book), "case": "xlsx"}),
        ("xlsx_cells", "xlsx_cells", {"path": str(book)}),
        ("openpyxl", "openpyxl", {"path": str(book)}),
    ]
    for name, what, wanted in plan:
        told[name] = json.loads(run(environment, "tests.bench.imports_work", json.dumps({"what": what, **wanted})))
        say(f"{name}: {told[name]['rows'] / told[name]['seconds']:,.0f} rows/s")
    return told


def run(environment: dict[str, str], module: str, *words: str) -> str:
    """A module of the tests to its end; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr[-4000:]}")
    return done.stdout


def say(text: str) -> None:
    """Progress, apart from the report."""
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
