"""One request under a hard deadline: what drips, hangs, grows or redirects is no answer; what the platform did not sign says nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from antifraud_connector import config, keys, wire
from antifraud_connector.conformance.stage import Stage, server
from antifraud_connector.errors import RefusedFault, TransportFault
from antifraud_connector.platform_api import Platform
from antifraud_connector.signatures import SigningKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antifraud.api.middleware import wanted_id

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def raw_server(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """Accepts connections and lets `speak` say anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _address = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65536)
                        speak(connection)
                    except OSError:
                        continue

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        listening.shutdown(socket.SHUT_RDWR)


def drip_head(connection: socket.socket) -> None:
    for byte in HEAD * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def drip_body(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def hang(connection: socket.socket) -> None:
    time.sleep(3)


def cut_off(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{}")


def nonsense(connection: socket.socket) -> None:
    connection.sendall(b"\x00\xff" * 100)


@pytest.mark.parametrize("speak", [drip_head, drip_body, hang, cut_off, nonsense])
def test_what_is_no_whole_answer_in_time_is_a_fault(speak: Callable[[socket.socket], None]) -> None:
    begin = time.monotonic()
    with raw_server(speak) as url, pytest.raises(TransportFault):
        wire.send("GET", url, headers={}, deadline=1.0)
    assert time.monotonic() - begin < 2.5


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_ANSWER", 1000)
    with (
        raw_server(lambda c: c.sendall(HEAD + b"\r\n" + b" " * 5000)) as url,
        pytest.raises(TransportFault, match="too large"),
    ):
        wire.send("GET", url, headers={})


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    asked = []

    def elsewhere(connection: socket.socket) -> None:
        asked.append(1)
        connection.sendall(b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    with raw_server(elsewhere) as url:
        assert wire.send("GET", url, headers={}).status == 301
    assert asked == [1]


def test_no_https_to_a_plain_server() -> None:
    with raw_server(nonsense) as url, pytest.raises(TransportFault):
        wire.send("GET", url.replace("http:", "https:"), headers={}, deadline=2)


class Liar(Stage):
    """A platform whose answers can be spoiled."""

    answer: tuple[int, dict[str, object]] = (200, {})
    replayed = ""
    offered: tuple[str, ...] = ()

    def request_id(self, offered: list[str]) -> str:
        """That of an older answer, where one is played again."""
        self.offered += tuple(offered)
        return self.replayed or super().request_id(offered)

    def write(self, place: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        """What the test says."""
        return self.answer


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[tuple[Liar, Platform]]:
    """A spoilt platform and a client of it."""

    def made(url: str) -> Liar:
        return Liar(url, code="platform", institution="bank_a", key=SigningKey("p-1", Ed25519PrivateKey.generate()))

    listening, stage = server(("127.0.0.1", 0), made)
    (tmp_path / "secret").write_text("s")
    (tmp_path / "c.toml").write_text(
        f'[platform]\nurl = "{stage.url}"\n[institution]\ncode = "bank_a"\n[client]\nid = "a"\nsecret_file = "secret"\n'
        '[plugin]\nfolder = "x"\n'
    )
    assert isinstance(stage, Liar)
    yield stage, Platform(config.load(tmp_path / "c.toml", {}))
    listening.shutdown()
    listening.server_close()


def test_signed_answers_are_believed(liar: tuple[Liar, Platform]) -> None:
    stage, platform = liar
    stage.answer = (200, {"status": "answered"})
    assert platform.post("orders/1/answer/", {}) == {"status": "answered"}
    stage.answer = (422, {"code": "invalid", "detail": "no"})
    with pytest.raises(RefusedFault) as refused:
        platform.post("orders/2/answer/", {})
    assert (refused.value.code, refused.value.is_final) == ("invalid", True)


@pytest.mark.parametrize("status", [200, 404, 422])
def test_what_another_key_signed_or_another_bank_got_says_nothing(liar: tuple[Liar, Platform], status: int) -> None:
    stage, platform = liar
    stage.answer = (status, {"code": "invalid", "status": "answered"})
    stage.institution = "bank_b"
    with pytest.raises(TransportFault, match="wrong_recipient"):
        platform.post("orders/1/answer/", {})
    stage.institution = "bank_a"
    platform.post("orders/3/answer/", {}) if status == 200 else None
    stage.key = SigningKey("p-1", Ed25519PrivateKey.generate())
    platform.keys = keys.PlatformKeys(
        lambda: json.dumps({"keys": [{**stage.listed(), "public_key": other()}]}).encode()
    )
    with pytest.raises(TransportFault, match="signature_invalid"):
        platform.post("orders/1/answer/", {})


@pytest.mark.parametrize("status", [200, 404, 422])
def test_an_older_signed_answer_to_the_same_address_says_nothing(liar: tuple[Liar, Platform], status: int) -> None:
    stage, platform = liar
    platform.post("orders/1/answer/", {})
    stage.replayed, stage.answer = stage.offered[-1], (status, {"code": "invalid", "status": "answered"})
    with pytest.raises(TransportFault, match="another request"):
        platform.post("orders/1/answer/", {})
    with pytest.raises(TransportFault, match="another request"):
        platform.get("orders/1/")
    stage.replayed, stage.answer = "", (200, {"status": "issued"})
    assert platform.post("orders/1/answer/", {"try": 2}) == {"status": "issued"}
    assert len(stage.offered) == len({uuid.UUID(text) for text in stage.offered}) == 4


def test_the_stage_repeats_the_request_ids_that_the_platform_repeats(liar: tuple[Liar, Platform]) -> None:
    number_like = "00000000-1111-4222-8333-444444444444"
    for offered in (number_like, "abc-1234", "a" * 64):
        assert Stage.request_id(liar[0], [offered]) == wanted_id(offered) == offered
    for offered in ("short", "a" * 65, "under_score", "62220212345678901", "a-622202-12345-678901"):
        assert offered not in {Stage.request_id(liar[0], [offered]), wanted_id(offered)}
    assert uuid.UUID(Stage.request_id(liar[0], [])).version == 4


def other() -> str:
    """A public key that nobody uses."""
    return keys.printed(Ed25519PrivateKey.generate().public_key())


def test_an_unsigned_page_of_a_proxy_says_nothing(tmp_path: Path) -> None:
    content = b'{"access_token":"t","expires_in":600,"code":"not_found"}'
    page = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)
    with raw_server(lambda connection: connection.sendall(page)) as url:
        (tmp_path / "secret").write_text("s")
        (tmp_path / "c.toml").write_text(
            f'[platform]\nurl = "{url}"\n[institution]\ncode = "bank_a"\n[client]\nid = "a"\nsecret_file = "secret"\n'
            '[plugin]\nfolder = "x"\n'
        )
        platform = Platform(config.load(tmp_path / "c.toml", {}))
        with pytest.raises(TransportFault, match="signature_missing"):
            platform.post("orders/1/answer/", {})
