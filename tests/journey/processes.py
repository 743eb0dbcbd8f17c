"""The platform's processes as the journey starts them: one each, in process groups of their own, with their logs kept."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import httpx

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Processes:
    """Started one by one, stopped together; `with Processes(...)` leaves none behind."""

    def __init__(self, environment: dict[str, str], logs: Path) -> None:
        self.environment = environment
        self.logs = logs
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.running: dict[str, subprocess.Popen[str]] = {}
        self._files: list[IO[str]] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for file in self._files:
            file.close()

    def start(self, name: str, *words: str, output: int | None = None) -> subprocess.Popen[str]:
        """Start `python words…` in a new process group; its errors go to a file of its own."""
        log = (self.logs / f"{name}.log").open("w", encoding="utf-8")
        self._files.append(log)
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=self.environment, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=output if output is not None else log, stderr=log,
        )  # fmt: skip
        self.running[name] = process
        return process

    def start_platform(self) -> None:
        """Web, one Celery worker, relay and scheduler; returns when readiness says yes."""
        bind = f"127.0.0.1:{self.port}"
        self.start(
            "web",
            "-m",
            "gunicorn",
            "antifraud.wsgi:application",
            "--bind",
            bind,
            "--worker-class",
            "gthread",
            "--threads",
            "8",
        )
        self.start(
            "worker", "-m", "celery", "-A", "antifraud", "worker", "--pool=prefork", "--concurrency=2", "--loglevel=INFO",
            "--without-gossip", "--without-mingle",
        )  # fmt: skip
        self.start("relay", "manage.py", "relay")
        self.start("scheduler", "manage.py", "scheduler")
        self._wait_ready()

    def _wait_ready(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        last = "no answer"
        while time.monotonic() < end:
            try:
                answer = httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False)
                if answer.status_code == 200:
                    return
                last = answer.text
            except httpx.TransportError as error:
                last = type(error).__name__
            time.sleep(0.25)
        raise RuntimeError(f"the platform did not become ready: {last}")
