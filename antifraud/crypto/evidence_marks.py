"""Marks of stored files that no committed row names yet: made before the file, taken away after the commit, swept when old.

A mark is an empty file in a folder beside the stored ones. What is stored is in `evidence`; which row names it, a floor's matter.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

FOLDER = "pending"


def make(root: Path, name: str) -> None:
    """`name` is about to be stored."""
    mark = _mark(root, name)
    mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark.touch(mode=0o600)


def remove(root: Path, name: str) -> None:
    """A committed row names the file, or the file is gone."""
    _mark(root, name).unlink(missing_ok=True)


def older(root: Path, seconds: float) -> Iterator[str]:
    """Names whose mark is older than that, oldest first."""
    folder = root / FOLDER
    if not folder.is_dir():
        return
    until = time.time() - seconds
    found = sorted((made, path.name) for path in folder.iterdir() if (made := _made(path)) is not None)
    yield from (f"{token[:2]}/{token}" for made, token in found if made < until)


def _made(path: Path) -> float | None:
    """None where the mark went meanwhile: its file's row was just committed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None


def _mark(root: Path, name: str) -> Path:
    return root / FOLDER / name.rpartition("/")[2]
