"""`Secret`: a personal value in memory that shows its mask by accident and its clear text only on request."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from antifraud.crypto import data_keys, masks
from antifraud.crypto.envelope import cell_aad, key_id_of, open_envelope
from antifraud.crypto.masks import MaskKind

T = TypeVar("T")


class Place(NamedTuple):
    """The one cell that a sealed value belongs to."""

    table: str
    column: str
    row: UUID

    @property
    def aad(self) -> bytes:
        return cell_aad(self.table, self.column, self.row)


class Sealed:
    """Ciphertext on its way to or from the database: opaque, without a place, not a value of the domain."""

    __slots__ = ("envelope",)

    def __init__(self, envelope: bytes) -> None:
        self.envelope = envelope

    def __bytes__(self) -> bytes:
        return self.envelope

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.envelope == other.envelope

    def __hash__(self) -> int:
        return hash(self.envelope)

    def __repr__(self) -> str:
        return "<Sealed>"


@dataclass(frozen=True)
class Codec:
    """How a value becomes the text that is sealed, and back."""

    dump: Callable[[Any], str]
    load: Callable[[str], Any]


def _dump_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"this field takes a str or a Secret of one, not {type(value).__name__}")
    return value


def _dump_json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


TEXT = Codec(_dump_text, str)
JSON = Codec(_dump_json, json.loads)


class Secret(Generic[T]):
    """A value that must be asked for: `.open()` gives it, everything else gives its mask or refuses.

    Either in clear (assigned) or sealed (from the database, decrypted at the first `.open()` or `.masked()`,
    which raise DecryptError). Equality compares clear texts, and only with another Secret.
    """

    __slots__ = ("_codec", "_envelope", "_is_loaded", "_mask", "_owner", "_place", "_text")

    def __init__(self, value: T, *, mask: MaskKind = "text") -> None:
        self._codec = TEXT if isinstance(value, str) else JSON
        self._mask: MaskKind = mask
        self._text: str | None = self._codec.dump(value)
        self._envelope: bytes | None = None
        self._place: Place | None = None
        self._is_loaded = False
        self._owner: weakref.ref[Model] | None = None

    def open(self) -> T:
        """The clear value. Show it to a person only through `audit.reveal`."""
        value: T = self._codec.load(self._clear())
        return value

    # A template can print the mask, never the value: Django does not call what "alters data".
    open.alters_data = True  # type: ignore[attr-defined]  # noqa: A003

    def masked(self) -> str:
        """What may be shown in lists and logs."""
        return masks.mask(self._mask, self._clear())

    def __str__(self) -> str:
        return self.masked()

    def __repr__(self) -> str:
        # No decryption here: tracebacks and debuggers call repr at the worst of times.
        return f"<Secret {self._mask}>"

    def __bool__(self) -> bool:
        return bool(self.open())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return bool(self.open() == other.open())

    __hash__ = None  # type: ignore[assignment]  # a hash would be an unkeyed fingerprint of the value

    def __copy__(self) -> Secret[T]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret[T]:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled, cached or sent to a task: pass the row's id")

    @property
    def prepare_database_save(self) -> NoReturn:
        """QuerySet.update() looks this name up on every value that it is given; nothing else does."""
        raise TypeError(
            "QuerySet.update() cannot seal a value: it does not know the row. Save the row, or use seal_for()"
        )

    # What follows is for the fields.

    @property
    def is_unopened(self) -> bool:
        """Whether this is still exactly what the database held."""
        return self._text is None

    @property
    def key_id(self) -> UUID | None:
        """The data key that opening this value will ask for; None where it is open. Raises DecryptError."""
        return key_id_of(self._envelope) if self._text is None and self._envelope is not None else None

    @property
    def owner(self) -> Model | None:
        """The instance that this value is an attribute of."""
        return self._owner() if self._owner is not None else None

    def adopt(self, owner: Model) -> None:
        """Become an attribute of `owner`: done at the first look, most cells of a long list are never looked at."""
        self._owner = weakref.ref(owner)

    def for_owner(self, owner: Model, codec: Codec, mask: MaskKind) -> Secret[Any]:
        """The same value as an attribute of `owner`."""
        twin: Secret[Any] = Secret.__new__(Secret)
        same_form = codec is self._codec
        twin._codec, twin._mask = codec, mask
        twin._text = self._text if same_form else codec.dump(self.open())
        twin._envelope = self._envelope if same_form else None
        twin._place = self._place if same_form else None
        twin._is_loaded = self._is_loaded
        twin._owner = weakref.ref(owner)
        return twin

    def envelope_for(self, place: Place) -> bytes | None:
        """The ciphertext to write back unchanged, or None where the value must be sealed for `place`.

        What this process sealed is used again only while its key is known to be in the database: the key may
        have been made by a transaction that was rolled back.
        """
        if self._envelope is None or place != self._place:
            return None
        if self._is_loaded or data_keys.is_durable(key_id_of(self._envelope)):
            return self._envelope
        return None

    def remember(self, envelope: bytes, place: Place) -> None:
        """Keep what was sealed for `place`, so that the next save writes the same bytes."""
        self._envelope, self._place, self._is_loaded = envelope, place, False

    def plaintext(self) -> bytes:
        """What is sealed."""
        return self._clear().encode()

    def _clear(self) -> str:
        if self._text is None:
            if self._envelope is None or self._place is None:
                raise AssertionError("a Secret has either a text or an envelope with its place")
            opened = open_envelope(self._envelope, aad=self._place.aad, find_cipher=data_keys.decryption_key)
            self._text = opened.decode()
        return self._text


def loaded(sealed: Sealed, place: Place, *, codec: Codec, mask: MaskKind) -> Secret[Any]:
    """The Secret of a cell that was read from the database; nothing is decrypted yet."""
    secret: Secret[Any] = Secret.__new__(Secret)
    secret._codec, secret._mask = codec, mask
    secret._text, secret._envelope, secret._place = None, sealed.envelope, place
    secret._is_loaded = True
    secret._owner = None
    return secret
