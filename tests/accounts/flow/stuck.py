"""A reader for a confined child that begins and never comes to its rows; no Django here: the child has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from accounts.rules.statements import Header


def stuck(_file: BinaryIO, **_options: Any) -> Iterator[Header]:
    """A header, then nothing for ever."""
    yield Header(layout="table")
    for _never in iter(int, 1):
        continue
