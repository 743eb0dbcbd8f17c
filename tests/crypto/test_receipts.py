"""Receipts and tickets: exactly what was signed is read, by whom it was signed for, as long as it lasts."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from antifraud.crypto import key_document
from antifraud.crypto.key_document import KeyClass
from antifraud.crypto.receipts import Receipt, issue_ticket, read_receipt, read_ticket, sign_receipt
from antifraud.errors import Forbidden, NotFound

same_keys = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def a_receipt(attempt: int = 1) -> Receipt:
    return Receipt(uuid4(), uuid4(), attempt)


@same_keys
@given(st.uuids(), st.uuids(), st.integers(0, 2**32 - 1))
def test_receipt_round_trip(institution: object, delivery: object, attempt: int) -> None:
    receipt = Receipt(institution, delivery, attempt)  # type: ignore[arg-type]
    handle = sign_receipt(receipt)
    assert read_receipt(handle, institution_id=receipt.institution_id) == receipt
    assert handle.isascii()
    assert len(handle) < 140


def test_receipt_of_another_institution_looks_like_a_forged_one() -> None:
    handle = sign_receipt(a_receipt())
    with pytest.raises(NotFound) as foreign:
        read_receipt(handle, institution_id=uuid4())
    with pytest.raises(NotFound) as forged:
        read_receipt("A" * len(handle), institution_id=uuid4())
    assert (foreign.value.code, str(foreign.value)) == (forged.value.code, str(forged.value))


def test_every_changed_bit_is_refused() -> None:
    receipt = a_receipt()
    handle = sign_receipt(receipt)
    raw = base64.urlsafe_b64decode(handle + "=" * (-len(handle) % 4))
    for position in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(NotFound):
            read_receipt(base64.urlsafe_b64encode(changed).rstrip(b"=").decode(), institution_id=receipt.institution_id)


def test_one_handle_has_one_spelling() -> None:
    receipt = a_receipt()
    handle = sign_receipt(receipt)
    spellings = [handle + "=", handle + "\n", " " + handle, handle[:-1], handle + "A", handle.replace("_", "/") + "==="]
    for spelling in spellings:
        with pytest.raises(NotFound):
            read_receipt(spelling, institution_id=receipt.institution_id)


@same_keys
@given(st.text(max_size=300))
def test_noise_is_refused(noise: str) -> None:
    with pytest.raises(NotFound):
        read_receipt(noise, institution_id=uuid4())
    with pytest.raises(Forbidden):
        read_ticket(noise)


def test_receipt_survives_the_rotation_of_its_key_and_not_its_removal(key_file: Path) -> None:
    receipt = a_receipt()
    handle = sign_receipt(receipt)
    document = key_document.with_new_active(key_document.read(key_file, private=True), KeyClass.RECEIPT)
    key_document.replace(key_file, document)
    assert sign_receipt(receipt) != handle
    assert read_receipt(handle, institution_id=receipt.institution_id) == receipt
    ring = document[KeyClass.RECEIPT]
    key_document.replace(
        key_file, {**document, KeyClass.RECEIPT: key_document.Ring(ring.active, {ring.active: ring.active_key})}
    )
    with pytest.raises(NotFound):
        read_receipt(handle, institution_id=receipt.institution_id)


def test_ticket_lasts_as_long_as_it_says() -> None:
    with time_machine.travel(NOW, tick=False):
        token = issue_ticket({"user": "u", "topics": ["a", "b"]}, 60)
        assert read_ticket(token) == {"user": "u", "topics": ["a", "b"]}
    with time_machine.travel(NOW + timedelta(seconds=59), tick=False):
        assert read_ticket(token)["user"] == "u"
    with time_machine.travel(NOW + timedelta(seconds=60), tick=False), pytest.raises(Forbidden) as caught:
        read_ticket(token)
    assert caught.value.code == "ticket_expired"


def test_a_receipt_is_no_ticket_and_a_ticket_no_receipt() -> None:
    receipt = a_receipt()
    with pytest.raises(Forbidden) as caught:
        read_ticket(sign_receipt(receipt))
    assert caught.value.code == "ticket_invalid"
    with pytest.raises(NotFound):
        read_receipt(issue_ticket({}, 60), institution_id=receipt.institution_id)


def test_changed_ticket() -> None:
    token = issue_ticket({"user": "u"}, 60)
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    with pytest.raises(Forbidden) as caught:
        read_ticket(changed)
    assert caught.value.code == "ticket_invalid"
