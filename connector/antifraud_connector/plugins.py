"""The bank's own part: a command, a Python callable or a folder. It gets an order and gives the answer, or none yet.

The contract: `order_id` names the order for ever. With `possible_duplicate` true the order may have been carried out
before a crash; the plug-in must look into its own books by that id first.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from antifraud_connector import strict_json
from antifraud_connector.config import Config
from antifraud_connector.errors import ConnectorError, PluginFault

NOT_YET = 75  # exit status EX_TEMPFAIL of a command: no answer yet, ask again
LARGEST_ANSWER = 1024 * 1024
SLOW_RECHECK, FAST_RECHECK = 60.0, 1.0


class Plugin(Protocol):
    """What the engine asks of a plug-in."""

    recheck_seconds: float

    def prepare(self, subject_id: str, order: dict[str, Any]) -> None:
        """Called before the journal says that the order is being handed over; has no effect that counts."""

    def ask(self, subject_id: str, order: dict[str, Any]) -> dict[str, Any] | None:
        """Hand over; the answer, or None where it comes later. Raises PluginFault."""

    def settle(self, subject_id: str) -> None:
        """The answer is in the journal."""


class CommandPlugin:
    """JSON on standard input, the answer's JSON on standard output; exit status 0: answered, 75: not yet, else: failed."""

    recheck_seconds = SLOW_RECHECK

    def __init__(self, command: list[str], seconds: float, locks: Path) -> None:
        self.command, self.seconds, self.locks = command, seconds, locks
        locks.mkdir(mode=0o700, exist_ok=True)

    def prepare(self, subject_id: str, order: dict[str, Any]) -> None:
        """Nothing: a command has no state here."""

    def ask(self, subject_id: str, order: dict[str, Any]) -> dict[str, Any] | None:
        """Run the command once.

        It inherits a lock on the order. Where this process is killed and started again, the new one waits until the
        old command has ended, so that two never work on one order at the same time.
        """
        with (self.locks / subject_id).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise PluginFault("an earlier run of the command is still at work on this order") from None
            try:
                done = subprocess.run(
                    self.command, input=strict_json.write(order), capture_output=True, timeout=self.seconds, check=False,
                    pass_fds=(lock.fileno(),),
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                raise PluginFault(f"the command took longer than {self.seconds:g} s") from None
            except OSError as error:
                raise PluginFault(f"the command cannot be started ({error.strerror})") from error
        if done.returncode == NOT_YET:
            return None
        if done.returncode:
            raise PluginFault(f"the command ended with status {done.returncode}")
        return _answer(done.stdout)

    def settle(self, subject_id: str) -> None:
        """The lock is not needed any more."""
        (self.locks / subject_id).unlink(missing_ok=True)


class CallablePlugin:
    """A Python function `order → answer or None` in this process."""

    recheck_seconds = SLOW_RECHECK

    def __init__(self, function: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
        self.function = function

    def prepare(self, subject_id: str, order: dict[str, Any]) -> None:
        """Nothing: the function keeps its own state."""

    def ask(self, subject_id: str, order: dict[str, Any]) -> dict[str, Any] | None:
        """Call it; what it raises is a failure that is tried again."""
        try:
            answer = self.function(order)
            return None if answer is None else _answer(strict_json.write(answer))
        except Exception as error:
            raise PluginFault(f"the function failed: {type(error).__name__}") from error

    def settle(self, subject_id: str) -> None:
        """Nothing."""


class FolderPlugin:
    """`orders/<id>.json` comes out, `answers/<id>.json` is taken in; both appear whole, by renaming.

    Exactly once: the staged file is made before the journal says "handing". After a crash a staged file that is still
    there was not handed over, and one that is gone was, even if the bank has taken it away in the meantime.
    """

    recheck_seconds = FAST_RECHECK

    def __init__(self, folder: Path) -> None:
        self.staged, self.orders, self.answers, self.done = (
            folder / name for name in ("staged", "orders", "answers", "done")
        )
        for path in (self.staged, self.orders, self.answers, self.done):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def prepare(self, subject_id: str, order: dict[str, Any]) -> None:
        """Stage the order's file, and the notice of a cancellation that came after it was handed over."""
        name = f"{subject_id}.cancelled.json" if order["cancelled"] else f"{subject_id}.json"
        kept = self.staged / f"{name}.handed"
        if not kept.exists():
            _write(self.staged / name, strict_json.write(order))
            _write(kept, b"")

    def ask(self, subject_id: str, order: dict[str, Any]) -> dict[str, Any] | None:
        """Hand over what is staged, take in an answer."""
        for name in (f"{subject_id}.json", f"{subject_id}.cancelled.json"):
            if (self.staged / name).exists():
                (self.staged / name).rename(self.orders / name)
                _sync(self.orders)
                _sync(self.staged)
        try:
            raw = (self.answers / f"{subject_id}.json").read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PluginFault(f"the answer's file cannot be read ({error.strerror})") from error
        return _answer(raw)

    def settle(self, subject_id: str) -> None:
        """The answer's file goes to `done/`, the marks of the hand-over go away."""
        answer = self.answers / f"{subject_id}.json"
        if answer.exists():
            answer.rename(self.done / answer.name)
        for name in (f"{subject_id}.json.handed", f"{subject_id}.cancelled.json.handed"):
            (self.staged / name).unlink(missing_ok=True)


def make(config: Config) -> Plugin:
    """The plug-in of the settings. Raises ConnectorError."""
    kind = config.text("plugin.kind")
    if kind == "command":
        locks = config.file("journal.file").with_suffix(".locks")
        return CommandPlugin(config.words("plugin.command"), config.number("plugin.timeout"), locks)
    if kind == "python":
        return CallablePlugin(find(config.text("plugin.callable")))
    try:
        return FolderPlugin(config.file("plugin.folder"))
    except OSError as error:
        raise ConnectorError(
            "plugin.folder", f"cannot be used ({error.strerror}).", "Give a folder that this user may write."
        ) from error


def find(name: str) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """The function "module:function". Raises ConnectorError."""
    module, _, attribute = name.partition(":")
    step = 'Write "module:function" of a module on PYTHONPATH.'
    if not module or not attribute:
        raise ConnectorError("plugin.callable", f'"{name}" names no function.', step)
    try:
        function = getattr(importlib.import_module(module), attribute, None)
    except ImportError as error:
        raise ConnectorError("plugin.callable", f"the module {module} cannot be imported ({error}).", step) from error
    if not callable(function):
        raise ConnectorError("plugin.callable", f"{module} has no function {attribute}.", step)
    found: Callable[[dict[str, Any]], dict[str, Any] | None] = function
    return found


def _answer(raw: bytes) -> dict[str, Any]:
    """The answer's JSON object. Raises PluginFault: an answer that nobody can read must not be posted."""
    if len(raw) > LARGEST_ANSWER:
        raise PluginFault("the answer is larger than 1 MiB")
    try:
        return strict_json.read(raw)
    except ValueError as error:
        raise PluginFault("the answer is not one JSON object") from error


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk."""
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Renames reach the disk with their folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
