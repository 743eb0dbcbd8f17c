"""The strict JSON parser: what is refused, with which code, and that nothing else is (R42)."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antifraud.api.parsers import MAXIMUM_BYTES, MAXIMUM_DEPTH, StrictJSONParser, loads
from antifraud.errors import BadRequest


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'{"x": [{"a": 1, "b": 2, "a": 1}]}', "duplicate_key"),
        (b'{"a": 1, "\\u0061": 2}', "duplicate_key"),
        (b'{"a": NaN}', "not_a_number"),
        (b"[Infinity]", "not_a_number"),
        (b"[-Infinity]", "not_a_number"),
        (b'{"a": "\\u0000"}', "nul_character"),
        (b'{"\\u0000": 1}', "nul_character"),
        (b'"a\0b"', "nul_character"),
        (nested(MAXIMUM_DEPTH + 1), "too_deep"),
        (b'{"a":' * 21 + b"1" + b"}" * 21, "too_deep"),
        (nested(400_000), "too_deep"),
        (b"[9007199254740993]", "number_too_large"),
        (b"[-9007199254740993]", "number_too_large"),
        (b"[" + b"9" * 100_000 + b"]", "number_too_large"),
        (b"[1e999]", "number_too_large"),
        (b"[1e16]", "number_too_large"),
        (b'"' + b"a" * MAXIMUM_BYTES + b'"', "too_large"),
        (b'"\xff"', "not_json"),
        (b'"\\ud800"', "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"{'a': 1}", "not_json"),
        (b'{"a": 1,}', "not_json"),
        (b"{} {}", "not_json"),
        (b'"\t"', "not_json"),
        ("{}".encode("utf-16"), "nul_character"),
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        loads(raw)
    assert refusal.value.code == code
    assert refusal.value.status == (413 if code == "too_large" else 400)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b" [1, -2.5, true, null] ", [1, -2.5, True, None]),
        (b"[9007199254740992, -9007199254740992]", [2**53, -(2**53)]),
        ('{"名": "张三·李四 \\ud83d\\ude00"}'.encode(), {"名": "张三·李四 😀"}),
        (b'{"a": {"a": 1}, "b": {"a": 1}}', {"a": {"a": 1}, "b": {"a": 1}}),
    ],
)
def test_json_is_read(raw: bytes, value: Any) -> None:
    assert loads(raw) == value


def test_twenty_levels_are_allowed() -> None:
    assert loads(nested(MAXIMUM_DEPTH)) is not None


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_every_plain_value_comes_back(value: Any) -> None:
    assert loads(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_parse_or_refuse(raw: bytes) -> None:
    with contextlib.suppress(BadRequest):
        json.dumps(loads(raw), ensure_ascii=False).encode()


def test_a_refusal_quotes_nothing() -> None:
    with pytest.raises(BadRequest) as refusal:
        loads(b'{"account": "6222021234567890123')
    assert "6222" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_no_more_than_the_limit_is_read() -> None:
    stream = io.BytesIO(b"[" + b" " * (3 * MAXIMUM_BYTES) + b"]")
    with pytest.raises(BadRequest, match="1 MB"):
        StrictJSONParser().parse(stream)
    assert stream.tell() == MAXIMUM_BYTES + 1
