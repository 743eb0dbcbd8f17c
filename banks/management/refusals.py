"""What a command prints when a service refuses its input; no command is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from antifraud.errors import AppError


@contextmanager
def told() -> Iterator[None]:
    """Turn a refusal into a CommandError: one line for each field, each with its rule and what to do."""
    try:
        yield
    except AppError as error:
        lines = [f"--{name.replace('_', '-')}: {text}" for name, texts in error.fields.items() for text in texts]
        raise CommandError("\n".join(lines) or str(error.message)) from error
