"""Encrypted fields being written: when the bytes change, when they must not, and for which row they are sealed."""

from __future__ import annotations

import copy
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from antifraud.crypto import Sealed, Secret, data_keys, reseal, seal_for
from antifraud.crypto.envelope import key_id_of
from antifraud.crypto.models import DataKey
from tests.crypto.cells import Person, be_another_process, stored

pytestmark = pytest.mark.usefixtures("tables", "db")
NUMBER = "6222021234560123"


def person(**values: Any) -> Person:
    return Person.objects.create(**{"number": NUMBER, "name": "张三", **values})


def raw(row: Person, column: str = "number") -> bytes:
    value = stored(Person, column, row.pk)
    assert value is not None
    return value


def test_same_text_never_the_same_bytes() -> None:
    case = uuid4()
    assert raw(person(case_id=case)) != raw(person(case_id=case))


def test_save_unchanged_writes_the_same_bytes() -> None:
    row = person()
    first = raw(row)
    row.save()
    assert raw(row) == first
    be_another_process()
    fresh = Person.objects.get(pk=row.pk)
    fresh.remark = "seen"
    fresh.save()
    assert raw(row) == first
    fresh.number.open()
    fresh.save()
    Person.objects.bulk_update([fresh], ["number", "remark"])
    assert raw(row) == first
    assert Person.objects.get(pk=row.pk).number.open() == NUMBER


def test_saving_a_row_needs_no_key() -> None:
    row = person()
    be_another_process()
    DataKey.objects.filter(scope_id=row.case_id).delete()
    fresh = Person.objects.get(pk=row.pk)
    fresh.remark = "kept"
    fresh.save()
    assert Person.objects.get(pk=row.pk).remark == "kept"


def test_changed_value_is_sealed_anew() -> None:
    row = person()
    first = raw(row)
    row.number = "6228480000000000"
    assert row.number.open() == "6228480000000000"
    row.save()
    assert raw(row) != first
    assert Person.objects.get(pk=row.pk).number.open() == "6228480000000000"


def test_update_fields_seals_only_what_is_named() -> None:
    row = person()
    number, name = raw(row), raw(row, "name")
    row.number, row.name = "6228480000000000", "李四"
    row.save(update_fields=["name"])
    assert raw(row) == number
    assert raw(row, "name") != name
    assert Person.objects.get(pk=row.pk).name == Secret("李四")


def test_bulk_create() -> None:
    case = uuid4()
    rows = Person.objects.bulk_create(Person(case_id=case, number=str(n) * 16) for n in range(10))
    assert DataKey.objects.filter(scope_id=case).count() == 1
    be_another_process()
    assert {r.pk: r.number.open() for r in Person.objects.all()} == {r.pk: r.number.open() for r in rows}


def test_bulk_update() -> None:
    first, second, third = person(), person(), person()
    untouched = raw(third)
    first.number, second.number, second.name = "1" * 16, "2" * 16, None
    Person.objects.bulk_update([first, second, third], ["number", "name"])
    be_another_process()
    fresh = {r.pk: r for r in Person.objects.all()}
    assert fresh[first.pk].number.open() == "1" * 16
    assert fresh[second.pk].number.open() == "2" * 16
    assert fresh[second.pk].name is None
    assert raw(third) == untouched


def test_secret_of_another_row_is_sealed_for_this_one() -> None:
    first = person()
    be_another_process()
    second = Person.objects.create(number=Person.objects.get(pk=first.pk).number)
    assert raw(second) != raw(first)
    assert key_id_of(raw(second)) != key_id_of(raw(first))
    be_another_process()
    assert Person.objects.get(pk=second.pk).number.open() == NUMBER
    assert first.number == second.number


def test_row_cloned_under_a_new_key() -> None:
    original = person()
    be_another_process()
    clone = Person.objects.get(pk=original.pk)
    clone.pk = uuid4()
    clone._state.adding = True
    clone.save()
    be_another_process()
    assert Person.objects.get(pk=clone.pk).number.open() == NUMBER
    assert Person.objects.get(pk=original.pk).number.open() == NUMBER


@pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy])
def test_copied_instance_writes_its_own_row(make_copy: Any) -> None:
    original = Person.objects.get(pk=person().pk)
    twin = Person(number="")
    # What copy does to an instance of an installed app: both share their Secrets.
    twin.__dict__.update(make_copy({**original.__dict__, "_state": twin._state, "id": twin.pk}))
    assert twin.__dict__["number"] is original.__dict__["number"]
    twin.save()
    twin.number = "6228480000000000"
    twin.name = original.name
    Person.objects.bulk_update([twin], ["number", "name"])
    be_another_process()
    fresh = Person.objects.get(pk=twin.pk)
    assert (fresh.number.open(), fresh.name) == ("6228480000000000", Secret("张三"))
    assert Person.objects.get(pk=original.pk).number.open() == NUMBER


def test_seal_for_and_compare_and_set() -> None:
    row = person()
    sealed = seal_for(row, "number", "6228480000000000")
    assert isinstance(sealed, Sealed)
    assert raw(row) != bytes(sealed)
    hit = Person.objects.filter(pk=row.pk, remark="").update(number=sealed, name=None, remark="done")
    assert hit == 1
    be_another_process()
    assert Person.objects.get(pk=row.pk).number.open() == "6228480000000000"
    assert seal_for(row, "name", None) is None
    assert seal_for(row, "number", Person.objects.get(pk=row.pk).number) == sealed
    with pytest.raises(TypeError, match="not an encrypted field"):
        seal_for(row, "remark", "x")


def test_reseal_moves_a_row_to_its_new_scope() -> None:
    row = person(extra=[1])
    old = key_id_of(raw(row))
    row = Person.objects.get(pk=row.pk)
    row.case_id = uuid4()
    row.save()
    assert key_id_of(raw(row)) == old  # what is sealed stays where it is, until told
    names = reseal(row)
    assert names == ["extra", "name", "number"]
    row.save(update_fields=names)
    new = DataKey.objects.get(scope_id=row.case_id).pk
    assert [key_id_of(raw(row, name)) for name in names] == [new] * 3
    data_keys.destroy(("case", DataKey.objects.get(pk=old).scope_id))
    be_another_process()
    assert Person.objects.get(pk=row.pk).number.open() == NUMBER


def test_saved_again_after_roll_back_with_a_key_that_exists() -> None:
    row = Person(number=NUMBER, name="张三")
    with transaction.atomic():
        row.save(force_insert=True)
        transaction.set_rollback(True)
    assert not DataKey.objects.filter(scope_id=row.case_id).exists()
    row.save(force_insert=True)
    be_another_process()
    assert DataKey.objects.filter(pk=key_id_of(raw(row))).exists()
    assert Person.objects.get(pk=row.pk).number.open() == NUMBER
