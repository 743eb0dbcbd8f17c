"""antifraud.money: text to minor units and back, exactly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antifraud.money import (
    EXPONENTS,
    MAX_MINOR,
    MESSAGES,
    MoneyError,
    format_minor,
    from_minor,
    marked_currency,
    to_minor,
)

CURRENCIES = st.sampled_from(sorted(EXPONENTS))
MINOR = st.integers(-MAX_MINOR, MAX_MINOR)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1,234.56", 123456),
        ("1234.5", 123450),
        ("0", 0),
        ("0.01", 1),
        ("1.500", 150),
        ("5万", 5_000_000),
        ("3.2万元", 3_200_000),
        ("¥500", 50_000),
        ("￥５００", 50_000),
        ("5000元", 500_000),
        ("RMB 500", 50_000),
        ("rmb500", 50_000),
        ("500 CNY", 50_000),
        ("人民币５万元整", 5_000_000),
        ("1，234．56", 123456),
        ("1,234万", 1_234_000_000),
        ("1亿2000万", 12_000_000_000),
        ("2亿3万", 20_003_000_000),
        ("3万5000元", 3_500_000),
        ("1万5千", 1_500_000),
        ("5w", 5_000_000),
        ("3K", 300_000),
        ("-5", -500),
        ("-¥500", -50_000),
        ("¥-500", -50_000),
        ("−5", -500),
        (" \u200b5\ufeff ", 500),
        ("10000000000000.00", MAX_MINOR),
    ],
)
def test_text_is_read_exactly(text: str, minor: int) -> None:
    assert to_minor(text, "CNY") == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "amount_empty"),
        (" \u200b", "amount_empty"),
        ("元", "amount_not_a_number"),
        ("five", "amount_not_a_number"),
        ("1e5", "amount_not_a_number"),
        ("--5", "amount_not_a_number"),
        ("½", "amount_not_a_number"),
        ("①500", "amount_not_a_number"),
        ("5²", "amount_not_a_number"),
        ("3万5", "amount_not_a_number"),
        ("1万1亿", "amount_not_a_number"),
        ("10000万1亿", "amount_not_a_number"),
        ("1.5万2000", "amount_not_a_number"),
        ("5万w", "amount_not_a_number"),
        ("1 234", "amount_not_a_number"),
        ("9" * 65, "amount_not_a_number"),
        ("1" * 1_000, "amount_not_a_number"),
        ("12,34", "amount_bad_grouping"),
        ("1,23,456", "amount_bad_grouping"),
        ("1.234,56", "amount_bad_grouping"),
        ("0.001", "amount_too_precise"),
        ("10000000000000.01", "amount_out_of_range"),
        ("92233720368547758.07", "amount_out_of_range"),
        ("9" * 40, "amount_out_of_range"),
        ("US$5", "amount_other_currency"),
        ("500美元", "amount_other_currency"),
        ("$5", "amount_other_currency"),
        ("¥5 USD", "amount_other_currency"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, code: str) -> None:
    with pytest.raises(MoneyError) as caught:
        to_minor(text, "CNY")
    assert caught.value.code == code
    assert str(caught.value) == MESSAGES[code].format(**caught.value.params)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("500", "JPY", 500), ("¥500", "JPY", 500), ("1.234", "KWD", 1234), ("1.2345", "CLF", 12345), ("$5", "HKD", 500)],
)
def test_each_currency_has_its_own_decimal_places(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor


def test_an_unknown_currency_is_refused() -> None:
    for call in (lambda: to_minor("5", "RMB"), lambda: from_minor(5, "cny"), lambda: format_minor(5, "")):
        with pytest.raises(MoneyError) as caught:
            call()
        assert caught.value.code == "currency_unknown"


@pytest.mark.parametrize("value", [1.5, True])
def test_floats_and_flags_are_no_money(value: float) -> None:
    with pytest.raises(TypeError):
        to_minor(value, "CNY")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity")])
def test_decimals_must_be_finite(value: Decimal) -> None:
    with pytest.raises(MoneyError):
        to_minor(value, "CNY")


@pytest.mark.parametrize(
    ("value", "code"),
    [(Decimal("1E+999999"), "amount_out_of_range"), (Decimal("1E-999999"), "amount_too_precise")],
)
def test_extreme_decimals_cost_no_time(value: Decimal, code: str) -> None:
    with pytest.raises(MoneyError) as caught:
        to_minor(value, "CNY")
    assert caught.value.code == code
    assert to_minor(Decimal("0E+999999"), "CNY") == 0


def outcome(text: str, currency: str) -> str:
    """ "read", or the code of the refusal."""
    try:
        minor = to_minor(text, currency)
    except MoneyError as e:
        return e.code
    return "read" if abs(minor) <= MAX_MINOR else "beyond the bounds"


@given(MINOR, CURRENCIES)
def test_minor_units_survive_every_round_trip(minor: int, currency: str) -> None:
    major = from_minor(minor, currency)
    assert to_minor(major, currency) == minor
    assert to_minor(str(major) if abs(minor) > 0 else "0", currency) == minor
    assert to_minor(format_minor(minor, currency), currency) == minor
    assert to_minor(format_minor(minor, currency, "zh-hans"), currency) == minor


@given(st.integers(0, 10**5), st.sampled_from([("万", 4), ("亿", 8), ("千", 3)]))
def test_a_unit_is_its_power_of_ten(number: int, unit: tuple[str, int]) -> None:
    assert to_minor(f"{number}{unit[0]}", "CNY") == number * 10 ** (unit[1] + 2)


@given(st.text(max_size=80), CURRENCIES)
def test_no_text_breaks_the_reader(text: str, currency: str) -> None:
    assert outcome(text, currency) in {"read", *MESSAGES}


@given(st.text(alphabet="0123456789.,-+¥$元万亿千kwWK USDCNY①½", max_size=30))
def test_nearly_numbers_do_not_break_the_reader(text: str) -> None:
    assert outcome(text, "CNY") in {"read", *MESSAGES}


@pytest.mark.parametrize(
    ("minor", "currency", "lang", "text"),
    [
        (123456789, "CNY", "en", "CNY 1,234,567.89"),
        (123456789, "CNY", "zh-hans", "1,234,567.89 元"),
        (-5, "CNY", "en", "CNY -0.05"),
        (0, "CNY", "zh", "0.00 元"),
        (1500, "JPY", "en", "JPY 1,500"),
        (1234, "KWD", "zh-Hans", "1.234 KWD"),
        (500, "USD", "zh", "5.00 美元"),
    ],
)
def test_amounts_are_written_for_people(minor: int, currency: str, lang: str, text: str) -> None:
    assert format_minor(minor, currency, lang) == text


@pytest.mark.parametrize(
    ("text", "currency"),
    [("500美元", "USD"), ("HK$5", "HKD"), ("¥5", None), ("$5", None), ("5", None), ("¥5元", "CNY"), ("美元5元", None)],
)
def test_a_mark_names_its_currency_only_beyond_doubt(text: str, currency: str | None) -> None:
    assert marked_currency(text) == currency
