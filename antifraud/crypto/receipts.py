"""Signed handles that the platform gives out and takes back: receipts of deliveries, stream tickets.

They are signed, not encrypted: put nothing personal into them. What a handle allows, its reader decides.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from antifraud.crypto import keyring
from antifraud.crypto.keyring import KeyClass
from antifraud.errors import Forbidden, NotFound

_VERSION = 1
_MAX_LENGTH = 2048
_MAC_BYTES = 32
_RECEIPT = struct.Struct(">16s16sI")


@dataclass(frozen=True)
class Receipt:
    """One attempt of one delivery to one institution (R10): the next attempt makes it stale."""

    institution_id: UUID
    delivery_id: UUID
    attempt: int


def sign_receipt(parts: Receipt) -> str:
    """An opaque handle (URL-safe ASCII, about 110 characters)."""
    packed = _RECEIPT.pack(parts.institution_id.bytes, parts.delivery_id.bytes, parts.attempt)
    return _pack(KeyClass.RECEIPT, packed)


def read_receipt(handle: str, *, institution_id: UUID) -> Receipt:
    """The receipt that `institution_id` presents. That its attempt is the present one, the caller checks.

    Raises NotFound for a forged handle and for one that was given to another institution alike (R31).
    """
    packed = _unpack(KeyClass.RECEIPT, handle)
    if packed is None or len(packed) != _RECEIPT.size:
        raise NotFound
    institution, delivery, attempt = _RECEIPT.unpack(packed)
    receipt = Receipt(UUID(bytes=institution), UUID(bytes=delivery), attempt)
    if receipt.institution_id != institution_id:
        raise NotFound
    return receipt


def issue_ticket(payload: Mapping[str, Any], max_age: int) -> str:
    """A token that carries `payload` (JSON, readable by its bearer) for `max_age` seconds."""
    body = {"expires": int(time.time()) + max_age, "payload": dict(payload)}
    return _pack(KeyClass.TICKET, json.dumps(body, separators=(",", ":"), allow_nan=False).encode())


def read_ticket(token: str) -> dict[str, Any]:
    """The payload. Raises Forbidden, code "ticket_invalid" for a forged token, "ticket_expired" if old."""
    packed = _unpack(KeyClass.TICKET, token)
    if packed is None:
        raise Forbidden(_("This ticket is not valid. Reload the page."), code="ticket_invalid")
    body: dict[str, Any] = json.loads(packed)
    if body["expires"] <= time.time():
        raise Forbidden(_("This ticket has expired. Reload the page."), code="ticket_expired")
    payload: dict[str, Any] = body["payload"]
    return payload


def _pack(key_class: KeyClass, packed: bytes) -> str:
    key_id, mac = keyring.current().mac(key_class, _signed(key_class, packed))
    name = key_id.encode()
    return base64.urlsafe_b64encode(bytes([_VERSION, len(name)]) + name + mac + packed).rstrip(b"=").decode()


def _unpack(key_class: KeyClass, handle: str) -> bytes | None:
    """What was signed, or None where the handle was not made by one of our keys of this class."""
    raw = _decode(handle)
    if len(raw) < 2 or raw[0] != _VERSION:
        return None
    start = 2 + raw[1]
    name, mac, packed = raw[2:start], raw[start : start + _MAC_BYTES], raw[start + _MAC_BYTES :]
    try:
        key_id = name.decode("ascii")
    except UnicodeDecodeError:
        return None
    holds = keyring.current().mac_holds(key_class, key_id, _signed(key_class, packed), mac)
    return packed if holds else None


def _signed(key_class: KeyClass, packed: bytes) -> bytes:
    return f"antifraud|{key_class}|v{_VERSION}|".encode() + packed


def _decode(handle: str) -> bytes:
    """The bytes of a handle, none where it is not exactly what `_pack` writes: a handle has one spelling."""
    if not handle.isascii() or len(handle) > _MAX_LENGTH:
        return b""
    try:
        raw = base64.b64decode(handle + "=" * (-len(handle) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return b""
    return raw if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == handle else b""
