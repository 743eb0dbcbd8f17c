"""`make bench-pages`: pages over HTTP on the production server, at 20,000 and 200,000 cases; table and JSON.

The rival figures are those of the closest open systems, measured on this size of machine with 20,000 cases
(peers.md): FIR lists in 322 ms with 259 statements, details in 58 ms and creates in 55 ms.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from antifraud import embedded
from tests.journey.processes import ROOT, Processes

RIVAL = {"case list, analyst": 322.0, "case detail, allowed": 58.0, "file a case": 55.0}
WARM, ROUNDS = 10, 5


def main() -> int:
    """Each size on a platform of its own, all of them up at once; exit status 1 where a goal is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="20000,200000")
    parser.add_argument("--json", default="")
    parser.add_argument("--one", type=int, default=0)
    options = parser.parse_args()
    if options.one:
        serve_one(options.one)
        return 0
    runs = measure([int(word) for word in options.sizes.split(",")])
    print(table(runs), flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(runs, indent=2), encoding="utf-8")
    return 0 if goals(runs) else 1


def measure(sizes: list[int]) -> dict[int, dict[str, Any]]:
    """Rounds of the sizes in turn, since the same machine may be twice as slow a minute later: only neighbours compare.

    Of each page's rounds the quietest is told: a neighbour on the machine slows a round, nothing speeds one up.
    """
    with ExitStack() as stack:
        children = {size: stack.enter_context(Child(size)) for size in sizes}
        names = {size: child.answer()["pages"] for size, child in children.items()}[sizes[0]]
        runs: dict[int, dict[str, Any]] = {size: {"cases": size, "pages": {}} for size in sizes}
        for page in names:
            rounds: dict[int, list[list[float]]] = {size: [] for size in sizes}
            for _ in range(ROUNDS):
                for size, child in children.items():
                    rounds[size].append(child.ask({"page": page})["taken"])
            for size, child in children.items():
                best = min(rounds[size], key=statistics.median)
                told = {"p50": statistics.median(best), "p95": best[int(len(best) * 0.95) - 1]}
                runs[size]["pages"][page] = told | child.ask({"page": page, "count": True})
        return runs


class Child:
    """One size in a process of its own: a question a line, an answer a line."""

    def __init__(self, size: int) -> None:
        self._words = [sys.executable, "-m", "tests.bench.pages", "--one", str(size)]

    def __enter__(self) -> Child:
        self._process = subprocess.Popen(
            self._words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        stdin = self._process.stdin
        if stdin is None:
            raise RuntimeError("no pipe")
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line of JSON; the platform's own lines are passed by."""
        for line in self._process.stdout or ():
            if line.startswith('{"answer"'):
                found: dict[str, Any] = json.loads(line)["answer"]
                return found
        raise RuntimeError("the child has ended")


def table(runs: dict[int, dict[str, Any]]) -> str:
    """One line for each page: p50, p95, statements at each size, ratio between sizes, rival."""
    sizes = list(runs)
    lines = [
        f"{'page':34}" + "".join(f"{size:>10} p50 ms   p95 ms  stmts" for size in sizes) + "   growth   rival/ours"
    ]
    for page in runs[sizes[0]]["pages"]:
        found = [runs[size]["pages"][page] for size in sizes]
        cells = "".join(f"{f['p50']:>17.1f}{f['p95']:>9.1f}{f['statements'] or '-':>7}" for f in found)
        growth = runs[sizes[-1]]["pages"][page]["p50"] / runs[sizes[0]]["pages"][page]["p50"]
        rival = f"{RIVAL[page] / runs[sizes[0]]['pages'][page]['p50']:.1f}x" if page in RIVAL else "-"
        lines.append(f"{page:34}{cells}{growth:>8.2f}x{rival:>13}")
    return "\n".join(lines)


def goals(runs: dict[int, dict[str, Any]]) -> bool:
    """List five times faster than the rival, detail ahead of it, no page above 1.5 times at ten times the cases."""
    first, last = runs[min(runs)]["pages"], runs[max(runs)]["pages"]
    good = bool(first["case list, analyst"]["p50"] * 5 <= RIVAL["case list, analyst"])
    good = good and bool(first["case detail, allowed"]["p50"] <= RIVAL["case detail, allowed"])
    grown = {page: last[page]["p50"] / first[page]["p50"] for page in first}
    for page, ratio in grown.items():
        if ratio > 1.5:
            print(f"goal missed: {page} grew {ratio:.2f} times")
            good = False
    return good


def serve_one(size: int) -> None:
    """Seed one database and answer for it until the input ends; needs nothing but the embedded servers."""
    with tempfile.TemporaryDirectory(prefix="antifraud-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        servers = embedded.ensure(folder / "servers", durable=False)
        try:
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "antifraud.settings.test", "SECRET_KEY": secrets.token_urlsafe(48), "DATABASE_URL": servers.app_url,
                "REDIS_URL": servers.redis_url, "ANTIFRAUD_DATA": str(folder), "ANTIFRAUD_KEY_FILE": str(folder / "keys.json"),
                "ANTIFRAUD_STATEMENT_TIMEOUT_MS": "60000",
            }  # fmt: skip
            owner = {**os.environ, "DATABASE_URL": servers.owner_url}
            subprocess.run(
                [sys.executable, "-m", "tests.prepare"], cwd=ROOT, env=owner, check=True, stdout=subprocess.DEVNULL
            )
            _serve(size, folder, servers.admin_url.rsplit("/", 1)[0] + "/antifraud")
        finally:
            servers.stop()


def _serve(size: int, folder: Path, admin_url: str) -> None:
    import django

    django.setup()
    from tests.bench import scenes, seed

    world = seed.World()
    seed.fill(world, size, admin_url)
    with Processes(dict(os.environ), folder) as processes:
        processes.start_platform()
        actors = scenes.Actors(world, processes.url)
        found = {scene.name: scene for scene in scenes.scenes(actors)}
        for scene in found.values():
            taken(scene, WARM)
        say({"pages": list(found)})
        for line in sys.stdin:
            question = json.loads(line)
            scene = found[question["page"]]
            if question.get("count"):
                say({"statements": scene.statements()})
            else:
                taken(scene, 1)  # the other platform had the caches of the machine
                say({"taken": sorted(taken(scene, scene.count // ROUNDS))})


def taken(scene: Any, count: int) -> list[float]:
    """Milliseconds of each of `count` requests, one after the other."""
    found = []
    for _ in range(count):
        ready = scene.prepare()
        began = time.perf_counter()
        scene.act(ready)
        found.append((time.perf_counter() - began) * 1000)
    return found


def say(answer: dict[str, Any]) -> None:
    """One answer to the parent."""
    print(json.dumps({"answer": answer}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
