"""One set-up step: run it, time it, skip it when its inputs did not change; which there are is elsewhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from antifraud.start.faults import StartError

PROJECT = Path(__file__).resolve().parents[2]
STAMPS = PROJECT / ".venv" / "antifraud-stamps"
PACKAGES = ("antifraud", "banks", "cases", "accounts", "oversight")
MANAGE = [sys.executable, str(PROJECT / "manage.py")]


def say(text: str) -> None:
    """One line for the person at the terminal, at once."""
    print(text, flush=True)


def run(what: str, command: Sequence[str], env: Mapping[str, str], *, folder: Path = PROJECT) -> str:
    """Run one step quietly and return its output; raises StartError with that output when it fails."""
    begin = time.monotonic()
    done = subprocess.run(
        command,
        env=dict(env),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StartError(f"{done.stdout.rstrip()}\nThis step failed (exit status {done.returncode}): {what}.")
    say(f"  {what}: {time.monotonic() - begin:.1f} s")
    return done.stdout


def digest(paths: Iterable[Path], *, without: str = "") -> str:
    """SHA-256 over names and contents of files and all files below folders, but those ending in `without`."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in files:
            if not (without and file.name.endswith(without)):
                total.update(f"{file.relative_to(PROJECT)}\0".encode())
                total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


class Stamp:
    """Remembers for which inputs a step was last done; a step that fails or is cut short leaves no stamp."""

    def __init__(self, path: Path, current: str) -> None:
        self.path, self.current = path, current

    def is_fresh(self) -> bool:
        """Whether the step was done for exactly these inputs."""
        return self.path.exists() and self.path.read_text(encoding="ascii") == self.current

    def set(self) -> None:
        """The step is done."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.current, encoding="ascii")
