"""Server processes that die with their parent and the search for those that outlived one; Linux only."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from antifraud.start.account import Account

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10 * 1024 * 1024

_libc = ctypes.CDLL(None, use_errno=True)


def dies_with_parent(number: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the child gets `number` when the thread that started it ends, be it by SIGKILL."""

    def ask() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)

    return ask


def open_log(path: Path) -> int:
    """A descriptor that appends to `path` (mode 0600); a log beyond 10 MB is first put aside as .1."""
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_name(path.name + ".1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def spawn(
    command: Sequence[str],
    *,
    log: Path,
    account: Account,
    last_signal: signal.Signals,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server in its own session: ctrl-C in the terminal may not reach it before its users stopped."""
    descriptor = open_log(log)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            preexec_fn=dies_with_parent(last_signal),
            **account.identity(),
        )
    finally:
        os.close(descriptor)


def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal and wait its seconds until the process has ended; SIGKILL is the last step."""
    for number, seconds in [*steps, (signal.SIGKILL, 10.0)]:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


def leftovers(folder: Path, programs: Collection[str]) -> list[int]:
    """Processes of these programs that work in `folder`: both servers live in their data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            program = os.readlink(entry / "exe").removesuffix(" (deleted)")
            if os.path.basename(program) in programs and os.readlink(entry / "cwd") == str(folder):
                found.append(int(entry.name))
    return found


def end_leftovers(folder: Path, programs: Collection[str], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Stop servers on `folder` that an earlier start left behind; the caller holds the folder's lock."""
    for number, seconds in [*steps, (signal.SIGKILL, 10.0)]:
        for pid in leftovers(folder, programs):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        end = time.monotonic() + seconds
        while leftovers(folder, programs):
            if time.monotonic() > end:
                break
            time.sleep(0.05)
        else:
            return


def last_words(log: Path, needle: str = "") -> str:
    """The last line of a log (that contains `needle`, where one does), to say why a server ended."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-200:] if log.exists() else []
    chosen = [line for line in lines if needle in line] or lines or ["it left no message"]
    return chosen[-1].strip()
