"""The conformance kit: our own connector passes; endpoints that are wrong in one way each fail in that case, in both languages."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from antifraud_connector.cli import main
from antifraud_connector.conformance import bench, cases, texts
from antifraud_connector.conformance.stage import Stage, server

from tests.connector.bank import BANK_KEY, Bank
from tests.connector.test_webhook import Hook, free_port


def verdicts(report: Path) -> dict[str, bool]:
    return {entry["case"]: entry["passed"] for entry in json.loads(report.read_text())["cases"]}


def kit(tmp_path: Path, url: str, *words: str) -> int:
    return main(
        [
            "conformance", "--url", url, "--institution", "bank_a", "--report", str(tmp_path / "report.json"),
            "--key", str(tmp_path / "kit.pem"), *words,
        ]
    )  # fmt: skip


@contextmanager
def endpoint(behaviour: Any, kind: type[HTTPServer] = ThreadingHTTPServer) -> Iterator[str]:
    """A bank that answers what `behaviour(body)` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                status = behaviour(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                return

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing."""

    made = kind(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}/hook"
    finally:
        made.shutdown()
        made.server_close()


def test_our_own_connector_passes_every_case(bank: Bank, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hook, port = Hook(bank), free_port()
    text = bank.config.read_text().replace(bank.url, f"http://127.0.0.1:{port}")
    bank.config.write_text(text)
    hook.start()
    assert kit(tmp_path, hook.url, "--listen", f"127.0.0.1:{port}", "--bank-key", f"{BANK_KEY}={bank.public}") == 0, (
        capsys.readouterr().out
    )
    assert verdicts(tmp_path / "report.json") == dict.fromkeys(cases.CASES, True)
    assert "All 13 cases passed." in capsys.readouterr().out


def test_an_endpoint_that_believes_everything_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with endpoint(lambda body: 200) as url:
        assert kit(tmp_path, url, "--wait", "0.2", "--listen", "127.0.0.1:0", "--language", "zh") == 1
    found = verdicts(tmp_path / "report.json")
    refusals = {"replay", "late", "forged", "wrong_recipient", "altered", "malformed", "oversized"}
    assert {name for name, passed in found.items() if not passed} == {"valid", "duplicate", *refusals}
    said = capsys.readouterr().out
    assert re.search(r"不通过\s+forged", said)
    assert "对“签给其他银行”返回 200，应返回 4xx" in said


def test_an_endpoint_that_refuses_everything_fails_what_must_be_taken(tmp_path: Path) -> None:
    with endpoint(lambda body: 503) as url:
        assert kit(tmp_path, url, "--wait", "0.2", "--listen", "127.0.0.1:0") == 1
    assert not any(verdicts(tmp_path / "report.json").values())


def test_an_endpoint_that_handles_one_after_the_other_fails_the_slow_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "DEADLINE_SECONDS", 1.0)
    with endpoint(lambda body: 200, HTTPServer) as url:
        assert kit(tmp_path, url, "--case", "slow", "--listen", "127.0.0.1:0") == 1
    with endpoint(lambda body: 200) as url:
        assert kit(tmp_path, url, "--case", "slow", "--listen", "127.0.0.1:0") == 0


def test_a_second_effect_is_seen(tmp_path: Path) -> None:
    def answer_each_time(body: bytes) -> int:
        event = json.loads(body)
        for entry in stages:
            entry.log.append(
                {
                    "method": "POST",
                    "path": f"orders/{event['subject_id']}/answer/",
                    "key": body.hex(),
                    "body": '{"outcome":"executed"}',
                }
            )
        return 200

    stages: list[Stage] = []
    with endpoint(answer_each_time) as url:
        listening, stage = server(
            ("127.0.0.1", 0), lambda own: Stage(own, code="platform", institution="bank_a", key=bench.stranger("k"))
        )
        stages.append(stage)
        played = bench.Bench(url, stage, wait=0.5)
        for case, finding in ((cases.duplicate, "second_effect"), (cases.reorder, "executed_cancelled")):
            notes = bench.Notes()
            case(played, notes)
            assert [name for name, _values in notes.findings] == [finding]
        listening.shutdown()
        listening.server_close()


def test_nobody_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/hook"
        assert kit(tmp_path, url, "--case", "valid", "--wait", "0.1", "--listen", "127.0.0.1:0") == 1
    assert "closed the connection on a valid event" in capsys.readouterr().out


def test_a_plain_address_elsewhere_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kit(tmp_path, "http://bank.example/hook") == 2
    assert "--url: must be an https address" in capsys.readouterr().err
    assert not (tmp_path / "report.json").exists()


def test_every_case_finding_and_variant_has_words_in_both_languages() -> None:
    assert set(texts.CASES) == set(cases.CASES)
    for pairs in (texts.CASES, texts.FINDINGS, texts.VARIANTS, texts.WORDS, texts.STATUSES):
        for english, chinese in pairs.values():
            assert english.isascii()
            assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
