"""Labelled laundering attempts: a reach trace from the first sender finds all that time order allows."""

from __future__ import annotations

import pytest

from tests.rules.tracing import attempts
from tests.rules.tracing.memory import Ledger
from tests.rules.tracing.reference import reachable

pytestmark = pytest.mark.skipif(not attempts.FILE.exists(), reason="the shared data are not here")


def test_every_payment_that_time_allows_is_found() -> None:
    every = attempts.read()
    assert len(every) == 185
    assert len({attempt.family for attempt in every}) == 8
    for attempt in every:
        allowed = reachable(Ledger(attempt.entries), attempt.seeds, attempts.WIDE)
        assert attempts.reach(attempt.entries, attempt.seeds, attempts.WIDE) == allowed.keys(), attempt.number
