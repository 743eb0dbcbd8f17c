"""A statement is on disk before its unit of work opens; what is refused leaves no file behind, and the sweep takes the rest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import OperationalError, connection
from django.urls import reverse

from accounts.models import Answer, StatementFile
from accounts.services.statements.files import statement_ahead, statement_receive
from antifraud import db
from antifraud.crypto import evidence
from antifraud.crypto.evidence_marks import FOLDER
from antifraud.schedule import DUTIES
from banks.selectors.institutions import system_user
from cases.models import Attachment
from cases.services.attachments import attachment_ahead, attachment_store, attachments_sweep
from tests.accounts import factories
from tests.accounts.answering import bank_order
from tests.accounts.factories import card
from tests.accounts.flow.files import csv_bytes, csv_file, row, upload
from tests.accounts.flow.test_statement_api import announce, announced, put
from tests.cast import World


@pytest.fixture(autouse=True)
def _own_store(settings: Any, tmp_path: Path) -> None:
    """Other tests' rolled back files are not swept here."""
    settings.EVIDENCE_ROOT = tmp_path / "evidence"


@pytest.fixture
def case(world: World) -> Any:
    return factories.new_case(world.analyst_a)


def stored(settings: Any) -> set[str]:
    """Names of the files in the store."""
    root = Path(settings.EVIDENCE_ROOT)
    return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and p.parent.name != FOLDER}


def named() -> set[str]:
    return set(Attachment.objects.values_list("storage_name", flat=True))


