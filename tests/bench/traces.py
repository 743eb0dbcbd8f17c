"""`make bench-trace`: traces on generated ledgers of 1 and 10 million transfers, beside the engines one would take instead.

Options: --quick (1 million only), --size N, --own, --traces N, --json FILE. Exit status 1 where a goal is missed (goals: performance.md §10, at 10 million).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from antifraud import embedded
from tests.bench.traces_report import misses, spread, table
from tests.journey.processes import ROOT

SIZES = (1_000_000, 10_000_000)
WINDOW, HOPS, EDGES = 72 * 3600, 10, 500
NETWORKX_MOST = 1_000_000
FEW = {"networkx": 30, "rustworkx": 60, "duckdb": 15, "plain recursive SQL": 60}
OWN_SECONDS, RIVAL_SECONDS = 60.0, 30.0  # for one engine's traces; what is left out then is not in its figures


def main() -> int:
    """Measure, print, compare with the goals."""
    parser = argparse.ArgumentParser(prog="bench-trace")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--size", type=int, default=0, help="one size of one's own")
    parser.add_argument(
        "--own", action="store_true", help="only recursive SQL beside the platform's own engines and the limit"
    )
    parser.add_argument("--traces", type=int, default=200)
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    wanted = [options.size] if options.size else SIZES[: 1 if options.quick else None]
    load = [os.getloadavg()[0], 0.0]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="antifraud-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        servers = embedded.ensure(folder / "servers", durable=False)
        try:
            _prepare(servers, folder)
            sizes = {str(size): measure(size, servers, options.traces, only_own=options.own) for size in wanted}
        finally:
            servers.stop()
    load[1] = os.getloadavg()[0]
    told: dict[str, Any] = {"cores": os.cpu_count(), "load": load, "seconds": time.monotonic() - began, "sizes": sizes}
    told["misses"] = misses(told)
    print(table(told))
    for sentence in told["misses"]:
        print(f"goal missed: {sentence}")
    if options.json:
        Path(options.json).write_text(json.dumps(told, indent=2), encoding="utf-8")
    return 1 if told["misses"] else 0


def _prepare(servers: embedded.Servers, folder: Path) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "antifraud.settings.test", "SECRET_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": servers.app_url, "REDIS_URL": servers.redis_url, "ANTIFRAUD_DATA": str(folder),
        "ANTIFRAUD_KEY_FILE": str(folder / "keys.json"), "ANTIFRAUD_STATEMENT_TIMEOUT_MS": "120000",
    }  # fmt: skip
    owner = {**os.environ, "DATABASE_URL": servers.owner_url}
    subprocess.run([sys.executable, "-m", "tests.prepare"], cwd=ROOT, env=owner, check=True, stdout=subprocess.DEVNULL)
    import django

    django.setup()


def measure(size: int, servers: embedded.Servers, count: int, *, only_own: bool = False) -> dict[str, Any]:
    """One size: the platform's engines cold, then warm; after them the others."""
    from tests.bench import traces_graph, traces_load, traces_own, traces_rivals

    say(f"{size:,} transfers: graph")
    made, case_id = traces_graph.graph(size), uuid4()
    say(f"{size:,} transfers: COPY")
    admin = servers.admin_url.rsplit("/", 1)[0] + "/antifraud"
    told: dict[str, Any] = {"load": traces_load.load(admin, made, case_id), "engines": {}}
    chosen = traces_rivals.tasks(made, WINDOW, HOPS)
    chosen = chosen[:: max(1, len(chosen) // count)][:count]
    say(f"{size:,} transfers: cold and warm traces")
    walk, told["engines"] = _limits(made, chosen, told["engines"])
    own = traces_own.Own(case_id, EDGES)
    for name, act in own.engines().items():
        own.restart(servers)
        cold = [timed(act, task)[0] for task in chosen[:40]]
        told["engines"][name] = _figure(name, act, chosen, walk, OWN_SECONDS, own.worked) | {"cold": spread(cold)}
    told["trip"], told["server_mb"] = spread(own.trips(300)), traces_load.server_memory(own.server_pid(servers))
    own.close()
    del own
    for name, build in _others(size, admin, only_own).items():
        say(f"{size:,} transfers: {name}")
        engine, cost = _built(build, made)
        told["engines"][name] = _figure("reach", engine.reach, chosen[: FEW[name]], walk, RIVAL_SECONDS) | cost
        del engine
    return told


def _built(build: Callable[[Any], Any], made: Any) -> tuple[Any, dict[str, float]]:
    """An engine with seconds and megabytes of its making, in which the collector of garbage would only look for some."""
    gc.collect()
    gc.disable()
    before, began = memory(), time.perf_counter()
    engine = build(made)
    cost = {"load_seconds": time.perf_counter() - began, "mb": memory() - before}
    gc.freeze()  # as the platform's processes do at their start: a sweep through all that is loaded is no trace's work
    gc.enable()
    return engine, cost


def _limits(made: Any, chosen: list[Any], engines: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    from tests.bench.traces_rivals import Walk

    walk, cost = _built(Walk, made)
    engines["limit: walk, fifo"] = _figure("fifo", walk.fifo, chosen, None, OWN_SECONDS) | cost
    engines["limit: walk, reach"] = _figure("reach", walk.reach, chosen, None, OWN_SECONDS) | cost
    return walk, engines


def _others(size: int, url: str, only_own: bool) -> dict[str, Callable[[Any], Any]]:
    from tests.bench import traces_rivals as rivals

    found: dict[str, Callable[[Any], Any]] = {"plain recursive SQL": lambda _made: rivals.Plain(url)}
    if only_own:
        return found
    if size <= NETWORKX_MOST:
        found["networkx"] = rivals.Networkx
    return {**found, "rustworkx": rivals.Rustworkx, "duckdb": rivals.Duckdb}


def _figure(
    name: str, act: Callable[[Any], Any], chosen: list[Any], walk: Any, most: float,
    worked: Callable[[], float] = time.thread_time,
) -> dict[str, Any]:  # fmt: skip
    """Warm times (each trace has run once before), edges, how many were given up and how many differ from the walk's."""
    from tests.bench.traces_rivals import LONGEST, TooLongError

    work = "fifo" if name.startswith("fifo") else "reach" if name == "reach" else "pooled"
    compared = walk is not None and name in {"fifo", "reach"}
    times: dict[int, float] = {}
    sizes, computed, wrong, late, end = [], [], 0, 0, time.monotonic() + most
    for task in chosen:
        if time.monotonic() > end:
            break
        try:
            act(task)
            before = worked()
            times[task.entry], found = timed(act, task)
            computed.append(worked() - before)
        except TooLongError:
            times[task.entry], late = LONGEST, late + 1
            continue
        sizes.append(len(found) / 1000)
        if compared and len(found) < EDGES - 1:
            wrong += found != (walk.fifo(task) if work == "fifo" else walk.reach(task))
    told = {
        "work": work, "warm": spread(list(times.values())), "edges": spread(sizes), "late": late, "times": times,
        "computed": spread(computed),
    }  # fmt: skip
    return told if not compared else told | {"wrong": wrong}


def timed(act: Callable[[Any], Any], task: Any) -> tuple[float, Any]:
    """Seconds and what was found."""
    began = time.perf_counter()
    found = act(task)
    return time.perf_counter() - began, found


def memory() -> float:
    """Megabytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def say(text: str) -> None:
    """Progress, apart from the report."""
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
