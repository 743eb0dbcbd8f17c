"""Reconciliation: what either side lost or changed is found by its id and mended where nothing can be done twice."""

from __future__ import annotations

import hmac
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from antifraud_connector import sync
from antifraud_connector.faults import VARIABLE

from tests.connector.bank import Bank, until

DAY = datetime.now(UTC).date().isoformat()


def compare(bank: Bank) -> tuple[int, str]:
    """Exit status and text of `antifraud-connector sync`."""
    done = bank.command("sync", "--config", str(bank.config))
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def answered(bank: Bank) -> str:
    """An order that was answered, with the connector stopped again."""
    order_id: str = bank.deliver()["order_id"]
    process = bank.start()
    until(lambda: bank.finished(order_id))
    process.terminate()
    assert process.wait(10) == 0
    return order_id


def test_the_digest_is_the_xor_of_the_items_hmacs() -> None:
    key = b"k" * 32
    one, two = (hmac.digest(key, item, "sha256") for item in (b"a|issued|0", b"b|answered|1"))
    expected = bytes(x ^ y for x, y in zip(one, two, strict=True)).hex()
    assert (
        sync.digest(key, ["a|issued|0", "b|answered|1"]) == sync.digest(key, ["b|answered|1", "a|issued|0"]) == expected
    )
    assert sync.digest(key, []) == "00" * 32


def test_equal_books_are_equal(bank: Bank) -> None:
    answered(bank)
    status, text = compare(bank)
    assert status == 0
    assert f"orders {DAY}: equal (1 at the platform)" in text
    assert bank.asked("sync/compare/") == []


def test_an_order_that_was_lost_here_is_ordered_again_and_executed_once(bank: Bank) -> None:
    lost = bank.lost()
    status, text = compare(bank)
    assert (status, f"{lost} is missing here" in text, f"ordered again: {lost}" in text) == (1, True, True)
    bank.start()
    until(lambda: bank.finished(lost))
    assert bank.effects(lost) == 1


def test_an_answer_that_the_platform_forgot_is_sent_again_with_the_same_key(bank: Bank) -> None:
    order_id = answered(bank)
    bank.control("order", {"order_id": order_id, "state": "acknowledged", "answers": 0})
    status, text = compare(bank)
    assert (status, f"answer sent again: {order_id}" in text) == (1, True)
    bank.start()
    until(lambda: len(bank.answers(order_id)) == 2)
    assert len({(entry["key"], entry["body"]) for entry in bank.answers(order_id)}) == 1
    assert bank.effects(order_id) == len(bank.runs(order_id)) == 1


def test_what_people_did_on_the_platform_is_adopted(bank: Bank) -> None:
    bank.control("settings", {"refuse": {"answer": [409, "wrong_state"], "acknowledge": [409, "wrong_state"]}})
    order_id = bank.deliver()["order_id"]
    process = bank.start()
    until(lambda: bool(bank.answers(order_id)))
    process.terminate()
    process.wait(10)
    bank.control("order", {"order_id": order_id, "state": "answered", "answers": 1})
    assert compare(bank)[0] == 1
    assert compare(bank)[0] == 0


def test_an_order_that_only_the_bank_knows_is_for_people(bank: Bank) -> None:
    order_id = answered(bank)
    bank.control("forget", {"order_id": order_id})
    status, text = compare(bank)
    assert (status, f"for people: {order_id}" in text) == (1, True)
    shown = bank.command("status", "--config", str(bank.config))
    assert (shown.returncode, order_id in shown.stdout) == (1, True)


@pytest.mark.parametrize("change", [{"amount_minor": 2}, {"canonical_end": "2020-01-01T00:00:00Z"}, {}])
def test_open_holds_that_differ_are_named_every_few_seconds(bank: Bank, change: dict[str, object]) -> None:
    ends = (datetime.now(UTC) + timedelta(hours=48)).replace(microsecond=0)
    order_id = str(uuid.uuid4())
    hold = {
        "id": str(uuid.uuid4()), "order": order_id, "kind": "stop", "status": "active", "legal_expires_at": ends.isoformat(),
        "canonical_end": ends.strftime("%Y-%m-%dT%H:%M:%SZ"), "amount_minor": 1000, "currency": "CNY",
    }  # fmt: skip
    bank.control("hold", hold)
    bank.deliver(order_id=order_id)
    bank.configure(sync="holds_seconds = 1")
    bank.start()
    until(lambda: bank.finished(order_id))
    until(lambda: bool(bank.asked("sync/digest/")))
    with bank.journal() as journal:
        until(lambda: bool(journal.rows("SELECT * FROM holds")))
        bank.control("hold", hold | change)
        seen = len(bank.asked("sync/digest/"))
        until(lambda: len(bank.asked("sync/digest/")) > seen + 2)
        kinds = [(row["kind"], row["subject_id"]) for row in journal.rows("SELECT * FROM attention")]
    assert kinds == ([("hold", hold["id"])] if change else [])


@pytest.mark.parametrize("step", ["sync_compared", "sync_repaired"])
def test_killed_while_mending(bank: Bank, step: str) -> None:
    order_id = bank.lost()
    bank.configure(sync="start_seconds = 0")
    assert bank.start(**{VARIABLE: step}).wait(20) == -9
    bank.start()
    until(lambda: bank.finished(order_id), 30)
    assert bank.effects(order_id) == bank.control("log")["orders"][order_id]["answers"] == 1


def test_a_new_epoch_compares_everything(bank: Bank) -> None:
    first = bank.deliver()["order_id"]
    bank.configure(sync="start_seconds = 0")
    bank.start()
    until(lambda: bank.finished(first))
    until(lambda: len(bank.asked("sync/digest/")) >= 3)
    before = len(bank.asked("sync/digest/"))
    bank.control("settings", {"epoch": 2})
    bank.deliver(epoch=2)
    until(lambda: len(bank.asked("sync/digest/")) >= before + 3)
    with bank.journal() as journal:
        until(lambda: journal.fact("compared_epoch") == "2")


def test_an_order_whose_day_cannot_be_read_ends_no_process(bank: Bank) -> None:
    order_id = bank.deliver(available_at="soon")["order_id"]
    bank.configure(sync="start_seconds = 0")
    process = bank.start()
    until(lambda: bank.finished(order_id))
    bank.control("settings", {"epoch": 2})
    bank.deliver(epoch=2)
    with bank.journal() as journal:
        until(lambda: journal.fact("compared_epoch") == "2")
    assert process.poll() is None
    shown = bank.command("status", "--config", str(bank.config))
    assert (shown.returncode, f"day {order_id}: Its available_at cannot be read" in shown.stdout) == (1, True)
