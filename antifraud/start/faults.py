"""The one error of the start: a sentence for the person at the terminal, never a traceback."""

from __future__ import annotations


class StartError(Exception):
    """Something the person who starts the platform can put right; `str()` is the whole sentence."""
