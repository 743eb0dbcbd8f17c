"""The three plug-ins: what they are given, what they may answer, what a crash in between does."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import Any

import pytest
from antifraud_connector import plugins
from antifraud_connector.errors import ConnectorError, PluginFault
from antifraud_connector.faults import VARIABLE
from antifraud_connector.plugins import CallablePlugin, CommandPlugin, FolderPlugin

from tests.connector.bank import Bank, until

ORDER: dict[str, Any] = {"order_id": "a-1", "cancelled": False, "possible_duplicate": False}


def command(tmp_path: Path, code: str, seconds: float = 10) -> CommandPlugin:
    return CommandPlugin([sys.executable, "-c", code], seconds, tmp_path / "locks")


def test_a_command_reads_the_order_and_prints_the_answer(tmp_path: Path) -> None:
    plugin = command(tmp_path, "import sys, json; print(json.dumps({'outcome': json.load(sys.stdin)['order_id']}))")
    assert plugin.ask("a-1", ORDER) == {"outcome": "a-1"}
    plugin.settle("a-1")
    assert list((tmp_path / "locks").iterdir()) == []


def test_status_75_means_not_yet(tmp_path: Path) -> None:
    assert command(tmp_path, "raise SystemExit(75)").ask("a-1", ORDER) is None


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(1)",
        "print('yes')",
        "print('[]')",
        'print(\'{"a": 1, "a": 2}\')',
        "print('x' * 2_000_000)",
        "pass",
    ],
)
def test_anything_else_is_a_failure_and_no_answer(tmp_path: Path, code: str) -> None:
    with pytest.raises(PluginFault):
        command(tmp_path, code).ask("a-1", ORDER)


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(PluginFault, match="longer than"):
        command(tmp_path, "import time; time.sleep(60)", 0.5).ask("a-1", ORDER)
    assert time.monotonic() - begin < 10


def test_a_command_that_survived_its_connector_keeps_the_order(tmp_path: Path) -> None:
    plugin = command(tmp_path, "print('{}')")
    script = (
        "import subprocess, sys, fcntl; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3)'], pass_fds=(f.fileno(),))"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "locks" / "a-1")], check=True)
    with pytest.raises(PluginFault, match="still at work"):
        plugin.ask("a-1", ORDER)
    assert plugin.ask("a-2", ORDER) == {}


def test_a_callable_answers_waits_or_fails() -> None:
    assert CallablePlugin(lambda order: {"outcome": order["order_id"]}).ask("a-1", ORDER) == {"outcome": "a-1"}
    assert CallablePlugin(lambda order: None).ask("a-1", ORDER) is None
    wrong: list[Any] = [lambda order: order["absent"], lambda order: {"at": object()}, lambda order: ["no object"]]
    for function in wrong:
        with pytest.raises(PluginFault):
            CallablePlugin(function).ask("a-1", ORDER)


def test_a_callable_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("bank_plugin")
    vars(module).update(answer=lambda order: {}, number=5)
    monkeypatch.setitem(sys.modules, "bank_plugin", module)
    assert plugins.find("bank_plugin:answer")({}) == {}
    for name in ("bank_plugin", "bank_plugin:", "bank_plugin:absent", "bank_plugin:number", "no_such_module:answer"):
        with pytest.raises(ConnectorError, match=r"plugin\.callable"):
            plugins.find(name)


def test_a_folder_hands_over_once_however_often_it_crashes(tmp_path: Path) -> None:
    folder = FolderPlugin(tmp_path)
    folder.prepare("a-1", ORDER)
    folder = FolderPlugin(tmp_path)  # a crash after staging
    folder.prepare("a-1", ORDER)
    assert folder.ask("a-1", ORDER) is None
    handed = tmp_path / "orders" / "a-1.json"
    assert json.loads(handed.read_text()) == ORDER
    handed.unlink()  # the bank has taken it
    for _ in range(2):
        FolderPlugin(tmp_path).prepare("a-1", ORDER)
        assert FolderPlugin(tmp_path).ask("a-1", ORDER) is None
    assert not handed.exists()
    (tmp_path / "answers" / "a-1.json").write_text('{"outcome": "executed"}')
    assert folder.ask("a-1", ORDER) == {"outcome": "executed"}
    folder.settle("a-1")
    assert [path.name for path in tmp_path.rglob("*.json")] == ["a-1.json"]
    assert (tmp_path / "done" / "a-1.json").exists()
    assert list((tmp_path / "staged").iterdir()) == []


def test_a_half_written_answer_is_a_failure_and_stays(tmp_path: Path) -> None:
    folder = FolderPlugin(tmp_path)
    (tmp_path / "answers" / "a-1.json").write_text('{"outcome"')
    with pytest.raises(PluginFault):
        folder.ask("a-1", ORDER)
    assert (tmp_path / "answers" / "a-1.json").exists()


@pytest.mark.parametrize("step", ["handing", "effect_done", "effect_journaled"])
def test_the_folder_in_a_killed_connector(bank: Bank, step: str) -> None:
    bank.configure(plugin='kind = "folder"\nfolder = "exchange"')
    order_id = bank.deliver()["order_id"]
    orders, answers = bank.folder / "exchange" / "orders", bank.folder / "exchange" / "answers"
    if step == "effect_journaled":
        answers.mkdir(parents=True)
        (answers / f"{order_id}.json").write_text('{"outcome": "executed", "handled_by": "desk"}')
    assert bank.start(**{VARIABLE: step}).wait(20) == -9
    bank.start()
    until(lambda: (orders / f"{order_id}.json").exists())
    (orders / f"{order_id}.json").unlink()
    if step != "effect_journaled":
        (bank.folder / "new").write_text('{"outcome": "executed", "handled_by": "desk"}')
        (bank.folder / "new").rename(answers / f"{order_id}.json")
    until(lambda: bank.finished(order_id))
    assert list(orders.iterdir()) == []
    assert bank.control("log")["orders"][order_id]["answers"] == 1


def test_a_cancellation_reaches_an_order_that_is_in_the_banks_hands(bank: Bank) -> None:
    bank.configure(plugin='kind = "folder"\nfolder = "exchange"')
    order_id = bank.deliver()["order_id"]
    bank.start()
    orders = bank.folder / "exchange" / "orders"
    until(lambda: (orders / f"{order_id}.json").exists())
    bank.deliver("order.cancelled", order_id=order_id, seq=2)
    until(lambda: (orders / f"{order_id}.cancelled.json").exists())
    assert json.loads((orders / f"{order_id}.cancelled.json").read_text())["cancelled"] is True
