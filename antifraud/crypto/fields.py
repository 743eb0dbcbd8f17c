"""Model fields whose column is sealed and whose attribute is a `Secret`; the blind index searches."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from django.core import checks
from django.core.exceptions import FieldError, ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, Value
from django.db.models.functions import Cast
from django.db.models.query_utils import DeferredAttribute

from antifraud.crypto import data_keys
from antifraud.crypto.envelope import DecryptError, seal
from antifraud.crypto.key_cache import Scope
from antifraud.crypto.masks import MASK_KINDS, MaskKind
from antifraud.crypto.secret import JSON, TEXT, Codec, Place, Sealed, Secret, loaded

_ST = TypeVar("_ST", contravariant=True)
_GT = TypeVar("_GT", covariant=True)

if TYPE_CHECKING:
    _Field = models.Field
else:

    class _Field(models.Field):
        """The stubs' Field is generic, Django's is not."""

        def __class_getitem__(cls, _types: object) -> type:
            return cls


class SecretAttribute(DeferredAttribute):
    """The attribute of an encrypted field: takes a value, Secret, Sealed or None; gives a Secret or None."""

    field: EncryptedField[Any, Any]

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is None or value is None or value.owner is instance:
            return value
        if value.owner is None:
            value.adopt(instance)
            return value
        # The instance is a copy (copy.copy, deepcopy) that shares the Secret with its original.
        own = value.for_owner(instance, self.field.codec, self.field.mask)
        instance.__dict__[self.field.attname] = own
        return own

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = self.field.secret(value, instance)


class EncryptedField(_Field[_ST, _GT]):
    """What encrypted fields share. The model needs a UUID key and `encryption_scope(self) -> (kind, uuid)`.

    A value is sealed when its row is saved, by the key of the row's scope at that time; a changed scope does
    not move what is sealed already (see `reseal`). Renaming the table or the column makes cells unreadable.
    `bulk_create(update_conflicts=True)` must conflict on the primary key alone: a cell is sealed for its own row.
    """

    codec: Codec = TEXT
    empty_strings_allowed = False
    descriptor_class = SecretAttribute

    def __init__(self, *args: Any, mask: MaskKind = "text", **kwargs: Any) -> None:
        if mask not in MASK_KINDS:
            raise ValueError(f"unknown mask {mask!r}; known are {', '.join(MASK_KINDS)}")
        self.mask: MaskKind = mask
        # A form would show the mask and save it back as the value.
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["editable"]
        if self.mask != "text":
            kwargs["mask"] = self.mask
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BinaryField"

    # Values of instances

    def place(self, row: Any) -> Place:
        """The cell of this field in the row with the primary key `row`."""
        key = row if isinstance(row, UUID) else self.model._meta.pk.to_python(row)
        if not isinstance(key, UUID):
            raise TypeError(f"{self} needs the row's UUID before it can be sealed or opened")
        return Place(self.model._meta.db_table, cast(str, self.column), key)

    def secret(self, value: Any, instance: models.Model) -> Secret[Any] | None:
        """`value` as the attribute of `instance`."""
        if value is None:
            return None
        if isinstance(value, Sealed):
            return self.bind(value, self._row_of(instance))
        source = value if isinstance(value, Secret) else Secret(value)
        return source.for_owner(instance, self.codec, self.mask)

    def bind(self, sealed: Sealed, row: Any) -> Secret[Any]:
        """The Secret of a Sealed that `values()` or `values_list()` gave for the row with the key `row`."""
        return loaded(sealed, self.place(row), codec=self.codec, mask=self.mask)

    def seal(self, instance: models.Model, value: Any) -> Sealed | None:
        """`value` sealed for this field of `instance`: unchanged where it is sealed for this very cell."""
        secret = self.secret(value, instance)
        return None if secret is None else Sealed(self._envelope(secret, instance))

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        secret = getattr(model_instance, self.attname)
        return None if secret is None else Sealed(self._envelope(secret, model_instance))

    def _envelope(self, secret: Secret[Any], instance: models.Model) -> bytes:
        place = self.place(self._row_of(instance))
        kept = secret.envelope_for(place)
        if kept is not None:
            return kept
        plaintext = secret.plaintext()
        key_id, cipher = data_keys.encryption_key(self._scope_of(instance))
        envelope = seal(plaintext, aad=place.aad, key_id=key_id, cipher=cipher)
        secret.remember(envelope, place)
        return envelope

    def _row_of(self, instance: models.Model) -> Any:
        # By the field's own model: while it is loaded, a child of multi-table inheritance has no own key yet.
        return instance.__dict__.get(self.model._meta.pk.attname)

    def _scope_of(self, instance: models.Model) -> Scope:
        scope = getattr(instance, "encryption_scope", None)
        if scope is None:
            raise TypeError(f"{type(instance).__name__} has no encryption_scope(): a migration cannot seal {self}")
        return cast(Scope, scope())

    # The database

    def from_db_value(self, value: Any, *_context: Any) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if isinstance(value, Secret) and value.owner is not None:
            # bulk_update() hands over the attribute of each instance beside the instance's own key.
            value = self.seal(value.owner, value)
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise TypeError(
                f"{self} is encrypted: save the row, or give QuerySet.update() what seal_for() made,"
                f" not {type(value).__name__}"
            )
        return connection.Database.Binary(value.envelope)  # type: ignore[attr-defined]

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if hasattr(value, "as_sql"):
            self._require_sealed(value)
            return value
        return self.get_db_prep_value(value, connection)

    def _require_sealed(self, expression: Any) -> None:
        """bulk_update() writes a CASE of sealed values; other SQL would write clear text or another cell's bytes."""
        if isinstance(expression, Case):
            for branch in (*(case.result for case in expression.cases), expression.default):
                self._require_sealed(branch)
        elif isinstance(expression, Cast):
            self._require_sealed(expression.get_source_expressions()[0])
        elif not (isinstance(expression, Value) and isinstance(expression.value, Sealed | Secret | None)):
            raise TypeError(f"{self} is encrypted: QuerySet.update() takes what seal_for() made, no SQL expression")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self} is encrypted and cannot be compared ({lookup_name}): filter by its blind index")

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self} is encrypted and cannot be taken apart ({lookup_name}): filter by its blind index")

    # Validation and checks

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        if value is None:
            if not self.null:
                raise ValidationError(self.error_messages["null"], code="null")
            return None
        if isinstance(value, Secret) and value.is_unopened:
            return value
        clear = value.open() if isinstance(value, Secret) else value
        if not self.blank and not clear:
            raise ValidationError(self.error_messages["blank"], code="blank")
        self.run_validators(clear)
        return value

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self} cannot be serialised: say .masked(), or reveal it with an audit row")

    def formfield(self, *_args: Any, **_kwargs: Any) -> None:
        return None

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_model()]

    def _check_model(self) -> Iterable[checks.CheckMessage]:
        meta = self.model._meta
        if not isinstance(meta.pk, models.UUIDField):
            yield checks.Error(
                "An encrypted field needs a model with a UUID primary key.", obj=self, id="af_crypto.E001"
            )
        elif meta.pk.creation_counter > self.creation_counter:
            yield checks.Error("The primary key must stand before the encrypted field.", obj=self, id="af_crypto.E002")
        if not callable(getattr(self.model, "encryption_scope", None)):
            yield checks.Error(
                "An encrypted field needs a model with encryption_scope().", obj=self, id="af_crypto.E003"
            )
        if self.unique or self.db_index:  # type: ignore[attr-defined]
            yield checks.Error(
                "An index over ciphertext finds nothing: use a blind index.", obj=self, id="af_crypto.E004"
            )


