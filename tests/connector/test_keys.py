"""Our key's file and the platform's key list: kept a minute, asked again for an unknown id, closed when it cannot be had."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from antifraud_connector import keys
from antifraud_connector.errors import ConnectorError, SignatureFault, TransportFault
from antifraud_connector.keys import CACHE_SECONDS, PlatformKeys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC = Ed25519PrivateKey.generate().public_key()


def entry(key_id: str = "p-1", **changes: Any) -> dict[str, Any]:
    return {
        "key_id": key_id, "algorithm": "ed25519", "public_key": keys.printed(PUBLIC), "not_before": "2020-01-01T00:00:00+00:00",
        "not_after": None, "revoked_at": None, **changes,
    }  # fmt: skip


class Source:
    """A key list that can change and fail; counts how often it was asked."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries, self.asked, self.away = list(entries), 0, False

    def __call__(self) -> bytes:
        self.asked += 1
        if self.away:
            raise TransportFault("away")
        return json.dumps({"keys": self.entries}).encode()


class Clock:
    """The monotonic clock, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("antifraud_connector.keys.time.monotonic", lambda: self.now)


def refusal(found: PlatformKeys, key_id: str = "p-1", moment: float | None = None) -> str:
    with pytest.raises(SignatureFault) as refused:
        found(key_id, time.time() if moment is None else moment)
    return refused.value.code


def test_the_list_is_kept_for_a_minute_and_a_revocation_is_seen_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, source = Clock(monkeypatch), Source(entry())
    found = PlatformKeys(source)
    assert keys.raw(found("p-1", time.time())) == keys.raw(PUBLIC)
    source.entries = [entry(revoked_at="2024-01-01T00:00:00+00:00")]
    clock.now += CACHE_SECONDS - 1
    found("p-1", time.time())
    assert source.asked == 1
    clock.now += 1
    assert refusal(found) == "key_revoked"
    assert CACHE_SECONDS <= 60


def test_a_new_key_is_known_at_once_but_unknown_ids_ask_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, source = Clock(monkeypatch), Source(entry())
    found = PlatformKeys(source)
    found("p-1", time.time())
    source.entries.append(entry("p-2"))
    clock.now += 3
    found("p-2", time.time())
    for _ in range(50):
        assert refusal(found, "p-3") == "key_unknown"
    assert source.asked == 2


def test_without_a_fresh_list_nothing_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, source = Clock(monkeypatch), Source(entry())
    found = PlatformKeys(source)
    found("p-1", time.time())
    source.away = True
    clock.now += CACHE_SECONDS
    with pytest.raises(TransportFault):
        found("p-1", time.time())


@pytest.mark.parametrize(
    "changes",
    [{"not_before": "2999-01-01T00:00:00+00:00"}, {"not_after": "2021-01-01T00:00:00+00:00"}, {"algorithm": "rsa"}],
)
def test_a_key_outside_of_its_time_or_of_another_kind_is_unknown(changes: dict[str, Any]) -> None:
    assert refusal(PlatformKeys(Source(entry(**changes)))) == "key_unknown"


def test_only_pinned_keys_count_where_any_are_pinned() -> None:
    other = keys.printed(Ed25519PrivateKey.generate().public_key())
    assert refusal(PlatformKeys(Source(entry()), [other])) == "key_unknown"
    PlatformKeys(Source(entry()), [keys.printed(PUBLIC)])("p-1", time.time())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"keys":[{}]}', b'{"keys":[{"algorithm":"ed25519","key_id":"a","public_key":"!"}]}']
)
def test_a_list_that_cannot_be_read_is_no_list(body: bytes) -> None:
    with pytest.raises(TransportFault):
        keys.read_list(body)


def test_a_key_pair_is_made_once_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "bank.pem"
    public = keys.generate(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.raw(keys.load(path, "f").public_key()) == keys.raw(public)
    with pytest.raises(ConnectorError, match="never overwritten"):
        keys.generate(path)
    for content in (b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"):
        path.write_bytes(content)
        with pytest.raises(ConnectorError, match=r"signing\.key_file"):
            keys.load(path, "signing.key_file")
