"""The key ring: where keys come from, which files are refused, that classes are apart and rotation reaches a running process."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.exceptions import ImproperlyConfigured

from antifraud.crypto import key_document, keyring, local_keys
from antifraud.crypto.key_document import KeyClass
from antifraud.crypto.keyring import KeyRefused


class Vault(local_keys.LocalKeys):
    """Stands for another provider."""

    def __init__(self) -> None:
        document = key_document.fresh()
        super().__init__(lambda: document)


def rotate(path: Path, key_class: KeyClass) -> str:
    document = key_document.with_new_active(key_document.read(path, private=True), key_class)
    key_document.replace(path, document)
    return document[key_class].active


def test_file_holds_five_separate_classes(key_file: Path) -> None:
    raw = json.loads(key_file.read_text())
    assert set(raw["classes"]) == {"kek", "index", "receipt", "ticket", "signing"}
    secrets = [key["secret"] for ring in raw["classes"].values() for key in ring["keys"].values()]
    assert len(set(secrets)) == len(secrets) == 5
    assert key_file.stat().st_mode & 0o777 == 0o600
    for ring in key_document.read(key_file, private=True).values():
        assert repr(ring.active_key.secret) not in repr(ring)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700])
def test_file_that_others_may_touch_is_refused(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(ImproperlyConfigured, match="mode 0600"):
        keyring.current()
    key_file.chmod(0o600)
    assert keyring.current().active_kek().startswith("kek-")


def test_missing_file_names_the_next_step(key_file: Path) -> None:
    key_file.unlink()
    with pytest.raises(ImproperlyConfigured, match="keys_init"):
        keyring.current()


def test_no_provider_at_all(settings: Any) -> None:
    del settings.ANTIFRAUD_KEY_FILE
    with pytest.raises(ImproperlyConfigured, match="ANTIFRAUD_KEY_FILE"):
        keyring.current()


def test_environment_goes_before_the_file(key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from_file = keyring.current().active_kek()
    document = key_document.fresh()
    monkeypatch.setenv("ANTIFRAUD_KEYS", key_document.dump(document))
    keyring.forget()
    assert keyring.current().active_kek() == document[KeyClass.KEK].active != from_file
    monkeypatch.delenv("ANTIFRAUD_KEYS")
    mounted = tmp_path / "mounted.json"
    key_document.create(mounted, key_document.fresh())
    mounted.chmod(0o444)  # as container secrets are
    monkeypatch.setenv("ANTIFRAUD_KEYS_FILE", str(mounted))
    keyring.forget()
    assert keyring.current().active_kek() == key_document.read(mounted, private=False)[KeyClass.KEK].active


def test_provider_by_dotted_path(settings: Any) -> None:
    settings.ANTIFRAUD_KEY_PROVIDER = "tests.crypto.test_keyring.Vault"
    assert isinstance(keyring.current(), Vault)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.update(version=2),
        lambda raw: raw["classes"].pop("index"),
        lambda raw: raw["classes"]["kek"].update(active="kek-none"),
        lambda raw: next(iter(raw["classes"]["kek"]["keys"].values())).update(secret="c2hvcnQ="),
        lambda raw: next(iter(raw["classes"]["kek"]["keys"].values())).update(secret="***"),
        lambda raw: raw["classes"].update(index=raw["classes"]["receipt"]),
        lambda raw: raw["classes"]["kek"].update(keys=[]),
        lambda raw: raw["classes"]["kek"]["keys"].update({"BAD id": {"secret": "x"}}),
    ],
)
def test_broken_document_is_refused_without_quoting_it(key_file: Path, spoil: Any) -> None:
    raw = json.loads(key_file.read_text())
    secrets = [key["secret"] for ring in raw["classes"].values() for key in ring["keys"].values()]
    spoil(raw)
    key_file.write_text(json.dumps(raw))
    with pytest.raises(ImproperlyConfigured) as caught:
        keyring.current()
    assert not any(secret in str(caught.value) for secret in secrets)
    assert caught.value.__cause__ is None


def test_text_that_is_no_json_is_not_quoted(key_file: Path) -> None:
    key_file.write_text('{"secret": "abcdef')
    with pytest.raises(ImproperlyConfigured, match="not a key document"):
        keyring.current()


def test_wrap_binds_to_its_context(key_file: Path) -> None:
    provider = keyring.current()
    kek_id, wrapped = provider.wrap(b"k" * 32, b"row 1")
    assert provider.unwrap(kek_id, wrapped, b"row 1") == b"k" * 32
    for bad_id, bad, context in (
        (kek_id, wrapped, b"row 2"),
        (kek_id, wrapped[:-1], b"row 1"),
        (kek_id, b"\x02" + wrapped[1:], b"row 1"),
        (kek_id, b"", b"row 1"),
        ("kek-unknown", wrapped, b"row 1"),
    ):
        with pytest.raises(KeyRefused):
            provider.unwrap(bad_id, bad, context)


def test_new_active_key_reaches_a_running_process(key_file: Path) -> None:
    provider = keyring.current()
    old_id, wrapped = provider.wrap(b"k" * 32, b"c")
    receipt_id, mac = provider.mac(KeyClass.RECEIPT, b"m")
    new_id = rotate(key_file, KeyClass.KEK)
    rotate(key_file, KeyClass.RECEIPT)
    assert provider.wrap(b"k" * 32, b"c")[0] == new_id != old_id
    assert provider.unwrap(old_id, wrapped, b"c") == b"k" * 32
    assert provider.mac(KeyClass.RECEIPT, b"m")[0] != receipt_id
    assert provider.mac_holds(KeyClass.RECEIPT, receipt_id, b"m", mac)


def test_running_process_refuses_to_go_on_without_its_file(key_file: Path) -> None:
    provider = keyring.current()
    os.unlink(key_file)
    with pytest.raises(ImproperlyConfigured):
        provider.wrap(b"k" * 32, b"c")


def test_mac_of_one_class_is_nothing_to_another(key_file: Path) -> None:
    provider = keyring.current()
    key_id, mac = provider.mac(KeyClass.RECEIPT, b"m")
    assert provider.mac_holds(KeyClass.RECEIPT, key_id, b"m", mac)
    assert not provider.mac_holds(KeyClass.RECEIPT, key_id, b"n", mac)
    assert not provider.mac_holds(KeyClass.TICKET, key_id, b"m", mac)
    assert not provider.mac_holds(KeyClass.RECEIPT, "receipt-0", b"m", mac)


def test_signatures(key_file: Path) -> None:
    provider = keyring.current()
    key_id, signature = provider.sign(b"tree head")
    rotate(key_file, KeyClass.SIGNING)
    assert provider.signature_holds(key_id, b"tree head", signature)
    assert not provider.signature_holds(key_id, b"tree heat", signature)
    assert not provider.signature_holds("signing-0", b"tree head", signature)
    keys = provider.public_keys()
    assert len(keys) == 2
    Ed25519PublicKey.from_public_bytes(keys[key_id]).verify(signature, b"tree head")


def test_create_never_overwrites(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(FileExistsError):
        key_document.create(key_file, key_document.fresh())
    assert key_file.read_bytes() == before
