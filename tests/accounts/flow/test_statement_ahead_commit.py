"""A statement that was received stays, whatever fails between the commit and the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accounts.models import StatementFile
from accounts.services.statements.files import statement_ahead, statement_receive
from antifraud import db
from antifraud.crypto import evidence_marks
from antifraud.crypto.evidence import evidence_unconfirmed, open_evidence
from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import B, Line, csv_file
from tests.cast import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_store(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


def _fail() -> None:
    raise OSError("the bell is broken")


def _receive(world: World, *, is_bell_broken: bool = False) -> None:
    case, file = new_case(world.analyst_a), csv_file([Line(B, "in", 1_00)])
    with statement_ahead(case_id=case.pk, file=file) as stored, db.unit_of_work(world.analyst_a):
        statement_receive(by=world.analyst_a, case=case, stored=stored, title="a.csv", source="upload")
        if is_bell_broken:
            transaction.on_commit(_fail)


def _original() -> tuple[str, bytes]:
    name = StatementFile.objects.get().attachment.storage_name
    with open_evidence(name) as kept:
        return name, kept.read()


def test_a_mark_that_cannot_be_taken_away_is_left_to_the_sweep(world: World, monkeypatch: Any) -> None:
    def stuck(_root: Path, _name: str) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr(evidence_marks, "remove", stuck)
    _receive(world)
    name, content = _original()
    assert content
    assert list(evidence_unconfirmed(-1)) == [name]


def test_what_else_fails_after_the_commit_leaves_the_original(world: World) -> None:
    with pytest.raises(OSError, match="bell"):
        _receive(world, is_bell_broken=True)
    assert _original()[1]
    assert list(evidence_unconfirmed(-1)) == []
