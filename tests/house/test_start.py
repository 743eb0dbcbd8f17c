"""The pieces behind `make`: ports, stamps, pins, the supervisor's file, the browser; not the servers (test_embedded)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from antifraud.start import assets, browser, compose, environment, healthy, ports, steps, supervisor
from antifraud.start import run as start_run
from antifraud.start.faults import StartError

PROJECT = Path(__file__).resolve().parents[2]


def listener() -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    return server


def test_a_taken_port_gives_the_next_free_one() -> None:
    with listener() as first:
        wanted = first.getsockname()[1]
        chosen = ports.first_free(wanted)
        assert chosen > wanted
        assert ports.first_free(wanted, taken=[chosen]) > chosen
    assert ports.first_free(wanted) == wanted


def test_a_port_variable_that_is_no_port_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for bad in ("http", "80", "70000", "-1"):
        monkeypatch.setenv("ANTIFRAUD_PORT", bad)
        with pytest.raises(StartError, match="ANTIFRAUD_PORT must be a port number"):
            environment.wanted_port("ANTIFRAUD_PORT", 8000)
    monkeypatch.setenv("ANTIFRAUD_PORT", "8123")
    assert environment.wanted_port("ANTIFRAUD_PORT", 8000) == 8123


def test_a_step_is_done_again_when_its_inputs_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PROJECT", tmp_path)
    folder = tmp_path / "sources"
    folder.mkdir()
    source = folder / "a.po"
    source.write_text("one")
    stamp = steps.Stamp(tmp_path / "kept" / "stamp", steps.digest([folder], without=".mo"))
    assert not stamp.is_fresh()
    stamp.set()
    (folder / "a.mo").write_text("compiled")
    assert steps.Stamp(stamp.path, steps.digest([folder], without=".mo")).is_fresh()
    source.rename(folder / "b.po")
    assert not steps.Stamp(stamp.path, steps.digest([folder], without=".mo")).is_fresh()


def test_one_package_is_cut_out_of_the_pins_with_all_its_hashes() -> None:
    pins = (PROJECT / "requirements" / "dev.txt").read_text()
    block = assets.pinned(assets.NODE_PACKAGE, pins)
    assert re.findall(r"^[\w.-]+==", block, flags=re.MULTILINE) == [f"{assets.NODE_PACKAGE}=="]
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", block)) >= 2
    assert not block.rstrip().endswith("\\")
    with pytest.raises(StartError, match="absent is not pinned"):
        assets.pinned("absent", pins)


def test_the_lock_file_pins_what_package_json_names_and_names_no_host() -> None:
    wanted = json.loads((assets.ASSETS / "package.json").read_text())["dependencies"]
    text = (assets.ASSETS / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert '"resolved"' not in text
    assert all(entry["integrity"].startswith("sha512-") for path, entry in packages.items() if path)


def test_supervisor_reads_the_file_and_finds_every_process(tmp_path: Path) -> None:
    logs = tmp_path / "50% of logs"
    logs.mkdir()
    path = tmp_path / "supervisord.conf"
    path.write_text(supervisor.configuration(logs, tmp_path / "pid", 8000, 8001))
    options = ServerOptions()
    options.realize(["-n", "-c", str(path)])
    [group] = options.process_group_configs
    processes = {process.name: process for process in group.process_configs}
    assert sorted(processes) == ["live", "relay", "scheduler", "web", "worker1", "worker2"]
    assert all(process.autorestart is not False and process.autostart for process in processes.values())
    assert all(sys.executable in process.command for process in processes.values())
    assert options.logfile == str(logs / "supervisord.log")
    assert processes["web"].stdout_logfile == str(logs / "web.log")
    assert processes["worker2"].stdout_logfile == str(logs / "worker2.log")
    assert processes["worker2"].command.endswith("--hostname worker2@%h")
    assert "--bind 127.0.0.1:8000" in processes["web"].command
    assert not options.configroot.supervisord.server_configs


def test_the_owner_migrates_and_nobody_else_gets_its_address() -> None:
    env = {"DATABASE_URL": "postgresql://app@h/d", "DATABASE_OWNER_URL": "postgresql://owner@h/d"}
    assert environment.for_owner(env)["DATABASE_URL"] == "postgresql://owner@h/d"
    assert env["DATABASE_URL"] == "postgresql://app@h/d"
    files = {"DATABASE_URL_FILE": "/app", "DATABASE_OWNER_URL_FILE": "/owner"}
    assert environment.for_owner(files)["DATABASE_URL_FILE"] == "/owner"


def test_without_owner_address_a_sentence_says_who_owns_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert environment.for_owner({"DATABASE_URL": "x"})["DATABASE_URL"] == "x"
    assert "DATABASE_OWNER_URL is not set" in capsys.readouterr().out


def test_a_browser_is_found_on_the_path_or_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTIFRAUD_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    assert browser.find() is None
    with pytest.raises(StartError, match="apt-get install chromium"):
        browser.require()
    chrome = tmp_path / "google-chrome"
    chrome.write_text("#!/bin/sh\n")
    chrome.chmod(0o755)
    assert browser.find() == browser.require() == str(chrome)
    monkeypatch.setenv("ANTIFRAUD_BROWSER", str(tmp_path / "absent"))
    with pytest.raises(StartError, match="no programme here"):
        browser.find()


FAKE_APT = """#!/bin/sh
echo "$@" >> {folder}/asked
case "$1" in update) : > {folder}/updated;; esac
[ -e {folder}/updated ] || exit 100
case "$*" in *chromium) printf '#!/bin/sh\\n' > {folder}/chromium; chmod +x {folder}/chromium;; *noto*) exit 100;; esac
"""


def test_a_browser_and_letters_are_installed_where_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTIFRAUD_BROWSER", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    apt = tmp_path / "apt-get"
    apt.write_text(FAKE_APT.format(folder=tmp_path))
    apt.chmod(0o755)
    (tmp_path / "chmod").symlink_to("/bin/chmod")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.require() == str(tmp_path / "chromium")
    asked = [line.split() for line in (tmp_path / "asked").read_text().splitlines()]
    assert [words[-1] for words in asked] == ["chromium", "-qq", "chromium", *browser.FONTS[:1], "-qq", *browser.FONTS]


def test_secrets_are_made_once_and_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compose, "FOLDER", tmp_path / "secrets")
    assert compose.secrets_folder() == 0
    made = {path.name: path.read_text() for path in compose.FOLDER.iterdir()}
    assert stat.S_IMODE(compose.FOLDER.stat().st_mode) == 0o700
    assert made["owner_password"] in made["database_owner_url"]
    assert made["app_password"] in made["database_url"]
    assert len({made["owner_password"], made["app_password"], made["postgres_password"], made["secret_key"]}) == 4
    assert compose.secrets_folder() == 0
    assert {path.name: path.read_text() for path in compose.FOLDER.iterdir()} == made
    shown = capsys.readouterr().out
    assert not any(text in shown for text in made.values())


class Readiness(BaseHTTPRequestHandler):
    """A web process of which the relay made no progress."""

    def do_GET(self) -> None:
        parts = {"relay": {"ok": False, "detail": "has never succeeded"}, "scheduler": {"ok": True, "detail": ""}}
        body = json.dumps({"ready": False, "parts": parts}).encode()
        local = (self.headers["Host"] or "").partition(":")[0] == "127.0.0.1"
        self.send_response(503 if self.path == "/readyz" and local else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@contextlib.contextmanager
def web_process() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Readiness) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_the_start_names_the_parts_that_are_not_well() -> None:
    with web_process() as port:
        assert start_run.readiness(port) == (False, ["relay: has never succeeded"])
        assert start_run.listens(port)
    ready, missing = start_run.readiness(port)
    assert not ready
    assert missing[0].startswith("the web process does not answer")
    assert not start_run.listens(port)


def test_a_container_is_healthy_by_what_its_part_achieved() -> None:
    with web_process() as port:
        answers = [healthy.is_healthy("127.0.0.1", part, port=port) for part in ("", "relay", "scheduler", "absent")]
    assert answers == [False, False, True, False]
    assert not healthy.is_healthy("127.0.0.1", "scheduler", port=port)


def test_data_lies_where_the_account_may_keep_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ANTIFRAUD_DATA", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert environment.data_folder() == Path("/var/lib/antifraud")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert environment.data_folder() == PROJECT / ".data"
    monkeypatch.setenv("ANTIFRAUD_DATA", str(tmp_path))
    assert environment.data_folder() == tmp_path
