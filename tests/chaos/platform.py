"""The platform as `make run` starts it, each process in a group of its own, so that any of them can be killed or stopped.

Restarting what died is the supervisor's work; here the harness does it, because it is the harness that kills.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from antifraud import embedded
from antifraud.start import supervisor
from tests.journey.processes import ROOT, Processes

RELAYS = WORKERS = 2
DAY = 86_400.0


def own_words(command: str, number: int) -> list[str]:
    """The words after `python` of a supervised command: what supervisor would expand is expanded."""
    words = shlex.split(command.replace("%(process_num)s", str(number)).replace("%%", "%"))
    return words[words.index(sys.executable) + 1 :]


class Platform(Processes):
    """Servers with durable settings and N of each process; `with Platform(folder) as platform` leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers = embedded.ensure(folder / "servers", durable=True)
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "antifraud.settings.test", "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": self.servers.app_url, "REDIS_URL": self.servers.redis_url, "ANTIFRAUD_DATA": str(folder),
            "ANTIFRAUD_KEY_FILE": str(folder / "keys.json"), "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        super().__init__(environment, folder)
        self.environment["ANTIFRAUD_WEB_ORIGIN"] = self.url
        self.admin_url = self.servers.admin_url.rsplit("/", 1)[0] + "/" + self.servers.app_url.rsplit("/", 1)[1]
        self.words = self._commands()
        self._generation: dict[str, int] = {}

    def __enter__(self) -> Platform:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.running.values():  # nothing is worth a graceful end here, and a stopped process hears none
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        try:
            super().__exit__(*error)
        finally:
            self.servers.stop()

    def _commands(self) -> dict[str, list[str]]:
        kinds = {kind.name: kind.command for kind in supervisor.programmes(self.port, 1)}
        copies = {"web": 1, "relay": RELAYS, "worker": WORKERS, "scheduler": 1}
        names = {f"{kind}{number}": (kind, number) for kind, count in copies.items() for number in range(count)}
        return {name: own_words(kinds[kind], number) for name, (kind, number) in names.items()}

    def prepare(self) -> dict[str, Any]:
        """Migrate, lay the foundation, build the world; what it printed.

        The keys are a day old: to a process whose clock is slow, new ones would be keys of the future.
        """
        owner = {**self.environment, "DATABASE_URL": self.servers.owner_url}
        words = ["-m", "tests.chaos.skewed", str(-DAY), "-m", "tests.prepare"]
        subprocess.run([sys.executable, *words], cwd=ROOT, env=owner, check=True, stdout=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads(self.output("tests.chaos.world"))
        return found

    def output(self, module: str, wanted: dict[str, Any] | None = None) -> str:
        """Run a module of the tests to its end with the platform's variables; its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", module], cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True,
            input=json.dumps(wanted or {}) + "\n",
        )  # fmt: skip
        return done.stdout

    def start_platform(self) -> None:
        """Everything, then wait for readiness."""
        for name in self.words:
            self.up(name)
        self.wait_ready()

    def wait_ready(self, seconds: float = 60) -> None:
        """Until /readyz says yes."""
        self._wait_ready(seconds)

    def up(self, name: str, *, skew: float = 0.0) -> None:
        """Start a process of the platform, known to the database by its name; `skew` moves its Python's clock (seconds)."""
        generation = self._generation[name] = self._generation.get(name, 0) + 1
        words = ["-m", "tests.chaos.skewed", str(skew), *self.words[name]] if skew else self.words[name]
        kept, self.environment = self.environment, {**self.environment, "PGAPPNAME": name}
        try:
            process = self.start(f"{name}.{generation}", *words)
        finally:
            self.environment = kept
        del self.running[f"{name}.{generation}"]
        self.running[name] = process

    def down(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """End a process and all of its group; SIGKILL unless told otherwise."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(30)
        with contextlib.suppress(ProcessLookupError):  # children of a master that ended by itself
            os.killpg(process.pid, signal.SIGKILL)

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the whole group of a process."""
        os.killpg(self.running[name].pid, number)

    def children(self, name: str) -> list[int]:
        """The processes below a master: gunicorn's workers, Celery's pool."""
        pid = self.running[name].pid
        with contextlib.suppress(OSError):
            return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return []

    def engine(self, name: str) -> Any:
        """The embedded server of that name: PostgreSQL or Valkey."""
        return next(engine for engine in self.servers.engines if engine.name == name)

    def kill_server(self, name: str) -> None:
        """SIGKILL to the server's main process alone, as the kernel would."""
        process = self.engine(name).process
        process.kill()
        process.wait(10)
