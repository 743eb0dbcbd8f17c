"""Posting to hostile receivers: one hard deadline, little memory, no redirect, no unpacking; nothing remote raises (R4)."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings

from antifraud.egress import network, sending
from antifraud.egress.sending import Flight, Parcel, Result
from tests.exchange.fake_bank import FakeBank, Street
from tests.exchange.webhooks import post_many

BODY = b'{"subject_id": "s", "topic": "t"}'


def _post(bank: FakeBank, *, seconds: float = 2.0, **more: Any) -> Result:
    return post_many([Parcel(bank.url, BODY, seconds=seconds, **more)])[0]


def test_body_headers_and_method_arrive_as_they_were_given(street: Street) -> None:
    bank = street.bank()
    got = _post(bank, headers={"Content-Type": "application/json", "Antifraud-Message-Id": "a.1"})
    assert (got.status, got.error) == (200, "")
    request = bank.requests[0]
    assert (request.method, request.path, request.body) == ("POST", "/events", BODY)
    assert request.headers["antifraud-message-id"] == "a.1"
    assert request.headers["host"] == f"127.0.0.1:{bank.port}"
    assert "accept-encoding" not in request.headers


def test_a_connection_is_used_again(street: Street) -> None:
    bank = street.bank()
    for _time in range(5):
        assert _post(bank).status == 200
    assert bank.connections == 1


@pytest.mark.parametrize(
    ("mode", "status", "error"),
    [
        ("500", 500, ""),
        ("404", 404, ""),
        ("redirect", 301, ""),
        ("bomb", 200, ""),
        ("huge", 200, ""),
        ("ack_then_die", 200, ""),
        ("reset", None, "broken"),
        ("garbage", None, "broken"),
        ("endless_header", None, "broken"),
    ],
)
def test_each_misbehaviour_has_a_plain_result(street: Street, mode: str, status: int | None, error: str) -> None:
    bank = street.bank(mode)
    started = time.monotonic()
    got = _post(bank)
    assert (got.status, got.error) == (status, error)
    assert time.monotonic() - started < 1
    assert len(bank.requests) == 1  # no redirect was followed, nothing was tried again


@pytest.mark.parametrize("mode", ["hang", "drip"])
def test_nobody_holds_a_slot_beyond_the_deadline(street: Street, mode: str) -> None:
    got = _post(street.bank(mode), seconds=1.0)
    assert (got.status, got.error) == (None, "timeout")
    assert 0.9 < got.seconds < 1.3


def test_ten_seconds_are_the_most_that_can_be_asked_for(monkeypatch: pytest.MonkeyPatch, street: Street) -> None:
    monkeypatch.setattr(sending, "DEADLINE", 0.5)
    assert _post(street.bank("hang"), seconds=3600).seconds < 1


def test_a_dripping_body_is_cut_and_the_status_counts(street: Street) -> None:
    got = _post(street.bank("drip_body"), seconds=10)
    assert got.status == 200
    assert got.seconds < 1.5


def test_a_huge_body_is_cut_at_its_limit(street: Street) -> None:
    bank = street.bank("huge")
    assert _post(bank).status == 200
    assert _post(bank).status == 200
    assert bank.connections == 2  # the first one was closed in the middle of the body


def test_what_a_busy_receiver_asks_for_is_heard_up_to_a_minute(street: Street) -> None:
    assert _post(street.bank("429")).retry_after == 7


def test_a_closed_port_is_unreachable(street: Street) -> None:
    bank = street.bank()
    street.close()
    assert _post(bank).error == "unreachable"
    street.__init__()  # type: ignore[misc]


def test_one_that_hangs_delays_no_other(street: Street) -> None:
    flight = Flight()
    hanging, well = street.bank("hang"), street.bank()
    flight.send([("hanging", Parcel(hanging.url, BODY, seconds=2.0)) for _time in range(10)])
    flight.send([("well", Parcel(well.url, BODY)) for _time in range(20)])
    started = time.monotonic()
    landed: list[Any] = []
    while len(landed) < 20:
        landed += flight.landed(1)
    assert time.monotonic() - started < 1
    assert {key for key, _result in landed} == {"well"}
    while flight.aloft:
        landed += flight.landed(3)
    assert [key for key, _result in landed].count("hanging") == 10


def test_a_waiting_flight_can_be_woken() -> None:
    flight = Flight()
    flight.wake()
    started = time.monotonic()
    assert flight.landed(5) == []
    assert time.monotonic() - started < 1


def _sleeping(_host: str) -> list[Any]:
    time.sleep(1)
    return []


def test_a_name_server_that_hangs_costs_the_connect_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(network, "resolve", _sleeping)
    started = time.monotonic()
    results = post_many([Parcel("https://slow-name.example.com/", BODY)] * 20)
    assert {result.error for result in results} == {"timeout"}
    assert time.monotonic() - started < 0.9


def test_environment_proxies_are_not_asked(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert _post(street.bank()).status == 200


@override_settings(DEMO=False)
def test_outside_of_a_demo_this_machine_cannot_be_reached(street: Street) -> None:
    bank = street.bank()
    assert _post(bank).error == "url_scheme"
    assert bank.connections == 0


def _certificate(folder: Path, name: str, *, days: int = 1) -> tuple[str, ssl.SSLContext]:
    """A self-signed certificate for `name` (PEM) and a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=9))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{name}{days}.pem"
    path.write_bytes(pem + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return pem.decode(), server


def test_tls_is_verified_against_the_banks_own_ca(street: Street, tmp_path: Path) -> None:
    pem, server = _certificate(tmp_path, "localhost")
    bank = street.bank(tls=server)
    assert _post(bank, ca=pem).status == 200
    assert _post(bank).error == "tls"  # not signed by a public CA
    assert len(bank.requests) == 1


@pytest.mark.parametrize(("name", "days"), [("bank.example.com", 1), ("localhost", -1)])
def test_a_wrong_name_or_an_expired_certificate_is_refused(
    street: Street, tmp_path: Path, name: str, days: int
) -> None:
    pem, server = _certificate(tmp_path, name, days=days)
    bank = street.bank(tls=server)
    assert _post(bank, ca=pem).error == "tls"
    assert bank.requests == []


def test_old_tls_is_refused() -> None:
    assert sending.tls_context().minimum_version == ssl.TLSVersion.TLSv1_2
