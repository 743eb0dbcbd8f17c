"""Runs a generator function over hostile input in a child process with limits; what it reads is the caller's matter.

The child is a fresh interpreter, not a fork: it inherits no connection, no key, no environment. It gets one open file
and the name of a function, and answers with what `antifraud.border` can tell of named classes: nothing that it sends is ever
run, and it is measured before it is laid out. `python -m antifraud.confined` is the child.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from antifraud import border

T = TypeVar("T")

MEMORY = 512 * 2**20
CPU_SECONDS = 120
_LENGTH = struct.Struct(">cQ")
_ITEM, _ERROR, _END, _MEMORY = b"i", b"e", b"z", b"m"
_ROOT = Path(__file__).resolve().parent.parent
# numpy would lay out memory for each processor of the machine; glibc would hand each column's memory back and have it zeroed anew.
_MEMORY_HABITS = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}


class ConfinedError(RuntimeError):
    """The child did not finish; `reason`: memory, cpu, timeout, crashed. Nothing more is told: input is personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the confined reader ended: {reason}")
        self.reason = reason


def run(
    function: Callable[..., Iterator[T]],
    file: BinaryIO,
    *args: Any,
    classes: tuple[type, ...],
    memory: int = MEMORY,
    cpu_seconds: int = CPU_SECONDS,
    wait_seconds: float = 150.0,
    started: Callable[[subprocess.Popen[bytes]], None] | None = None,
    **kwargs: Any,
) -> Iterator[T]:
    """Iterate `function(file, *args, **kwargs)` as it runs in a child under RLIMIT_AS and RLIMIT_CPU.

    `function` stands at the top of a module that needs no Django; `file` is a real file (it has a descriptor) that the
    child reads from its start. The arguments are pickled on their way in; out come only things of `classes`, each made
    here by its own `from_border`. An exception of them is raised as it was there; everything else is a ConfinedError. The child waits while
    the caller works, is given up after `wait_seconds` without an item, and is killed when the caller stops iterating.
    `started` gets it at once, for who may have to kill it from another thread (`antifraud.leash`).
    """
    task = pickle.dumps((function.__module__, function.__qualname__, args, kwargs, classes))
    file.flush() if file.writable() else None
    child = subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-X", "utf8", "-m", "antifraud.confined", str(file.fileno()), str(memory), str(cpu_seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=(file.fileno(),),
        env={"PYTHONPATH": os.pathsep.join([str(_ROOT), *_site_paths()]), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", **_MEMORY_HABITS},
        cwd="/", start_new_session=True, close_fds=True,
    )  # fmt: skip
    try:
        started(child) if started is not None else None
        yield from _items(child, task, classes, wait_seconds)
    finally:
        _end(child)


def _site_paths() -> list[str]:
    """Where the parent finds its packages; the child needs the same ones."""
    return [path for path in sys.path if path and Path(path).is_dir() and "site-packages" in path]


def _items(
    child: subprocess.Popen[bytes], task: bytes, classes: tuple[type, ...], wait_seconds: float
) -> Iterator[Any]:
    inbox, outbox = child.stdin, child.stdout
    if inbox is None or outbox is None:
        raise ConfinedError("crashed")
    with contextlib.suppress(BrokenPipeError):
        inbox.write(task)
        inbox.close()
    while True:
        kind, body = _receive(child, outbox, wait_seconds)
        if kind == _END:
            return
        if kind == _MEMORY:
            raise ConfinedError("memory")
        try:
            value = border.understood(body, classes)
        except border.WRONG:
            raise ConfinedError("crashed") from None
        if kind == _ERROR:
            raise value if isinstance(value, Exception) else ConfinedError("crashed")
        yield value


def _receive(child: subprocess.Popen[bytes], pipe: Any, wait_seconds: float) -> tuple[bytes, bytearray]:
    until = time.monotonic() + wait_seconds
    kind, length = _LENGTH.unpack(_exactly(child, pipe, _LENGTH.size, until))
    if length > border.MAX_MESSAGE:
        raise ConfinedError("crashed")
    return kind, _exactly(child, pipe, length, until)


def _exactly(child: subprocess.Popen[bytes], pipe: Any, count: int, until: float) -> bytearray:
    body = bytearray()
    while len(body) < count:
        ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise ConfinedError("timeout")
        piece = os.read(pipe.fileno(), min(count - len(body), 1 << 20))
        if not piece:
            raise ConfinedError(_death(child))
        body += piece
    return body


def _death(child: subprocess.Popen[bytes]) -> str:
    """Why the child is gone; out of memory shows as SIGKILL, SIGSEGV, SIGABRT or code 77."""
    try:
        code = child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "crashed"
    if code == -signal.SIGXCPU:
        return "cpu"
    return "memory" if code in {77, -signal.SIGKILL, -signal.SIGABRT} else "crashed"


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill what still runs and take its body away."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    child.wait()


def _child(descriptor: int, memory: int, cpu_seconds: int) -> int:
    """Read the task, set the limits, run, answer. The exit code 77 says that memory was refused."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    module, name, args, kwargs, classes = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  # from the parent
    gc.disable()  # short-lived, and collecting costs a quarter of the time
    function = getattr(importlib.import_module(module), name)
    _limit(memory, cpu_seconds)
    try:
        with os.fdopen(descriptor, "rb") as file:
            file.seek(0)
            for item in function(file, *args, **kwargs):
                _send(answer, _ITEM, border.written(item))
    except MemoryError:
        os._exit(_starved(answer))
    except tuple(kind for kind in classes if issubclass(kind, Exception)) as error:
        _send(answer, _ERROR, border.written(error))
        return 0
    _send(answer, _END, [])
    return 0


def _limit(memory: int, cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _starved(answer: BinaryIO) -> int:
    with contextlib.suppress(MemoryError, OSError):
        _send(answer, _MEMORY, [])
    return 77


def _send(answer: BinaryIO, kind: bytes, parts: Sequence[bytes]) -> None:
    answer.write(_LENGTH.pack(kind, sum(map(len, parts))))
    for part in parts:
        answer.write(part)
    answer.flush()


if __name__ == "__main__":
    sys.exit(_child(*map(int, sys.argv[1:4])))
