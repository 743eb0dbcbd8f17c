"""Which address may be reached from inside (R38): the URL as written, and each IP that its name resolves to."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PORTS = frozenset({443, 8443})
LONGEST_URL = 500
LONGEST_HOST = 253
_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label starts with a letter: that refuses 2130706433, 0x7f.1, 0177.0.0.1 and every other spelling of an IP.
_HOST = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")
_INSIDE = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "onion")
_PLAIN = re.compile(r"[!-\[\]-~]+")  # printable ASCII without blank and backslash

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# What `is_global` lets through although nobody's bank lives there: 6to4 relays, AS112, a cloud's host agent.
_NOT_BANKS_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in ("192.88.99.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.175.48.0/24", "168.63.129.16/32")
)
# Mapped, NAT64, link-local, unique-local and multicast addresses lie outside of it and need no row of their own.
_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")
_NOT_BANKS_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)


class AddressRefusedError(ValueError):
    """The address may not be reached from here; its message is a code, never the address."""


@dataclass(frozen=True)
class Target:
    """A URL that passed, in the parts that the connection is made from: nobody parses the text a second time."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(url: str, *, loopback: bool) -> Target:
    """The parts of a webhook's URL: https, port 443 or 8443, a public domain name, no user name, no fragment.

    With `loopback` also http and https on 127.0.0.1, [::1] and localhost at any port (tests, drills). Raises
    AddressRefusedError `url_form`, `url_scheme`, `url_port` or `url_host`.
    """
    if len(url) > LONGEST_URL or not _PLAIN.fullmatch(url):
        raise AddressRefusedError("url_form")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise AddressRefusedError("url_form") from error
    if "@" in parts.netloc or "#" in url or "%" in parts.netloc or not host:
        raise AddressRefusedError("url_form")
    if loopback and host in _LOOPBACK_HOSTS and parts.scheme in {"http", "https"}:
        return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), _path(parts))
    if parts.scheme != "https":
        raise AddressRefusedError("url_scheme")
    if (port is None and parts.netloc.endswith(":")) or (443 if port is None else port) not in PORTS:
        raise AddressRefusedError("url_port")
    if not is_public_name(host):
        raise AddressRefusedError("url_host")
    return Target("https", host, port or 443, _path(parts))


def is_public_name(host: str) -> bool:
    """Whether `host` (small letters) can be a bank's domain: a name with a dot, no spelling of an IP, no inside zone."""
    if len(host) > LONGEST_HOST or not _HOST.fullmatch(host):
        return False
    return not any(host == zone or host.endswith(f".{zone}") for zone in _INSIDE)


def is_public_ip(text: str) -> bool:
    """Whether an IP in its usual spelling belongs to the public internet and to no special use (R38, E10)."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False  # also a scoped address (fe80::1%eth0)
    if isinstance(address, ipaddress.IPv4Address):
        special = address.is_multicast or address.is_reserved or _within(address, _NOT_BANKS_V4)
        return address.is_global and not special
    return address in _UNICAST_V6 and address.scope_id is None and not _within(address, _NOT_BANKS_V6)


def is_loopback_ip(text: str) -> bool:
    """127.0.0.0/8 and ::1 in their usual spelling."""
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, networks: tuple[_Network, ...]) -> bool:
    return any(address in network for network in networks)


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
