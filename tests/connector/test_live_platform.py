"""The connector as a process against the real platform over HTTP: signed both ways, one order from lane to answer, equal books."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from antifraud_connector import keys

from accounts.models import Hold, Order
from antifraud import db
from banks.models import Delivery
from banks.services.clients import client_create
from tests.accounts.answering import bank_order
from tests.banks.signing import register
from tests.cast import World
from tests.connector.bank import BANK_KEY, ROOT, until

ANSWER = """
from datetime import UTC, datetime


def answer(order):
    payload = order["payload"]
    return {
        "outcome": "executed", "handled_by": "core system", "effective_from": datetime.now(UTC).isoformat(),
        "executed_minor": payload["measure"]["amount_minor"],
    }
"""


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(transactional_db: None, live_server: Any, tmp_path: Path) -> Iterator[Start]:
    """Starts a connector of bank A with a client and a registered key of its own; all are ended."""
    world = World()
    with db.unit_of_work(world.admin):
        client, secret = client_create(by=world.admin, institution=world.bank_a, name="connector")
    keys.generate(tmp_path / "bank.pem")
    private = keys.load(tmp_path / "bank.pem", "key")
    register(world.risk_supervisor_a, world.admin, world.bank_a, private, BANK_KEY)
    (tmp_path / "secret").write_text(secret)
    (tmp_path / "core_system.py").write_text(ANSWER)
    (tmp_path / "antifraud-connector.toml").write_text(
        f'[platform]\nurl = "{live_server.url}"\n[institution]\ncode = "bank_a"\n[client]\nid = "{client.client_id}"\n'
        f'secret_file = "secret"\n[signing]\nkey_id = "{BANK_KEY}"\nkey_file = "bank.pem"\n[door]\nwait = 1\n'
        '[plugin]\nkind = "python"\ncallable = "core_system:answer"\n'
    )
    started: list[subprocess.Popen[str]] = []

    def run(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "antifraud_connector", *words],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": f"{ROOT / 'connector'}:{tmp_path}"}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and what was printed, of a command that ends by itself."""
    text = process.communicate(timeout=60)[0]
    return process.returncode, text


def test_one_order_from_the_lane_to_a_signed_answer(start: Start) -> None:
    world = World()
    status, text = told(start("check-config"))
    assert (status, "answers are the platform's own" in text) == (0, True), text
    order = bank_order(world)
    process = start("run")
    try:
        until(lambda: Order.objects.get(pk=order.pk).status == "answered", 30)
    except AssertionError:
        process.kill()
        pytest.fail(process.communicate()[0])
    process.terminate()
    assert process.wait(15) == 0
    hold = Hold.objects.get(order=order)
    assert (Delivery.objects.get(subject_id=order.id).state, hold.status, hold.amount_minor) == (
        "transported", "active", order.amount_minor,
    )  # fmt: skip
    status, text = told(start("sync"))
    assert (status, text.count("equal (1 at the platform)")) == (0, 2), text  # today's orders, and the open holds
    status, text = told(start("status", "--json"))
    assert (status, json.loads(text)["counts"]["answers accepted"]) == (0, 1)
