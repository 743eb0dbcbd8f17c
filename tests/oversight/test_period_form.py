"""The query above the figures shows the period that applies."""

from __future__ import annotations

import pytest

from oversight.forms import PeriodForm


@pytest.mark.parametrize(
    ("query", "shown"),
    [({}, "30"), ({"by": "unit"}, "30"), ({"period": "week"}, "week"), ({"from": "2026-11-01"}, "days")],
)
def test_the_period_in_force_is_the_one_shown(query: dict[str, str], shown: str) -> None:
    assert PeriodForm(query)["period"].value() == shown
