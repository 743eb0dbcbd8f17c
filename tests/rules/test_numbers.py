"""accounts.rules.numbers: normal form, shape, Luhn, phones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from accounts.rules.numbers import (
    MAX_LENGTH,
    MESSAGES,
    MIN_LENGTH,
    classify,
    luhn_ok,
    normalise_number,
    read_number,
    read_phone,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("6222021234567890123", "6222021234567890123"),
        (" 6222 0212 3456 7890 123\t", "6222021234567890123"),
        ("６２２２０２１２３４５６７８９０１２３", "6222021234567890123"),
        ("6222-0212—3456–7890−123", "6222021234567890123"),
        ("\u200b6222\u00a00212\u30003456\ufeff", "622202123456"),
        ("'6222021234567890", "6222021234567890"),
        ("gb29 nwbk 6016 1331 9268 19", "GB29NWBK60161331926819"),
        ("622202123456.0", "622202123456"),
        ("6222①", "6222①"),
        ("6222/0212", "6222/0212"),
        ("ß", "ß"),
    ],
)
def test_numbers_have_one_normal_form(text: str, number: str) -> None:
    assert normalise_number(text) == number


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise_number(normalise_number(text)) == normalise_number(text)


@given(
    st.text(alphabet="0123456789", min_size=4, max_size=34), st.lists(st.sampled_from(" -\t\u3000\u200b—"), max_size=20)
)
def test_separators_never_change_a_number(digits: str, separators: list[str]) -> None:
    mixed = "".join(a + b for a, b in zip(digits, separators + [""] * len(digits), strict=False))
    assert normalise_number(mixed) == digits


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "number_empty"),
        (" -- \u200b", "number_empty"),
        ("123", "number_too_short"),
        ("1" * 35, "number_too_long"),
        ("1" * 201, "number_too_long"),
        ("张三1234", "number_bad_character"),
        ("6222①0212", "number_bad_character"),
        ("ABCD", "number_without_digits"),
        ("6.22202E+18", "number_scientific"),
        ("6.22202e18", "number_scientific"),
    ],
)
def test_what_is_no_number_says_why(text: str, problem: str) -> None:
    assert read_number(text).problems == (problem,)
    assert problem in MESSAGES


@pytest.mark.parametrize("length", [MIN_LENGTH, MAX_LENGTH])
def test_the_limits_are_inclusive(length: int) -> None:
    assert read_number("1" * length).problems == ()


@given(st.text(max_size=250))
def test_a_number_without_problems_is_short_and_plain(text: str) -> None:
    reading = read_number(text)
    if not reading.problems:
        assert MIN_LENGTH <= len(reading.number) <= MAX_LENGTH
        assert reading.number.isascii()
        assert reading.number.isalnum()
        assert reading.number == reading.number.upper()
    assert set(reading.problems + reading.warnings) <= MESSAGES.keys()


@pytest.mark.parametrize(
    ("number", "kind", "warnings"),
    [
        ("4111111111111111", "card", ()),
        ("6222021234567890128", "card", ()),
        ("6222021234567890123", "card", ("number_luhn",)),
        ("6222021234567890000", "card", ("number_luhn", "number_rounded")),
        ("1202020209012345679", "passbook", ()),
        ("33050161662700000123", "corporate", ()),
        ("GB29NWBK60161331926819", "corporate", ()),
        ("110060149018", "corporate", ()),
        ("12345678", "unknown", ()),
        ("A1234", "unknown", ()),
    ],
)
def test_the_shape_suggests_a_kind(number: str, kind: str, warnings: tuple[str, ...]) -> None:
    reading = read_number(number)
    assert (reading.kind, reading.warnings, reading.problems) == (kind, warnings, ())


@given(st.text(alphabet="0123456789", min_size=2, max_size=34))
def test_luhn_agrees_with_a_known_implementation(number: str) -> None:
    assert luhn_ok(number) == luhn.is_valid(number)
    fitting = number + luhn.calc_check_digit(number)
    assert luhn_ok(fitting)
    wrong = fitting[:-1] + str((int(fitting[-1]) + 1) % 10)
    assert not luhn_ok(wrong)


@pytest.mark.parametrize("number", ["", "0", "12a4", "６２２２", "-18"])
def test_luhn_takes_digits_only(number: str) -> None:
    assert luhn_ok(number) is False


@given(st.text(alphabet="0123456789ABC", min_size=4, max_size=34))
def test_failing_luhn_is_never_a_problem(number: str) -> None:
    assert "number_luhn" not in read_number(number).problems
    assert classify(number) in {"card", "passbook", "corporate", "unknown"}


@pytest.mark.parametrize(
    ("text", "number", "warnings"),
    [
        ("138 0013 8000", "+8613800138000", ()),
        ("１３８００１３８０００", "+8613800138000", ()),
        ("+86-138-0013-8000", "+8613800138000", ()),
        ("0086 13800138000", "+8613800138000", ()),
        ("(021) 6888 8888", "+862168888888", ()),
        ("10086", "10086", ()),
        ("95588", "95588", ()),
        ("+44 20 7946 0958", "+442079460958", ()),
        ("138001380001", "+86138001380001", ("phone_unassigned",)),
        ("6888 8888", "+8668888888", ("phone_unassigned",)),
    ],
)
def test_phones_have_one_normal_form(text: str, number: str, warnings: tuple[str, ...]) -> None:
    reading = read_phone(text, region="CN")
    assert (reading.number, reading.problems, reading.warnings) == (number, (), warnings)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "phone_empty"),
        ("\u200b ", "phone_empty"),
        ("call me", "phone_bad"),
        ("+999123", "phone_bad"),
        ("1" * 31, "phone_bad"),
        ("12", "phone_impossible"),
        ("+44 20 79", "phone_impossible"),
    ],
)
def test_what_is_no_phone_says_why(text: str, problem: str) -> None:
    assert read_phone(text, region="CN").problems == (problem,)
    assert problem in MESSAGES


def test_the_country_decides_about_numbers_without_a_code() -> None:
    assert read_phone("020 7946 0958", region="GB").number == "+442079460958"


@given(st.text(max_size=60))
def test_no_text_breaks_the_phone_reader(text: str) -> None:
    reading = read_phone(text, region="CN")
    assert set(reading.problems + reading.warnings) <= MESSAGES.keys()
    if not reading.problems:
        assert read_phone(reading.number, region="CN").number == reading.number
