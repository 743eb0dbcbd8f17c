"""What the encrypted fields refuse: each way to write clear text past the seal, to search ciphertext, to leak by accident."""

from __future__ import annotations

import json
import pickle
from typing import Any
from uuid import uuid4

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.forms import modelform_factory
from django.template import Context, Engine

from antifraud.crypto import EncryptedJSONField, EncryptedTextField, Secret
from antifraud.db import UUIDModel
from tests.crypto.cells import Person, stored

NUMBER = "6222021234560123"


@pytest.fixture
def row(tables: None, db: None) -> Person:
    return Person.objects.create(number=NUMBER, name="张三")


@pytest.mark.parametrize("value", ["plain", b"plain", 5, Value("plain"), F("name"), Concat(Value("a"), Value("b"))])
def test_update_with_clear_value(row: Person, value: Any) -> None:
    before = stored(Person, "number", row.pk)
    with pytest.raises(TypeError, match="number is encrypted"), transaction.atomic():
        Person.objects.filter(pk=row.pk).update(number=value)
    assert stored(Person, "number", row.pk) == before


def test_update_with_a_secret(row: Person) -> None:
    before = stored(Person, "number", row.pk)
    for secret in (row.number, Secret("6228480000000000")):
        with pytest.raises(TypeError, match="seal_for"), transaction.atomic():
            Person.objects.update(number=secret)
    assert stored(Person, "number", row.pk) == before


@pytest.mark.parametrize("lookup", ["exact", "iexact", "icontains", "in", "gt", "startswith", "regex"])
def test_lookups(row: Person, lookup: str) -> None:
    with pytest.raises(FieldError, match=f"encrypted and cannot be compared \\({lookup}\\).*blind index"):
        Person.objects.filter(**{f"number__{lookup}": [NUMBER] if lookup == "in" else NUMBER})


def test_plain_filter_exclude_and_transform(row: Person) -> None:
    for query in (
        lambda: Person.objects.filter(number=NUMBER),
        lambda: Person.objects.exclude(name=None),
        lambda: Person.objects.filter(number=F("name")),
        lambda: Person.objects.get(number=row.number),
        lambda: Person.objects.filter(extra__city="x"),
    ):
        with pytest.raises(FieldError, match="encrypted"):
            query()
    assert list(Person.objects.filter(name__isnull=False)) == [row]


@pytest.mark.parametrize("value", [5, b"x", ["x"], F("name")])
def test_assignment_of_another_type(value: Any) -> None:
    with pytest.raises(TypeError):
        Person(number=value)


def test_json_value_that_is_no_json() -> None:
    for value in (object(), {"nan": float("nan")}, {1, 2}):
        with pytest.raises((TypeError, ValueError)):
            Person(number="1", extra=value)


def test_pickle_and_json(row: Person) -> None:
    for thing in (row.number, row, [row.name]):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(thing)
    for encoder in (json.JSONEncoder, DjangoJSONEncoder):
        with pytest.raises(TypeError):
            json.dumps({"number": row.number}, cls=encoder)
    with pytest.raises(TypeError, match="cannot be serialised"):
        serializers.serialize("json", [row])


def test_rest_framework_cannot_show_it(row: Person) -> None:
    from rest_framework.renderers import JSONRenderer
    from rest_framework.serializers import ModelSerializer

    class Careless(ModelSerializer[Person]):
        class Meta:
            model = Person
            fields = ["number"]

    with pytest.raises(TypeError):
        JSONRenderer().render(Careless(row).data)
    with pytest.raises(TypeError):
        JSONRenderer().render({"number": row.number})


def test_repr_str_format_show_no_clear_text(row: Person) -> None:
    fresh = Person.objects.get(pk=row.pk)
    for secret in (row.number, fresh.number):
        assert repr(secret) == "<Secret account>"
        assert str(secret) == f"{secret}" == "%s" % secret == "6222 **** 0123"  # noqa: UP031
    assert NUMBER not in repr(fresh.__dict__) + str(fresh.__dict__)


def test_template_prints_the_mask_only(row: Person) -> None:
    page = Engine().from_string("[{{ row.number }}][{{ row.number.open }}][{{ row.number.masked }}]")
    assert page.render(Context({"row": row})) == "[6222 **** 0123][][6222 **** 0123]"


def test_equality_only_between_secrets(row: Person) -> None:
    assert row.number == Secret(NUMBER)
    assert row.number != Secret("6228480000000000")
    assert row.number != NUMBER
    assert row.number not in (NUMBER, None, "")
    with pytest.raises(TypeError, match="unhashable"):
        hash(row.number)


def test_forms_leave_the_field_alone() -> None:
    assert list(modelform_factory(Person, fields="__all__", exclude=["id"]).base_fields) == ["case_id", "remark"]


def test_sealing_without_a_row_or_scope() -> None:
    field: Any = Person._meta.get_field("number")
    row = Person(number=NUMBER)
    row.pk = None
    with pytest.raises(TypeError, match="needs the row's UUID"):
        field.pre_save(row, True)  # noqa: FBT003

    class Historical(UUIDModel):
        number = EncryptedTextField()

        class Meta:
            app_label = "test_crypto"

    with pytest.raises(TypeError, match="migration cannot seal"):
        Historical._meta.get_field("number").pre_save(Historical(number=NUMBER), True)  # noqa: FBT003


def test_checks_of_the_model() -> None:
    class NoUUID(models.Model):
        number = EncryptedTextField()

        class Meta:
            app_label = "test_crypto"

    class KeyLast(models.Model):
        number = EncryptedTextField(unique=True)
        id = models.UUIDField(primary_key=True, default=uuid4)

        class Meta:
            app_label = "test_crypto"

        def encryption_scope(self) -> tuple[str, object]:
            return ("case", self.pk)

    def ids(model: type[models.Model]) -> list[str | None]:
        field: Any = model._meta.get_field("number")
        return [error.id for error in field.check()]

    assert ids(NoUUID) == ["af_crypto.E001", "af_crypto.E003"]
    assert ids(KeyLast) == ["af_crypto.E002", "af_crypto.E004"]
    assert ids(Person) == []


def test_deconstruct() -> None:
    field = EncryptedTextField(mask="account", max_length=40, null=True)
    field.set_attributes_from_name("number")
    name, path, args, kwargs = field.deconstruct()
    assert (name, path, list(args)) == ("number", "antifraud.crypto.fields.EncryptedTextField", [])
    assert kwargs == {"mask": "account", "max_length": 40, "null": True}
    assert EncryptedTextField(**kwargs).deconstruct()[3] == kwargs
    assert EncryptedJSONField().deconstruct()[1:] == ("antifraud.crypto.fields.EncryptedJSONField", [], {})
    with pytest.raises(ValueError, match="masked whole"):
        EncryptedJSONField(mask="account")
    with pytest.raises(ValueError, match="unknown mask"):
        EncryptedTextField(mask="none")
