"""The configuration of supervisord for `make run`: which processes there are, how each starts and stops."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from antifraud.start import children
from antifraud.start.environment import HOST
from antifraud.start.steps import MANAGE, PROJECT

STOPPING = ((signal.SIGTERM, 40.0),)


@dataclass(frozen=True)
class Programme:
    """One supervised process (or `copies` of it); `grace` is how many seconds it gets to stop."""

    name: str
    command: str
    copies: int = 1
    grace: int = 10


def programmes(web: int, live: int) -> list[Programme]:
    """Web pages on threads, the event stream on ASGI, two Celery workers, relay and scheduler."""
    python = sys.executable
    gunicorn = [python, "-m", "gunicorn", "antifraud.wsgi:application", "--bind", f"{HOST}:{web}"]
    gunicorn += ["--worker-class", "gthread", "--workers", "2", "--threads", "16", "--preload"]
    gunicorn += ["--graceful-timeout", "8", "--keep-alive", "5", "--no-control-socket"]
    uvicorn = [python, "-m", "uvicorn", "antifraud.asgi:application", "--host", HOST, "--port", str(live)]
    uvicorn += ["--timeout-graceful-shutdown", "3", "--ws", "none", "--no-access-log", "--no-server-header"]
    celery = [python, "-m", "celery", "-A", "antifraud", "worker", "--pool=threads", "--concurrency=4"]
    celery += ["--loglevel=INFO", "--without-gossip", "--without-mingle", "--hostname"]
    return [
        Programme("web", command(gunicorn)),
        Programme("live", command(uvicorn)),
        Programme("worker", f"{command(celery)} worker%(process_num)s@%%h", copies=2, grace=20),
        Programme("relay", command([*MANAGE, "relay"])),
        Programme("scheduler", command([*MANAGE, "scheduler"])),
    ]


def command(words: list[str]) -> str:
    """A command line for supervisor; the process ends with supervisord, even when that is killed."""
    setpriv = shutil.which("setpriv")
    return escaped(shlex.join([setpriv, "--pdeathsig", "TERM", *words] if setpriv else words))


def escaped(word: str) -> str:
    """A word in which supervisor finds nothing to expand."""
    return word.replace("%", "%%")


def configuration(logs: Path, pidfile: Path, web: int, live: int) -> str:
    """The text of the file; it holds no secret, for processes inherit their variables from supervisord."""
    kinds = programmes(web, live)
    blocks = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"logfile={escaped(str(logs / 'supervisord.log'))}",
        "logfile_maxbytes=5MB",
        "logfile_backups=1",
        f"pidfile={escaped(str(pidfile))}",
        f"directory={escaped(str(PROJECT))}",
        *(["user=root"] if os.geteuid() == 0 else []),
        # One group: its members are stopped side by side, not one after the other.
        "",
        "[group:antifraud]",
        f"programs={','.join(kind.name for kind in kinds)}",
    ]
    return "\n".join(blocks + [line for kind in kinds for line in section(kind, logs)]) + "\n"


def section(kind: Programme, logs: Path) -> list[str]:
    """The lines of one programme."""
    name = kind.name + ("%(process_num)s" if kind.copies > 1 else "")
    return [
        "",
        f"[program:{kind.name}]",
        f"command={kind.command}",
        f"numprocs={kind.copies}",
        f"process_name={name}",
        "numprocs_start=1",
        "autorestart=true",
        "startsecs=1",
        # A process that dies at once while a server is away must still be there when the server is back.
        "startretries=1000000",
        f"stopwaitsecs={kind.grace}",
        "stopsignal=TERM",
        "killasgroup=true",
        "redirect_stderr=true",
        # Supervisor expands this one value twice.
        f"stdout_logfile={escaped(escaped(str(logs)))}/{name}.log",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=1",
    ]


def start(data: Path, env: Mapping[str, str], web: int, live: int) -> subprocess.Popen[bytes]:
    """Write the configuration into `data`/run and start supervisord in a session of its own."""
    folder = data / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "supervisord.conf"
    path.write_text(configuration(data / "logs", folder / "supervisord.pid", web, live), encoding="utf-8")
    log = children.open_log(data / "logs" / "supervisord.out")
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(path)],
            env=dict(env),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=children.dies_with_parent(signal.SIGTERM),
        )
    finally:
        os.close(log)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop every programme within its grace, then supervisord itself."""
    children.stop(process, STOPPING)
