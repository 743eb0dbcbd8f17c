"""`keys_init` and `keys_rotate`: no key is ever lost, and what was sealed before opens afterwards."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from antifraud import db
from antifraud.crypto import data_keys, key_document, keyring, rotation
from antifraud.crypto.envelope import open_envelope, seal
from antifraud.crypto.key_document import KeyClass, Ring
from antifraud.crypto.models import DataKey
from tests.crypto.cells import be_another_process


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def sealed_values(count: int) -> list[bytes]:
    with transaction.atomic():
        keys = [data_keys.encryption_key(("case", uuid4())) for _ in range(count)]
        return [seal(b"text", aad=b"v1|t", key_id=key_id, cipher=cipher) for key_id, cipher in keys]


def opened(envelope: bytes) -> bytes:
    return open_envelope(envelope, aad=b"v1|t", find_cipher=data_keys.decryption_key)


def test_init_makes_a_private_file_and_refuses_a_second_time(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys.json"
    assert "keys created" in run("keys_init", str(path))
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(key_document.read(path, private=True)) == set(KeyClass)
    with pytest.raises(CommandError, match="exists already"):
        run("keys_init", str(path))
    assert path.read_bytes() == before


def test_init_says_why_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        run("keys_init", str(tmp_path / "file" / "keys.json"))


@pytest.mark.parametrize("key_class", ["receipt", "ticket", "signing"])
def test_rotate_adds_a_key_and_keeps_the_old_one(key_file: Path, key_class: str) -> None:
    before = key_document.read(key_file, private=True)
    run("keys_rotate", "--class", key_class, str(key_file))
    after = key_document.read(key_file, private=True)
    assert key_file.stat().st_mode & 0o777 == 0o600
    for each in KeyClass:
        if each == key_class:
            assert set(after[each].keys) == {*before[each].keys, after[each].active}
            assert len(after[each].keys) == 2
            assert after[each].active != before[each].active
        else:
            assert after[each] == before[each]


def test_rotate_refuses_the_index_and_a_missing_class(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(CommandError):
        run("keys_rotate", "--class", "index", str(key_file))
    with pytest.raises(CommandError):
        run("keys_rotate", str(key_file))
    assert key_file.read_bytes() == before


@pytest.mark.django_db(transaction=True)
def test_kek_rotation_wraps_all_keys_anew_and_the_old_kek_can_go(key_file: Path) -> None:
    envelopes = sealed_values(7)
    shredded = ("case", uuid4())
    with transaction.atomic():
        data_keys.destroy(shredded)
    old = keyring.current().active_kek()
    said = run("keys_rotate", "--class", "kek", str(key_file))
    document = key_document.read(key_file, private=True)
    new = document[KeyClass.KEK].active
    assert "wrapped anew" in said
    assert new != old
    assert rotation.keys_in_use() == {new}
    assert DataKey.objects.get(scope_id=shredded[1]).wrapped is None
    ring = Ring(new, {new: document[KeyClass.KEK].active_key})
    key_document.replace(key_file, {**document, KeyClass.KEK: ring})
    keyring.forget()
    be_another_process()
    assert [opened(envelope) for envelope in envelopes] == [b"text"] * 7


@pytest.mark.django_db(transaction=True)
def test_interrupted_rewrap_is_finished_without_another_key(key_file: Path) -> None:
    envelopes = sealed_values(3)
    key_document.replace(
        key_file, key_document.with_new_active(key_document.read(key_file, private=True), KeyClass.KEK)
    )
    provider = keyring.current()
    with db.unit_of_work(None):
        assert rotation.rewrap_batch(provider, limit=2) == 2
    assert len(rotation.keys_in_use()) == 2
    before = key_file.read_bytes()
    run("keys_rotate", "--class", "kek", "--rewrap-only", str(key_file))
    assert key_file.read_bytes() == before
    assert rotation.keys_in_use() == {provider.active_kek()}
    be_another_process()
    assert [opened(envelope) for envelope in envelopes] == [b"text"] * 3


@pytest.mark.django_db
def test_rewrap_needs_a_unit_of_work() -> None:
    with pytest.raises(db.NoUnitOfWork):
        rotation.rewrap_batch(keyring.current())


def test_revoke_ends_one_signing_key_and_keeps_the_platform_signing(key_file: Path) -> None:
    before = key_document.read(key_file, private=True)[KeyClass.SIGNING]
    told = run("keys_revoke", str(key_file), before.active)
    after = key_document.read(key_file, private=True)[KeyClass.SIGNING]
    assert after.keys[before.active].revoked_at is not None
    assert after.keys[before.active].secret == before.keys[before.active].secret
    assert after.active != before.active
    assert after.active in told
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_revoke_knows_only_signing_keys_of_the_file(key_file: Path) -> None:
    text = key_file.read_text()
    kek = key_document.read(key_file, private=True)[KeyClass.KEK].active
    with pytest.raises(CommandError, match="no signing key"):
        run("keys_revoke", str(key_file), kek)
    assert key_file.read_text() == text
