"""Masks show exactly what they promise, for any input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antifraud.crypto.masks import MASK_KINDS, MaskKind, mask, mask_id_number, mask_name, mask_phone


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("6222021234560123", "6222 **** 0123"),
        ("6222 0212 3456 7890 123", "6222 **** 0123"),
        ("6222-0212-3456-0123", "6222 **** 0123"),
        ("123456789012345", "**** 2345"),
        ("12345678901", "**** 8901"),
        ("1234567890", "**** 90"),
        ("12345", "**** 45"),
        ("1234", "****"),
        ("12", "****"),
        ("", ""),
    ],
)
def test_account(text: str, shown: str) -> None:
    assert mask("account", text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("欧阳娜娜", "欧***"),
        ("阿卜杜拉·买买提", "阿***"),
        ("张 三", "张*"),
        ("张", "*"),
        ("深圳市某某科技有限公司", "深***"),
        ("John Smith", "J*** S***"),
        ("J Smith", "*** S***"),
        ("Juan Carlos de la Cruz Ortega", "J*** C*** d*** l***"),
        ("김철수", "김**"),
    ],
)
def test_name(text: str, shown: str) -> None:
    assert mask_name(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("11010519491231002X", "**** 2X"), ("E12345678", "**** 78"), ("1234", "****"), ("1", "****")]
)
def test_id_number(text: str, shown: str) -> None:
    assert mask_id_number(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+8613812345678", "138****5678"),
        ("138 1234 5678", "138****5678"),
        ("+442071838750", "**** 8750"),
        ("+862112345678", "**** 5678"),
        ("95588", "**** 88"),
        ("110", "****"),
    ],
)
def test_phone(text: str, shown: str) -> None:
    assert mask_phone(text) == shown


def test_text() -> None:
    assert mask("text", "anything at all") == "•••"
    assert mask("text", "  ") == ""


@given(st.sampled_from(["account", "id_number", "phone"]), st.text(alphabet="0123456789ABCX", min_size=1, max_size=40))
def test_numbers_hide_most_of_themselves(kind: MaskKind, text: str) -> None:
    shown = mask(kind, text).replace("*", "").replace(" ", "")
    most = {"account": 8, "id_number": 2, "phone": 7}[kind]
    assert len(shown) <= min(most, len(text) * 7 // 11)
    assert len(text) > 10 or len(shown) <= 4
    if kind == "account" and len(text) <= 10:
        assert len(shown) in (0, 2)


@given(st.sampled_from(MASK_KINDS), st.text(max_size=60))
def test_any_text_can_be_masked(kind: MaskKind, text: str) -> None:
    shown = mask(kind, text)
    assert (shown == "") == (not text.strip())
    if set(text.strip()) - set("*• "):
        assert text.strip() not in shown


@given(st.text(alphabet="ABCdefé张李王 ", min_size=1, max_size=60))
def test_name_shows_first_letters_only(text: str) -> None:
    letters = mask("name", text).replace("*", "").replace(" ", "")
    assert set(letters) <= {part[0] for part in text.split()}
    assert len(letters) <= min(4, len(text.split()))
