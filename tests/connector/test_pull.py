"""The pull door end to end, and killed at every step: one effect, one answer under one key, nothing lost."""

from __future__ import annotations

import signal

import pytest
from antifraud_connector.faults import VARIABLE

from tests.connector.bank import Bank, until

STEPS = [
    "received", "journaled", "acked", "handing", "effect_done", "effect_journaled", "acknowledge_posting", "acknowledge_posted",
    "acknowledge_marked", "answer_posting", "answer_posted", "answer_marked",
]  # fmt: skip
BETWEEN_HANDING_AND_JOURNAL = {"handing", "effect_done"}
HANDED_OVER_ONCE = {"received", "effect_journaled", "answer_posting", "answer_posted", "answer_marked"}


def check_once(bank: Bank, order_id: str) -> None:
    """One effect; every answer that was sent has the same key and the same bytes, and is signed."""
    answers = bank.answers(order_id)
    assert bank.effects(order_id) == 1
    assert len({(entry["key"], entry["body"]) for entry in answers}) == 1
    assert len({entry["key"] for entry in bank.asked(f"orders/{order_id}/acknowledge/")}) == 1
    assert all(entry["signed"] for entry in answers)
    assert bank.control("log")["orders"][order_id]["answers"] == 1


def test_an_order_is_taken_executed_and_answered(bank: Bank) -> None:
    order_id = bank.deliver()["order_id"]
    process = bank.start()
    until(lambda: bank.finished(order_id))
    check_once(bank, order_id)
    assert len(bank.runs(order_id)) == len(bank.answers(order_id)) == 1
    until(lambda: all(row["acked"] for row in bank.control("log")["lane"]))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step(bank: Bank, step: str) -> None:
    order_id = bank.deliver()["order_id"]
    killed = bank.start(**{VARIABLE: step})
    assert killed.wait(20) == -signal.SIGKILL
    bank.start()
    until(lambda: bank.finished(order_id))
    check_once(bank, order_id)
    runs = bank.runs(order_id)
    assert all(run["again"] for run in runs[1:])
    if step in BETWEEN_HANDING_AND_JOURNAL:
        assert runs[-1]["again"] is True
    elif step in HANDED_OVER_ONCE:
        assert len(runs) == 1


def test_killed_again_and_again_with_many_orders(bank: Bank) -> None:
    orders = [bank.deliver()["order_id"] for _ in range(12)]
    for step in ("journaled:2", "effect_done:2", "answer_posted:2", "acknowledge_posted:3", "acked"):
        orders.append(bank.deliver()["order_id"])
        process = bank.start(**{VARIABLE: step})
        assert process.wait(30) == -signal.SIGKILL
    bank.start()
    until(lambda: all(bank.finished(order_id) for order_id in orders), 60)
    for order_id in orders:
        check_once(bank, order_id)


def test_a_delivery_that_comes_three_times_has_one_effect(bank: Bank) -> None:
    message = bank.deliver()
    for _ in range(2):
        bank.control("deliver", message)
    bank.start()
    until(lambda: all(row["acked"] for row in bank.control("log")["lane"]))
    until(lambda: bank.finished(message["order_id"]))
    check_once(bank, message["order_id"])
    assert len(bank.runs(message["order_id"])) == 1


def test_a_cancellation_before_its_order_prevents_it(bank: Bank) -> None:
    later = bank.deliver("order.cancelled", seq=2)
    bank.deliver(order_id=later["order_id"])
    other = bank.deliver()["order_id"]
    bank.start()
    until(lambda: bank.finished(other))
    until(lambda: all(row["acked"] for row in bank.control("log")["lane"]))
    assert bank.runs(later["order_id"]) == []
    assert bank.answers(later["order_id"]) == []


def test_an_order_that_a_person_answered_meanwhile_is_not_executed(bank: Bank) -> None:
    answered = bank.deliver(status="answered")["order_id"]
    other = bank.deliver()["order_id"]
    bank.start()
    until(lambda: bank.finished(other))
    assert bank.runs(answered) == []


def test_a_platform_that_is_away_is_asked_until_it_is_back(bank: Bank) -> None:
    order_id = bank.deliver()["order_id"]
    bank.control("settings", {"broken": 3})
    bank.start()
    until(lambda: bank.finished(order_id), 40)
    check_once(bank, order_id)


def test_a_refused_answer_waits_for_a_person(bank: Bank) -> None:
    bank.control("settings", {"refuse": {"answer": [422, "invalid"]}})
    order_id = bank.deliver()["order_id"]
    bank.start()
    until(lambda: bool(bank.answers(order_id)))
    until(lambda: bank.command("status", "--config", str(bank.config)).returncode == 1)
    assert "422" in bank.command("status", "--config", str(bank.config)).stdout
    bank.control("settings", {"refuse": {}})
    better = bank.folder / "better.json"
    better.write_text('{"outcome": "refused", "handled_by": "person", "reason": "other"}')
    assert bank.command("answer", order_id, str(better), "--config", str(bank.config)).returncode == 0
    until(lambda: bank.control("log")["orders"][order_id]["state"] == "answered")
    until(lambda: bank.command("status", "--config", str(bank.config)).returncode == 0)
    assert [entry["key"] for entry in bank.answers(order_id)] == [f"answer-{order_id}-1", f"answer-{order_id}-2"]
    assert bank.effects(order_id) == 1


def test_a_key_that_does_not_count_any_more_is_told_to_people_and_loses_nothing(bank: Bank) -> None:
    bank.control("settings", {"refuse": {"answer": [401, "key_revoked"]}})
    order_id = bank.deliver()["order_id"]
    bank.start()
    until(lambda: "key_revoked" in bank.command("status", "--config", str(bank.config)).stdout)
    bank.control("settings", {"refuse": {}})
    until(lambda: bank.finished(order_id))
    check_once(bank, order_id)
    assert bank.command("status", "--config", str(bank.config)).returncode == 0


def test_a_second_connector_on_the_same_journal_is_refused(bank: Bank) -> None:
    order_id = bank.deliver()["order_id"]
    bank.start()
    until(lambda: bank.finished(order_id))
    second = bank.command("run", "--config", str(bank.config))
    assert second.returncode == 2
    assert "in use by another connector" in second.stderr
