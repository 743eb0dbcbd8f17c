"""Reviewed numbers for alerts: the statements of each page, the same for one and for many, with one or many recipients."""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts import alerting
from tests.accounts.alerting import line
from tests.policy.test_query_counts import DETAIL, LIST, count

LISTS = [
    ("analyst_a", "/alerts/"),
    ("analyst_a", "/api/v1/alerts/"),
    ("risk_a", "/alerts/notices/"),
    ("risk_a", "/api/v1/alerts/notices/"),
]
DETAILS = [
    ("analyst_a", "/alerts/{alert}/"),
    ("analyst_a", "/api/v1/alerts/{alert}/"),
    ("risk_a", "/alerts/notices/{notice}/"),
    ("risk_a", "/api/v1/alerts/notices/{notice}/"),
]


@pytest.mark.parametrize(("username", "path"), LISTS)
def test_a_list_costs_the_same_for_one_row_and_for_many(
    world: Any, log_in: Any, counted: Any, username: str, path: str
) -> None:
    alerting.delivered(world)
    client = log_in(getattr(world, username))
    one = count(client, path, counted, LIST)
    for _ in range(6):
        alerting.delivered(world)
    assert count(client, path, counted, LIST) == one


@pytest.mark.parametrize(("username", "path"), DETAILS)
def test_a_detail_stays_within_its_number_whatever_its_recipients_and_lines(
    world: Any, log_in: Any, counted: Any, username: str, path: str
) -> None:
    client = log_in(getattr(world, username))
    found = []
    for lines, audience in ((1, "keepers"), (8, "all")):
        alert = alerting.delivered(world, *(line(world.bank_a) for _ in range(lines)), audience=audience)
        notice = alerting.notice_of(alert, world.bank_a)
        found.append(count(client, path.format(alert=alert.id, notice=notice.id), counted, DETAIL + 2))
    assert found[0] == found[1]
