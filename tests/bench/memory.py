"""`make bench-memory`: the whole platform from nothing, its six main pages opened, then at rest: PSS of each process.

PSS (proportional set size, /proc/PID/smaps_rollup) counts a page that n processes share as 1/n for each: the sum is what
the platform really takes. PostgreSQL and Valkey have limits of their own, supervisor and starter belong to `make run` alone: told
apart, not counted. Packages of the development tools are hidden, for no installation has them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import httpx

from tests.journey.processes import ROOT, free_port

GOAL_MB = 600
START_SECONDS = 600
FOREIGN = {
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "DJANGO_SETTINGS_MODULE",
    "ANTIFRAUD_KEY_FILE",
}
SERVERS = {"postgres", "valkey-server"}
BESIDE = {"supervisor", "starter"}  # of `make run` alone: no part of an installation
# The processes by what their command line names, the nearest first.
NAMES = {
    "antifraud.wsgi": "web", "antifraud.asgi": "live", "celery": "worker", "relay": "relay", "scheduler": "scheduler",
    "supervisord": "supervisor", "antifraud.start": "starter",
}  # fmt: skip


@dataclass(frozen=True)
class Process:
    """One process at rest; sizes in kB."""

    pid: int
    name: str
    pss: int
    private: int


def main() -> int:
    """Exit status 1 where web, live, workers, relay and scheduler together take more than the goal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--goal", type=int, default=GOAL_MB, help="MB")
    parser.add_argument("--rest", type=int, default=45, help="seconds of rest before the measure")
    parser.add_argument("--data", default="", help="a data folder to keep; without it one is made and removed")
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    with platform(options.data) as (starter, url, password):
        opened = open_pages(url, password)
        print(f"opened: {', '.join(opened)}; then {options.rest} s of rest", flush=True)
        time.sleep(options.rest)
        found = [measure(pid) for pid in family(starter)]
    return report([process for process in found if process], options)


def report(found: list[Process], options: argparse.Namespace) -> int:
    """The table, the sum, the JSON file; whether the goal is kept."""
    names = list(NAMES.values())
    ours = sorted((one for one in found if one.name not in SERVERS), key=lambda one: (names.index(one.name), one.pid))
    print(f"{'process':<12}{'pid':>8}{'PSS MB':>9}{'own MB':>9}")
    for process in ours:
        print(f"{process.name:<12}{process.pid:>8}{process.pss / 1024:>9.1f}{process.private / 1024:>9.1f}")
    counted = [process for process in ours if process.name not in BESIDE]
    total, beside, servers = (
        sum(process.pss for process in group) / 1024
        for group in (
            counted,
            [one for one in ours if one.name in BESIDE],
            [one for one in found if one.name in SERVERS],
        )
    )
    print(
        f"memory: processes={len(counted)} pss_mb={total:.0f} goal_mb={options.goal} "
        f"(beside: supervisor and starter {beside:.0f} MB, PostgreSQL and Valkey {servers:.0f} MB)"
    )
    if options.json:
        rows = [vars(process) for process in ours]
        told = {"pss_mb": round(total, 1), "goal_mb": options.goal, "beside_mb": round(beside, 1)}
        told |= {"servers_mb": round(servers, 1)}
        Path(options.json).write_text(json.dumps(told | {"processes": rows}, indent=2), encoding="utf-8")
    return 0 if total <= options.goal else 1


