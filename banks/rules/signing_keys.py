"""What a usable Ed25519 public key looks like; plain Python, whose key it is and who approved it is elsewhere."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

RAW_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PRIME = 2**255 - 19
_PEM = re.compile(r"\s*-----BEGIN PUBLIC KEY-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END PUBLIC KEY-----\s*")
_SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo of Ed25519 (RFC 8410)
# y of the points of order 1, 2, 4 and 8: with one of them as key, signatures hold that nobody made.
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_WEAK = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})


def read_public_key(text: str) -> bytes | None:
    """The 32 raw bytes of a key in base64, hexadecimal or PEM; None where it is none of them, or too weak to use."""
    raw = _raw(text)
    if raw is None or len(raw) != RAW_BYTES:
        return None
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    return None if y in _WEAK or y >= _PRIME else raw


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of the raw key in groups of four hexadecimal digits, for two people who compare it by telephone."""
    digits = hashlib.sha256(public_key).hexdigest()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _raw(text: str) -> bytes | None:
    pem = _PEM.fullmatch(text)
    plain = "".join((pem[1] if pem else text).split())
    if re.fullmatch(r"[0-9a-fA-F]{64}", plain):
        return bytes.fromhex(plain)
    try:
        raw = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw.removeprefix(_SPKI_PREFIX) if len(raw) == RAW_BYTES + len(_SPKI_PREFIX) else raw
