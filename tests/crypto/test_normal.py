"""Normal forms: the same for all spellings of one thing, stable when applied twice, different for different things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antifraud.crypto.normal import normal_account, normal_id_number, normal_name, normal_phone

NOISE = st.text(alphabet=" -‐–—−\u200b\u200d\ufeff\u00a0\u3000\u202d\u202c\t.　－", max_size=3)


def scattered(text: str, noises: list[str]) -> str:
    return "".join(noise + char for noise, char in zip([*noises, *[""] * len(text)], text, strict=False)) + "".join(
        noises[:1]
    )


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("6222 0212 3456 0123", "6222021234560123"),
        ("６２２２－０２１２　３４５６", "622202123456"),
        ("\u200b6222\u200d02\ufeff", "622202"),
        ("gb29 nwbk 6016", "GB29NWBK6016"),
        ("٦٢٢٢", "6222"),
        ("卡号：6222", "6222"),
        ("wxid_a1b2", "WXID_A1B2"),
        ("A.B-c@Example.com", "A.B-C@EXAMPLE.COM"),
        ("没有", ""),
    ],
)
def test_account(text: str, normal: str) -> None:
    assert normal_account(text) == normal


@given(st.text(alphabet="0123456789ABCXYZ", min_size=1, max_size=30), st.lists(NOISE, max_size=30))
def test_account_spelled_in_any_way(number: str, noises: list[str]) -> None:
    for spelling in (number, number.lower(), full_width(number)):
        assert normal_account(scattered(spelling, noises)) == number


@given(st.text(max_size=60))
def test_forms_are_stable(text: str) -> None:
    for form in (normal_account, normal_id_number, normal_name):
        once = form(text)
        assert form(once) == once


@given(st.text(max_size=60))
def test_number_forms_are_plain_ascii(text: str) -> None:
    for form in (normal_account, normal_id_number):
        assert form(text).isascii()
        assert form(text) == form(text).upper()
    assert normal_id_number(text).isalnum() or normal_id_number(text) == ""


@given(st.text(alphabet="0123456789", min_size=1, max_size=30), st.text(alphabet="0123456789", min_size=1, max_size=30))
def test_different_numbers_stay_different(one: str, other: str) -> None:
    assert (normal_account(one) == normal_account(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("张三", "张三"),
        ("张　三", "张三"),
        ("  John   SMITH ", "john smith"),
        ("ＪＯＨＮ", "john"),
        ("Straße", "strasse"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉 ・ 买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉‧买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉･买买提", "阿卜杜拉·买买提"),
        ("张\u200b三", "张三"),
        ("", ""),
    ],
)
def test_name(text: str, normal: str) -> None:
    assert normal_name(text) == normal


@given(
    st.text(alphabet="张李王欧阳娜", min_size=1, max_size=4),
    st.sampled_from("·•・‧･∙⋅"),
    st.text(alphabet="买提古丽", min_size=1, max_size=4),
    st.sampled_from(["", " ", "　", "\u200b"]),
)
def test_interpuncts_and_spaces_are_one(first: str, dot: str, last: str, space: str) -> None:
    assert normal_name(f"{space}{first}{space}{dot}{space}{last}{space}") == f"{first}·{last}"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("13812345678", "+8613812345678"),
        ("138-1234-5678", "+8613812345678"),
        ("+86 138 1234 5678", "+8613812345678"),
        ("0086 13812345678", "+8613812345678"),
        ("１３８１２３４５６７８", "+8613812345678"),
        ("\u202d13812345678\u202c", "+8613812345678"),
        ("021-12345678", "+862112345678"),
        ("+44 20 7183 8750", "+442071838750"),
        ("95588", "+8695588"),
    ],
)
def test_phone(text: str, normal: str) -> None:
    assert normal_phone(text) == normal


@given(
    st.integers(13_000_000_000, 19_999_999_999),
    st.lists(st.sampled_from(["", " ", "-", "\u200b"]), min_size=11, max_size=11),
)
def test_mobile_spelled_in_any_way(number: int, noises: list[str]) -> None:
    digits = str(number)
    for spelling in (digits, f"+86{digits}", full_width(digits)):
        assert normal_phone(scattered(spelling, noises)) == f"+86{digits}"
    assert normal_phone(normal_phone(digits)) == f"+86{digits}"


@given(st.text(max_size=40))
def test_any_text_is_a_phone_or_a_value_error(text: str) -> None:
    try:
        normal = normal_phone(text)
    except ValueError:
        return
    assert normal.startswith("+")
    assert normal[1:].isdigit()


@pytest.mark.parametrize("text", ["", "abc", "1", "张三"])
def test_no_phone(text: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        normal_phone(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("11010519491231002x", "11010519491231002X"),
        ("110105 19491231 002Ｘ", "11010519491231002X"),
        ("A123456(7)", "A1234567"),
    ],
)
def test_id_number(text: str, normal: str) -> None:
    assert normal_id_number(text) == normal
