"""Days and times that people read, in sentences and in names of files, are those of their own zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import StatementFile
from tests.accounts import factories
from tests.accounts.factories import card
from tests.accounts.flow.files import csv_file, row, upload
from tests.accounts.flow.runs import scene
from tests.cast import World

EARLY = datetime(2026, 11, 22, 21, 4, tzinfo=UTC)  # 05:04 of the next day in the zone of the cast


def test_a_file_that_is_known_is_named_with_the_readers_day(world: World, log_in: Any) -> None:
    case, client, rows = factories.new_case(world.analyst_a), log_in(world.analyst_a), [row(card(), card(), "in", 100)]
    assert upload(client, case, csv_file(*rows)).status_code == 303
    StatementFile.objects.update(received_at=EARLY)
    assert "received 2026-11-23." in upload(client, case, csv_file(*rows)).content.decode()


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "/flow/{run}/files/csv/"),
        ("post", "/flow/{run}/files/svg/"),
        ("post", "/cases/{case}/features/export/"),
    ],
)
def test_files_are_named_with_the_readers_time(
    world: World, log_in: Any, monkeypatch: pytest.MonkeyPatch, method: str, address: str
) -> None:
    case, client = scene(world), log_in(world.analyst_a)
    monkeypatch.setattr(timezone, "now", lambda: EARLY)
    answer = getattr(client, method)(address.format(run=case.run.id, case=case.case.id), {"view": "layers"})
    assert answer.status_code == 200
    assert "-20261123-0504." in answer["Content-Disposition"]
