"""`antifraud-connector run`: one process, one journal, its threads, an orderly end on SIGTERM. The work itself is in `engine`."""

from __future__ import annotations

import fcntl
import functools
import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from antifraud_connector import doors, plugins, receiver
from antifraud_connector.config import Config
from antifraud_connector.engine import Engine
from antifraud_connector.errors import ConnectorError
from antifraud_connector.journal import Journal
from antifraud_connector.platform_api import Platform
from antifraud_connector.sync import Schedule

END_SECONDS = 60  # a long poll and a plug-in may still be at work


class Lines(logging.Formatter):
    """One JSON object per line: ids and codes, never an order's content."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        line = {"at": at, "level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr() -> None:
    """Lines on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """No two processes work on one journal. Raises ConnectorError."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            step = "Stop the other connector, or give this one a journal of its own."
            raise ConnectorError("journal.file", f"{path} is in use by another connector.", step) from None
        yield


def build(config: Config) -> Engine:
    """Journal, plug-in and platform of the settings. Raises ConnectorError."""
    return Engine(Journal(config.file("journal.file")), plugins.make(config), Platform(config))


def run(config: Config) -> int:
    """Until SIGTERM or SIGINT; 1 where a thread failed, for the supervisor to start anew."""
    log_to_stderr()
    with only_one(config.file("journal.file")):
        engine = build(config)
        server = receiver.Receiver(config, engine) if config.text("door.kind") == "webhook" else None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: engine.stop.set())
        threads = _threads(config, engine, server)
        for thread in threads:
            thread.start()
        engine.stop.wait()
        engine.ring()
        end = time.monotonic() + END_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        engine.journal.close()
    return 1 if engine.failed else 0


def _threads(config: Config, engine: Engine, server: receiver.Receiver | None) -> list[threading.Thread]:
    """Door, fetching, plug-in workers, posting, comparing."""
    schedule = Schedule(engine, config)
    steps: list[Any] = [functools.partial(doors.fetch, engine), engine.post, schedule.step]
    steps += [engine.hand_over] * config.number("plugin.workers")
    if server is None:
        steps.append(doors.Puller(engine).step)
    targets = [functools.partial(engine.loop, step) for step in steps]
    if server is not None:
        targets.append(functools.partial(engine.guard, functools.partial(receiver.serve, server, engine.stop)))
    return [threading.Thread(target=target, daemon=True) for target in targets]
