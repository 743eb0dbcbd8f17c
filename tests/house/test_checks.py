"""Start-up checks that no page can show: which database servers are refused."""

from __future__ import annotations

import pytest

from antifraud.checks import server_and_role_are_fit, too_old


@pytest.mark.django_db
def test_the_server_and_the_role_of_the_tests_are_fit() -> None:
    assert server_and_role_are_fit(databases=["default"]) == []


@pytest.mark.parametrize(("version", "found"), [(140_019, ["antifraud.E005"]), (150_000, []), (170_002, [])])
def test_a_server_that_would_leave_constraints_out_is_refused(version: int, found: list[str]) -> None:
    assert [error.id for error in too_old(version)] == found
