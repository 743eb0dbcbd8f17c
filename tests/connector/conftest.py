"""The bank of these tests; no database is needed here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connector.bank import Bank


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """A bank with a running stub platform and a connector that is not started yet."""
    found = Bank(tmp_path)
    try:
        yield found
    finally:
        found.close()
