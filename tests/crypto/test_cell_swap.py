"""T27: a cell that was moved, changed or cut, or whose key is gone, never opens; an untouched one does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from antifraud.crypto import DecryptError, Secret, data_keys, key_document, keyring
from antifraud.crypto.key_document import KeyClass, Ring
from antifraud.crypto.models import DataKey
from tests.crypto.cells import Company, Person, be_another_process, store, stored

pytestmark = pytest.mark.usefixtures("tables", "db")


def refuses(read: Callable[[], Secret[str] | None]) -> DecryptError:
    """Each way to look at the value raises, and what is raised shows nothing of it."""
    for look in (Secret.open, Secret.masked, str, bool):
        be_another_process()
        secret = read()
        assert secret is not None
        with pytest.raises(DecryptError) as caught:
            look(secret)
        assert caught.value.status == 500
        assert caught.value.code == "decrypt_failed"
        assert "6222" not in str(caught.value) + repr(caught.value) + caught.value.reason + caught.value.place
    return caught.value


def number_of(person: Person) -> Secret[str]:
    return Person.objects.get(pk=person.pk).number


def test_untouched_opens() -> None:
    person = Person.objects.create(number="6222021234560123", name="张三")
    be_another_process()
    assert number_of(person).open() == "6222021234560123"


def test_rows_of_one_scope_exchanged() -> None:
    case = uuid4()
    first = Person.objects.create(case_id=case, number="6222021234560123")
    second = Person.objects.create(case_id=case, number="6222029999999999")
    one, two = stored(Person, "number", first.pk), stored(Person, "number", second.pk)
    store(Person, "number", first.pk, two)
    store(Person, "number", second.pk, one)
    refuses(lambda: number_of(first))
    error = refuses(lambda: number_of(second))
    assert error.place == f"test_crypto_person|number|{second.pk}"


def test_rows_of_two_scopes_exchanged() -> None:
    first, second = Person.objects.create(number="6222021234560123"), Person.objects.create(number="6222020000000000")
    store(Person, "number", first.pk, stored(Person, "number", second.pk))
    refuses(lambda: number_of(first))


def test_columns_exchanged() -> None:
    person = Person.objects.create(number="6222021234560123", name="6222")
    store(Person, "name", person.pk, stored(Person, "number", person.pk))
    refuses(lambda: Person.objects.get(pk=person.pk).name)


def test_tables_exchanged() -> None:
    person = Person.objects.create(number="6222021234560123")
    company = Company.objects.create(pk=person.pk, number="6222027777777777")
    store(Company, "number", company.pk, stored(Person, "number", person.pk))
    refuses(lambda: Company.objects.get(pk=company.pk).number)


def test_copied_by_sql_from_another_row() -> None:
    case = uuid4()
    first = Person.objects.create(case_id=case, number="6222021234560123")
    second = Person.objects.create(case_id=case, number="6222029999999999")
    sealed = Person.objects.values_list("number", flat=True).get(pk=first.pk)
    Person.objects.filter(pk=second.pk).update(number=sealed)
    refuses(lambda: number_of(second))


@pytest.mark.parametrize("length", [0, 1, 29, 30, 45, 46])
def test_truncated(length: int) -> None:
    person = Person.objects.create(number="6222021234560123")
    whole = stored(Person, "number", person.pk)
    assert whole is not None
    assert len(whole) > length
    store(Person, "number", person.pk, whole[:length])
    refuses(lambda: number_of(person))


def test_every_byte_counts() -> None:
    person = Person.objects.create(number="6222021234560123")
    whole = stored(Person, "number", person.pk)
    assert whole is not None
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 0x40
        store(Person, "number", person.pk, bytes(changed))
        with pytest.raises(DecryptError):
            number_of(person).open()
    store(Person, "number", person.pk, whole)
    assert number_of(person).open() == "6222021234560123"


def test_clear_text_in_the_column_is_not_shown() -> None:
    person = Person.objects.create(number="x")
    store(Person, "number", person.pk, b"6222021234560123" * 4)
    refuses(lambda: number_of(person))


def test_data_keys_of_two_scopes_exchanged() -> None:
    first, second = Person.objects.create(number="6222021234560123"), Person.objects.create(number="6222020000000000")
    keys = [DataKey.objects.get(scope_id=person.case_id) for person in (first, second)]
    DataKey.objects.filter(pk=keys[0].pk).update(wrapped=keys[1].wrapped)
    refuses(lambda: number_of(first))


def test_data_key_moved_to_another_scope() -> None:
    person = Person.objects.create(number="6222021234560123")
    DataKey.objects.filter(scope_id=person.case_id).update(scope_id=uuid4())
    refuses(lambda: number_of(person))


def test_data_key_missing() -> None:
    person = Person.objects.create(number="6222021234560123")
    DataKey.objects.filter(scope_id=person.case_id).delete()
    refuses(lambda: number_of(person))


def test_old_kek_removed(key_file: Path) -> None:
    person = Person.objects.create(number="6222021234560123")
    document = key_document.with_new_active(key_document.read(key_file, private=True), KeyClass.KEK)
    ring = document[KeyClass.KEK]
    key_document.replace(key_file, {**document, KeyClass.KEK: Ring(ring.active, {ring.active: ring.active_key})})
    keyring.forget()
    error = refuses(lambda: number_of(person))
    assert "not in the ring" in error.reason


def test_scope_destroyed() -> None:
    kept = Person.objects.create(number="6222020000000000")
    person = Person.objects.create(number="6222021234560123")
    assert data_keys.destroy(person.encryption_scope()) == 1
    error = refuses(lambda: number_of(person))
    assert error.reason == "the data key was destroyed"
    assert number_of(kept).open() == "6222020000000000"
