"""Fake banks that are closed after each test, and institutions that chose the webhook door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exchange.fake_bank import Street


@pytest.fixture
def street() -> Iterator[Street]:
    """`street.bank("hang")` opens a fake bank in the given mode."""
    made = Street()
    yield made
    made.close()