class EncryptedTextField(EncryptedField[_ST, _GT]):
    """Text, sealed. `max_length` counts characters of the clear text and is checked by `full_clean()`."""

    _pyi_private_set_type: str | Secret[str] | Sealed
    _pyi_private_get_type: Secret[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))


class EncryptedJSONField(EncryptedField[_ST, _GT]):
    """Any JSON value, sealed as one text; `.open()` gives a new copy each time. None is SQL NULL."""

    codec = JSON
    _pyi_private_set_type: Any
    _pyi_private_get_type: Secret[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.mask != "text":
            raise ValueError("JSON is masked whole: parts of it would show at random")


def seal_for(instance: models.Model, field_name: str, value: Any) -> Sealed | None:
    """`value` sealed for one field of one row, for a `QuerySet.update()` that hits this row alone (CAS)."""
    field = instance._meta.get_field(field_name)
    if not isinstance(field, EncryptedField):
        raise TypeError(f"{field} is not an encrypted field")
    return field.seal(instance, value)


@lru_cache(maxsize=512)
def sealed_field_names(model: type[models.Model]) -> frozenset[str]:
    """The names of a model's encrypted fields."""
    return frozenset(field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedField))


def preload_rows(rows: Iterable[models.Model]) -> None:
    """Fetch the data keys that the loaded cells of `rows` will need, by one query at most: for lists."""
    key_ids = set()
    for row in rows:
        for name in sealed_field_names(type(row)):
            secret = row.__dict__.get(name)
            # A broken cell is reported by whoever looks at it.
            with contextlib.suppress(DecryptError):
                if isinstance(secret, Secret) and (key_id := secret.key_id) is not None:
                    key_ids.add(key_id)
    data_keys.preload(key_ids)


def reseal(instance: models.Model) -> list[str]:
    """Take the cells of `instance` out of their envelopes: the next save seals them by its present scope.

    Returns the names to save. For a row that moves to another scope, and for replacing old data keys.
    """
    names = sorted(sealed_field_names(type(instance)))
    for name in names:
        secret = getattr(instance, name)
        if secret is not None:
            setattr(instance, name, secret.open())
    return names
