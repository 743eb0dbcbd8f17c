"""The only JSON that comes in: strict, small and flat (R42); what the fields mean is the serializers' business."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import BaseParser

from antifraud.errors import BadRequest

MAXIMUM_BYTES = 1_048_576
MAXIMUM_DEPTH = 20
MAXIMUM_NUMBER = 2**53
MAXIMUM_DIGITS = 20


class DuplicateKey(BadRequest):
    """Two parsers would read two different messages."""

    code = "duplicate_key"
    message = _("A name stands twice in the same object. Send each name once.")


class NotANumber(BadRequest):
    """NaN, Infinity and -Infinity are JavaScript, not JSON."""

    code = "not_a_number"
    message = _("NaN and Infinity are not numbers in JSON. Leave the field out or send a number.")


class NulCharacter(BadRequest):
    """PostgreSQL cannot keep it, and C programs end a text there."""

    code = "nul_character"
    message = _("The message holds a NUL character. Remove it.")


class TooDeep(BadRequest):
    """No message of the API is nested like that."""

    code = "too_deep"
    message = _("The message is nested more than 20 levels deep.")


class NumberTooLarge(BadRequest):
    """Beyond 2^53 many parsers round."""

    code = "number_too_large"
    message = _("A number is beyond 2^53. Send long numbers as text.")


class TooLarge(BadRequest):
    """More than a message may hold; files are sent by reference."""

    code = "too_large"
    status = 413
    message = _("The message is larger than 1 MB.")


class NotJson(BadRequest):
    """Broken syntax, or bytes that are not UTF-8."""

    code = "not_json"
    message = _("The message is not JSON in UTF-8.")


class StrictJSONParser(BaseParser):
    """application/json as RFC 8259 means it, without the liberties of Python's parser."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value, built of dict, list, str, int, float, bool and None. Raises BadRequest with a code of R42."""
        raw = stream.read(MAXIMUM_BYTES + 1)
        return loads(raw)


def loads(raw: bytes) -> Any:
    """Read one JSON text; raises BadRequest for anything that two parsers could read in two ways."""
    if len(raw) > MAXIMUM_BYTES:
        raise TooLarge
    if b"\0" in raw:
        raise NulCharacter
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_fraction,
        )
    except RecursionError:
        raise TooDeep from None
    except ValueError:  # UnicodeDecodeError and JSONDecodeError, which quote the message
        raise NotJson from None
    _inspect(value, 0)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey
    return found


def _constant(_name: str) -> NoReturn:
    raise NotANumber


def _integer(digits: str) -> int:
    # The length first: int() of a megabyte of digits is work that nobody asked for.
    if len(digits) > MAXIMUM_DIGITS or abs(int(digits)) > MAXIMUM_NUMBER:
        raise NumberTooLarge
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value) or abs(value) > MAXIMUM_NUMBER:
        raise NumberTooLarge
    return value


def _inspect(value: Any, depth: int) -> None:
    """Walk what was read: its depth, and texts that the database could not keep."""
    if isinstance(value, str):
        _inspect_text(value)
    elif isinstance(value, dict | list):
        if depth >= MAXIMUM_DEPTH:
            raise TooDeep
        for name in value if isinstance(value, dict) else ():
            _inspect_text(name)
        for item in value.values() if isinstance(value, dict) else value:
            _inspect(item, depth + 1)


def _inspect_text(text: str) -> None:
    if "\0" in text:
        raise NulCharacter
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise NotJson
