"""Encrypted fields being read: lazily, by few queries, whole or deferred, and as opaque values."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from antifraud.crypto import DecryptError, Sealed, Secret, preload_rows
from antifraud.crypto.envelope import key_id_of
from antifraud.crypto.fields import sealed_field_names
from antifraud.crypto.models import DataKey
from tests.crypto.cells import Company, Person, be_another_process, store, stored

pytestmark = pytest.mark.usefixtures("tables", "db")
NUMBER = "6222021234560123"


def person(**values: Any) -> Person:
    return Person.objects.create(**{"number": NUMBER, "name": "张三", **values})


def raw(row: Person, column: str = "number") -> bytes:
    value = stored(Person, column, row.pk)
    assert value is not None
    return value


def test_stored_bytes_are_an_envelope_without_the_text() -> None:
    row = person(extra={"city": "深圳"})
    key = DataKey.objects.get(scope_kind="case", scope_id=row.case_id)
    for column, text in (("number", NUMBER), ("name", "张三"), ("extra", "深圳")):
        cell = raw(row, column)
        assert cell[:2] == b"\x01\x01"
        assert key_id_of(cell) == key.pk
        assert text.encode() not in cell
    assert len(raw(row)) == 46 + len(NUMBER)


def test_read_back_lazily() -> None:
    row = person(extra={"a": [1, None, "二"]})
    be_another_process()
    with CaptureQueriesContext(connection) as queries:
        fresh = Person.objects.get(pk=row.pk)
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        assert fresh.number.open() == NUMBER
        assert fresh.name is not None
        assert fresh.name.open() == "张三"
        assert fresh.extra is not None
        assert fresh.extra.open() == {"a": [1, None, "二"]}
        assert fresh.number.masked() == "6222 **** 0123"
        assert str(fresh.name) == "张*"
        assert fresh.extra.masked() == "•••"
    assert len(queries) == 1  # the data key


def test_none() -> None:
    row = person(name=None)
    assert stored(Person, "name", row.pk) is None
    assert Person.objects.get(pk=row.pk).name is None
    row.name = "李四"
    row.save()
    row.name = None
    row.save(update_fields=["name"])
    assert Person.objects.filter(name__isnull=True).get() == row


def test_empty_text_is_a_value() -> None:
    row = person(name="")
    fresh = Person.objects.get(pk=row.pk)
    assert fresh.name is not None
    assert fresh.name.open() == ""
    assert not fresh.name


def test_secret_of_another_field_takes_this_field_s_mask() -> None:
    row = person()
    row.name = row.number
    assert row.name.masked() == "6***"
    row.save()
    assert Person.objects.get(pk=row.pk).name == Secret(NUMBER)


def test_deferred_loading() -> None:
    row = person()
    for query in (Person.objects.only("remark"), Person.objects.defer("number", "name")):
        lean = query.get(pk=row.pk)
        assert {"number", "name"} <= lean.get_deferred_fields()
        lean.remark = "x"
        lean.save()
        assert lean.number.open() == NUMBER
        assert "name" in lean.get_deferred_fields()
    only = Person.objects.only("number").get(pk=row.pk)
    assert only.number.open() == NUMBER


def test_refresh_from_db() -> None:
    row = person()
    other = Person.objects.get(pk=row.pk)
    other.number = "6228480000000000"
    other.save()
    before = raw(row)
    row.refresh_from_db()
    assert row.number.open() == "6228480000000000"
    row.save()
    assert raw(row) == before
    row.refresh_from_db(fields=["name"])
    assert row.name == Secret("张三")


def test_values_are_opaque_and_can_be_bound() -> None:
    row = person()
    (sealed,) = Person.objects.values_list("number", flat=True)
    assert isinstance(sealed, Sealed)
    assert bytes(sealed) == raw(row)
    assert repr(sealed) == "<Sealed>"
    field: Any = Person._meta.get_field("number")
    be_another_process()
    assert field.bind(sealed, row.pk).open() == NUMBER
    assert field.bind(sealed, str(row.pk)).masked() == "6222 **** 0123"


def test_names_of_sealed_fields() -> None:
    assert sealed_field_names(Person) == {"number", "name", "extra"}


def test_list_page_needs_one_query_for_all_keys() -> None:
    for _ in range(10):
        person()
    be_another_process()
    rows = list(Person.objects.all())
    with CaptureQueriesContext(connection) as queries:
        preload_rows(rows)
        assert {str(r.number) for r in rows} == {"6222 **** 0123"}
        assert {str(r.name) for r in rows} == {"张*"}
        preload_rows(rows)
    assert len(queries) == 1


def test_broken_cell_does_not_stop_the_preloading_of_a_list() -> None:
    broken, whole = person(), person()
    store(Person, "number", broken.pk, b"x")
    be_another_process()
    rows = {row.pk: row for row in Person.objects.all()}
    preload_rows(rows.values())
    with CaptureQueriesContext(connection) as queries:
        assert rows[whole.pk].number.open() == NUMBER
    assert len(queries) == 0
    with pytest.raises(DecryptError):
        rows[broken.pk].number.open()


def test_full_clean() -> None:
    Person(number="1" * 40, name="").full_clean()
    row = person()
    be_another_process()
    with CaptureQueriesContext(connection) as queries:
        loaded = Person.objects.get(pk=row.pk)
        loaded.clean_fields()
    assert len(queries) == 1  # nothing is decrypted
    loaded.full_clean()
    loaded.remark = "refused"
    with pytest.raises(ValidationError, match="person_remark"):
        loaded.full_clean()
    assert loaded.number.open() == NUMBER
    for value, code in (("1" * 41, "max_length"), ("", "blank"), (None, "null")):
        with pytest.raises(ValidationError) as caught:
            Person(number=value).full_clean()
        assert caught.value.error_dict["number"][0].code == code


def test_json_is_a_new_copy_each_time() -> None:
    row = person(extra={"list": [1]})
    assert row.extra is not None
    row.extra.open()["list"].append(2)
    assert row.extra.open() == {"list": [1]}
    row.extra = "just text"
    row.save()
    assert Person.objects.get(pk=row.pk).extra == Secret("just text")


def test_key_scope_is_the_models() -> None:
    company = Company.objects.create(number=NUMBER)
    key = DataKey.objects.get(scope_kind="institution", scope_id=company.case_id)
    cell = stored(Company, "number", company.pk)
    assert cell is not None
    assert key_id_of(cell) == key.pk
    assert isinstance(key.pk, UUID)