@contextmanager
def platform(data: str) -> Iterator[tuple[int, str, str]]:
    """`make run` in a data folder of its own, until it is ready; yields its pid, its address and the demo's password."""
    with tempfile.TemporaryDirectory(prefix="antifraud-memory-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        env = {key: value for key, value in os.environ.items() if key not in FOREIGN}
        env |= {"ANTIFRAUD_DATA": data or f"{name}/data", "PYTHONPATH": str(hide_tools(Path(name) / "hidden"))}
        env |= {"ANTIFRAUD_PORT": str(free_port()), "ANTIFRAUD_LIVE_PORT": str(free_port())}
        words = [sys.executable, "-m", "antifraud.start", "run"]
        starter = subprocess.Popen(words, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE)
        try:
            yield starter.pid, *greeting(starter)
        finally:
            starter.terminate()
            starter.communicate(timeout=120)


def hide_tools(folder: Path) -> Path:
    """A folder whose modules say that what the tools of development alone need is not installed, as in an installation.

    Libraries load such packages where they find them (structlog loads rich), which no installation has.
    """
    folder.mkdir()
    pins = (ROOT / "requirements" / "embedded.txt").read_text(encoding="utf-8")
    installed = {normal(name) for name in re.findall(r"^([\w.-]+)==", pins, flags=re.MULTILINE)} | {"pip"}
    for module, packages in metadata.packages_distributions().items():
        if module.isidentifier() and installed.isdisjoint(map(normal, packages)):
            (folder / f"{module}.py").write_text('raise ImportError("a tool of development")\n', encoding="utf-8")
    return folder


def normal(name: str) -> str:
    """A package's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def greeting(starter: subprocess.Popen[str]) -> tuple[str, str]:
    """Address and password as the starter says them; its other lines are shown meanwhile."""
    late = threading.Timer(START_SECONDS, starter.terminate)
    late.start()
    url = ""
    try:
        for line in starter.stdout or ():
            print(line.rstrip(), flush=True)
            if ready := re.search(r"ready: (http://\S+?)/$", line.strip()):
                url = ready[1]
            elif url and (password := re.search(r"password (\S+)$", line.strip())):
                return url, password[1]
    finally:
        late.cancel()
    raise RuntimeError("the platform did not become ready")


def open_pages(url: str, password: str) -> list[str]:
    """The six main pages by four people; RuntimeError where one is not served."""
    with entered(url, password, "donghu.analyst") as analyst:
        opened = [shown(analyst, path) for path in ("/cases/", "/cases/new/")]
        first = re.search(r'href="(/cases/[0-9a-f-]{36}/)"', analyst.get("/cases/").text)
        if first is None:
            raise RuntimeError("the list names no case")
        shown(analyst, f"{first[1]}accounts/")
        opened.append("/cases/…/accounts/")
    with entered(url, password, "donghu.approver") as approver:
        opened.append(shown(approver, "/approvals/"))
    with entered(url, password, "icbc.officer") as officer:
        opened.append(shown(officer, "/queue/"))
    with entered(url, password, "centre.supervisor") as supervisor:
        opened.append(shown(supervisor, "/assessment/"))
    return opened


@contextmanager
def entered(url: str, password: str, username: str) -> Iterator[httpx.Client]:
    """A browser's session of that person."""
    with httpx.Client(base_url=url, follow_redirects=True, trust_env=False, timeout=30) as client:
        form = client.get("/me/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        client.headers["Referer"] = f"{url}/me/login/"
        words = {"login": username, "password": password, "csrfmiddlewaretoken": token[1] if token else ""}
        answer = client.post("/me/login/", data=words)
        if answer.status_code != 200 or "/me/login/" in str(answer.url):
            raise RuntimeError(f"{username} cannot log in: {answer.status_code}")
        yield client


def shown(client: httpx.Client, path: str) -> str:
    """The path, once its page was served in full to this person (four times: each web process shall have met it)."""
    for _ in range(4):
        answer = client.get(path)
        if answer.status_code != 200 or str(answer.url.path) != path:
            raise RuntimeError(f"{path} answers {answer.status_code} at {answer.url.path}")
    return path


def family(starter: int) -> list[int]:
    """The starter and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended since
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [starter]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def measure(pid: int) -> Process | None:
    """The sizes of a process; None where it has ended since."""
    folder = Path("/proc") / str(pid)
    try:
        words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        lines = [line.split() for line in (folder / "smaps_rollup").read_text().splitlines()[1:]]
    except OSError:
        return None
    program = words.partition(" ")[0].rsplit("/", 1)[-1].rstrip(":")
    known = (name for sign, name in NAMES.items() if sign in words)
    name = program if program in SERVERS else next(known, program)
    sizes = {line[0]: int(line[1]) for line in lines}
    return Process(pid, name, sizes["Pss:"], sizes["Private_Dirty:"] + sizes["Private_Clean:"])


if __name__ == "__main__":
    sys.exit(main())
