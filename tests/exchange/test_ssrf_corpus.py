"""T24: no connection leaves for an address that is not a bank's: URLs, spellings of IPs, answers of name servers, redirects."""

from __future__ import annotations

import socket
from typing import Any

import httpcore
import pytest
from django.test import override_settings

from antifraud import checks
from antifraud.egress import network
from antifraud.egress.addresses import AddressRefusedError, is_public_ip, is_public_name, target_of
from antifraud.egress.sending import Parcel
from tests.exchange.fake_bank import Street
from tests.exchange.webhooks import post_many

URLS = [
    "http://bank.example.com/",
    "ftp://bank.example.com/",
    "gopher://bank.example.com:443/_x",
    "file:///etc/passwd",
    "//bank.example.com/",
    "https:bank.example.com",
    "https:///path",
    "https://",
    "",
    "https://bank.example.com:22/",
    "https://bank.example.com:80/",
    "https://bank.example.com:6379/",
    "https://bank.example.com:0/",
    "https://bank.example.com:99999/",
    "https://bank.example.com:/",
    "https://user@bank.example.com/",
    "https://user:secret@bank.example.com/",
    "https://bank.example.com@169.254.169.254/",
    "https://bank.example.com\\@169.254.169.254/",
    "https://bank.example.com#@169.254.169.254/",
    "https://bank.example.com/#part",
    "https://bank.example.com /",
    "https://bank.example.com/\r\nHost: x",
    "https://bank.example.com/\x00",
    "https://bank。example。com/",
    "https://①⑥⑨.254.169.254/",
    "https://b\u00e4nk.example.com/",
    "https://bank.example.com%2f@127.0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://127.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://8.8.8.8/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://017700000001/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[fe80::1%25eth0]/",
    "https://localhost/",
    "https://LOCALHOST:8443/",
    "https://api.localhost/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://intranet/",
    "https://bank.example.com./",
    "https://.example.com/",
    "https://bank..example.com/",
    "https://-bank.example.com/",
    "https://bank_a.example.com/",
    "https://" + "a" * 64 + ".example.com/",
    "https://" + "a." * 130 + "com/",
    "https://bank.example.com/" + "a" * 500,
]
ADDRESSES = [
    "0.0.0.1", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "168.63.129.16", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.31.196.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "100::1",
    "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:a9fe:a9fe::1", "2002:7f00:1::",
    "2620:4f:8000::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
    "1.2.3", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "", "bank",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "203.119.25.1", "2400:3200::1", "2606:4700:4700::1111"]


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every IP that a connection is tried to; none of them answers."""
    found: list[tuple[str, int]] = []

    async def connect(_self: Any, host: str, port: int, **_more: Any) -> Any:
        found.append((host, port))
        raise httpcore.ConnectError

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    return found


def _name_server(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    waiting = list(answers)

    def answer(_host: str) -> list[Any]:
        ips = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 0)) for ip in ips]

    monkeypatch.setattr(network, "resolve", answer)


def test_the_corpus_is_large_enough() -> None:
    assert len(URLS) >= 60
    assert len(ADDRESSES) >= 50
    assert len(set(URLS)) == len(URLS)


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_is_no_banks_is_refused_unasked(
    url: str, dialled: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even with a name server that says 1.1.1.1 to everything."""
    _name_server(monkeypatch, ["1.1.1.1"])
    with pytest.raises(AddressRefusedError):
        target_of(url, loopback=False)
    with override_settings(EGRESS_ALLOW_LOOPBACK=False):
        result = post_many([Parcel(url, b"")])[0]
    assert result.status is None
    assert result.error.startswith("url_")
    assert dialled == []


@pytest.mark.parametrize("ip", ADDRESSES)
@pytest.mark.parametrize("place", ["alone", "first", "last"])
def test_a_name_that_leads_elsewhere_is_refused(
    ip: str, place: str, dialled: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad answer among good ones is enough."""
    _name_server(monkeypatch, {"alone": [ip], "first": [ip, "1.1.1.1"], "last": ["1.1.1.1", ip]}[place])
    assert not is_public_ip(ip)
    with override_settings(EGRESS_ALLOW_LOOPBACK=False):
        result = post_many([Parcel("https://bank.example.com/hook", b"")])[0]
    assert (result.status, result.error) == (None, "address_refused")
    assert dialled == []


@pytest.mark.parametrize("ip", PUBLIC)
def test_a_public_address_is_dialled_as_it_was_checked(
    ip: str, dialled: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _name_server(monkeypatch, [ip], ["127.0.0.1"])  # a rebinding server answers differently the second time
    result = post_many([Parcel("https://bank.example.com:8443/hook", b"")])[0]
    assert result.error == "unreachable"
    assert dialled == [(ip, 8443)]


def test_a_name_without_addresses_is_refused(dialled: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    _name_server(monkeypatch, [])
    assert post_many([Parcel("https://bank.example.com/", b"")])[0].error == "address_refused"
    assert dialled == []


def test_a_redirect_leads_nowhere(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = street.bank("redirect")
    heard: list[str] = []
    real = httpcore.AnyIOBackend.connect_tcp

    async def connect(self: Any, host: str, port: int, **more: Any) -> Any:
        heard.append(host)
        return await real(self, host, port, **more)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    assert post_many([Parcel(bank.url, b"")])[0].status == 301
    assert heard == ["127.0.0.1"]


@pytest.mark.parametrize(
    "url", ["https://bank.example.com/", "https://a-b.example.co:8443/x?y=1", "https://xn--fiqs8s.cn/"]
)
def test_a_banks_address_is_taken(url: str) -> None:
    target = target_of(url, loopback=False)
    assert (target.scheme, target.port in {443, 8443}) == ("https", True)
    assert is_public_name(target.host)


def test_loopback_opens_this_machine_and_nothing_else(dialled: list[Any]) -> None:
    assert target_of("http://127.0.0.1:5000/x", loopback=True).port == 5000
    for url in ("http://10.0.0.1/", "http://127.0.0.2/", "http://bank.example.com/", "https://169.254.169.254/"):
        with pytest.raises(AddressRefusedError):
            target_of(url, loopback=True)


def test_an_installation_that_opens_loopback_does_not_pass_its_check() -> None:
    assert checks.loopback_is_for_demos() == []
    with override_settings(DEMO=False):
        assert [found.id for found in checks.loopback_is_for_demos()] == ["antifraud.E002"]
    with override_settings(DEMO=False, EGRESS_ALLOW_LOOPBACK=False):
        assert checks.loopback_is_for_demos() == []