@pytest.fixture
def open_units(monkeypatch: Any) -> list[bool]:
    """Whether a unit of work was open, for each file that is encrypted."""
    seen: list[bool] = []
    true = evidence.EvidenceStorage.store

    def store(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            db.require_unit_of_work()
            seen.append(True)
        except db.NoUnitOfWork:
            seen.append(False)
        return true(self, *args, **kwargs)

    monkeypatch.setattr(evidence.EvidenceStorage, "store", store)
    return seen


# -- stored first ----------------------------------------------------------------------------------


def test_an_upload_is_encrypted_before_the_unit_of_work(
    world: World, case: Any, log_in: Any, open_units: list[bool]
) -> None:  # fmt: skip
    assert upload(log_in(world.analyst_a), case, csv_file(row(card(), card(), "in", 100))).status_code == 303
    assert open_units == [False]


def test_a_systems_file_is_encrypted_before_the_unit_of_work(world: World, log_in: Any, open_units: list[bool]) -> None:
    order = bank_order(world, "query_transactions")
    content = csv_bytes([row(order.account.number.open(), card(), "in", 50_000)])
    client = log_in(world.risk_a)
    ticket = announce(client, order, announced(content)).json()["ticket"]
    assert put(client, ticket, content).status_code == 201
    assert open_units == [False]


def test_the_file_of_a_banks_answer_is_encrypted_before_the_unit_of_work(
    world: World, log_in: Any, open_units: list[bool], settings: Any
) -> None:  # fmt: skip
    order = bank_order(world, "query_transactions")
    url = reverse("accounts:order_answer", args=[order.id])
    client = log_in(world.risk_a)
    file = csv_file(row(order.account.number.open(), card(), "in", 50_000))
    data = {
        "outcome": "executed",
        "handled_by": "Wang",
        "handled_phone": "010-1234",
        "verb": "answer",
        "statement": file,
    }
    data["version"] = str(order.version)
    for prefix in ("hops", "priors", "subs"):
        data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    answered = client.post(url, data)
    assert answered.status_code == 303, answered.content.decode()[:3000]
    assert open_units == [False]
    assert Answer.objects.get(order=order).statement is not None
    assert stored(settings) >= named()


# -- nothing is left behind ------------------------------------------------------------------------


def test_the_same_file_again_names_the_earlier_one_and_leaves_no_bytes(
    world: World, case: Any, log_in: Any, settings: Any
) -> None:  # fmt: skip
    client, entry = log_in(world.analyst_a), row(card(), card(), "in", 100)
    upload(client, case, csv_file(entry, name="first.csv"))
    before = stored(settings)
    again = upload(client, case, csv_file(entry, name="again.csv"))
    assert again.status_code == 422
    assert "first.csv" in again.content.decode()
    assert "Nothing was changed" in again.content.decode()
    assert stored(settings) == before
    assert StatementFile.objects.count() == 1


def test_a_failed_unit_of_work_leaves_neither_row_nor_file(
    world: World, case: Any, settings: Any, monkeypatch: Any
) -> None:  # fmt: skip
    monkeypatch.setattr("accounts.services.statements.files.queue.submit", lambda *_args, **_more: 1 / 0)
    file = csv_file(row(card(), card(), "in", 100))
    before, attachments = stored(settings), Attachment.objects.count()
    with pytest.raises(ZeroDivisionError), statement_ahead(case_id=case.id, file=file) as kept, db.unit_of_work(
        world.analyst_a
    ):  # fmt: skip
        statement_receive(by=world.analyst_a, case=case, stored=kept, title="a.csv", source="upload")
    assert stored(settings) == before
    assert Attachment.objects.count() == attachments


def test_a_bank_that_may_not_answer_stores_nothing(world: World, log_in: Any, settings: Any) -> None:
    order = bank_order(world, "query_transactions")
    content = csv_bytes([row(order.account.number.open(), card(), "in", 50_000)])
    ticket = announce(log_in(world.risk_a), order, announced(content)).json()["ticket"]
    before = stored(settings)
    assert put(log_in(world.risk_b), ticket, content).status_code == 403
    assert stored(settings) == before


def test_a_file_of_another_case_cannot_be_attached(world: World, case: Any) -> None:
    other = factories.new_case(world.analyst_a)
    file = ContentFile(b"%PDF-1.7\nx", name="a.pdf")
    with (
        pytest.raises(ValueError, match="another case"),
        attachment_ahead(case_id=other.id, file=file, purpose="scan") as kept,
        db.unit_of_work(world.analyst_a),
    ):
        attachment_store(by=world.analyst_a, case=case, file=kept, purpose="scan", title="a")


# -- the sweep -------------------------------------------------------------------------------------


def left(case: Any, settings: Any, *, days: int) -> str:
    """A file whose process was killed before its row was written."""
    context = statement_ahead(case_id=case.id, file=csv_file(row(card(), card(), "in", 100)))
    with pytest.raises(OperationalError), context as kept:
        raise OperationalError("gone")
    mark = Path(settings.EVIDENCE_ROOT) / FOLDER / kept.name[3:]
    os.utime(mark, (mark.stat().st_mtime - days * 86_400,) * 2)
    return str(kept.name)


def test_the_sweep_takes_what_no_row_names_and_is_a_day_old(
    world: World, case: Any, log_in: Any, settings: Any
) -> None:  # fmt: skip
    upload(log_in(world.analyst_a), case, csv_file(row(card(), card(), "in", 100)))
    for mark in (Path(settings.EVIDENCE_ROOT) / FOLDER).iterdir():
        os.utime(mark, (1, 1))  # committed, but the process ended before it could say so
    young, old, half = left(case, settings, days=0), left(case, settings, days=2), left(case, settings, days=2)
    Path(settings.EVIDENCE_ROOT, half).rename(Path(settings.EVIDENCE_ROOT, half).with_suffix(".part"))
    with db.unit_of_work(system_user()):
        assert attachments_sweep(10) == 2
        assert attachments_sweep(10) == 0
    kept = stored(settings)
    assert young in kept
    assert {old, half, f"{half}.part"}.isdisjoint(kept)
    assert named() <= kept
    assert any(duty.name == "attachments_sweep" for duty in DUTIES)
    assert connection.is_usable()


def test_the_sweep_stops_at_its_limit(world: World, case: Any, settings: Any) -> None:
    for _each in range(3):
        left(case, settings, days=2)
    with db.unit_of_work(system_user()):
        assert attachments_sweep(2) == 2
        assert attachments_sweep(2) == 1
