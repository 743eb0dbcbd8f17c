"""Heavy libraries that few processes ever use: named where they are needed, loaded at the first use, not at the start."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Lazy:
    """Stands for a module until somebody asks for one of its names; what was asked for once is kept."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(import_module(self._name), attribute)
        setattr(self, attribute, found)
        return found


def lazily(name: str) -> Any:
    """The module of that name, imported when its first name is read (each process that rests is some 10 MB lighter).

    For type annotations the module is imported under TYPE_CHECKING beside it. A misspelt name fails at its first use only,
    hence for libraries and never for modules of ours.
    """
    return _Lazy(name)
