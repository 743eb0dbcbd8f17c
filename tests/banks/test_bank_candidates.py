"""Whose bank a number or a pasted name may mean: hints, with what speaks for them."""

from __future__ import annotations

from typing import Any

import pytest

from banks.models import BankName, CardPrefix, Institution
from banks.selectors.prefixes import bank_candidates, banks_of_numbers, institution_by_text, institutions_by_text
from tests.cast import World


def _add(prefix: str, bank: str, length: int = 19, kind: str = "DC") -> None:
    CardPrefix.objects.create(prefix=prefix, bank_code=bank, card_kind=kind, number_length=length)


def _seen(number: str) -> list[tuple[str, str, str, str]]:
    return [(i.code if i else "", code, name, word) for i, code, name, word in bank_candidates(number)]


def test_one_bank_alone_is_certain(world: World) -> None:
    assert _seen("6222021234567890123") == [("bank_a", "ICBC", "中国工商银行", "high")]


def test_an_unknown_number_has_none(world: World) -> None:
    assert _seen("9999991234567890123") == []
    assert _seen("") == []


def test_a_bank_that_does_not_take_part_is_named_all_the_same(world: World) -> None:
    assert _seen("6228480000000000000") == [("", "ABC", "中国农业银行", "high")]


def test_the_longest_prefix_comes_first_and_conflicts_lower_each_other(world: World) -> None:
    _add("622202", "CCB")
    _add("6222", "ABC")
    words = {code: word for _institution, code, _name, word in _seen("6222021234567890123")}
    assert list(words) == ["CCB", "ICBC", "ABC"]
    assert (words["CCB"], words["ICBC"], words["ABC"]) == ("medium", "medium", "low")


def test_kinds_of_card_of_one_bank_do_not_compete(world: World) -> None:
    _add("622202", "ICBC", kind="CC")
    assert _seen("6222021234567890123") == [("bank_a", "ICBC", "中国工商银行", "high")]


def test_another_length_makes_it_less_certain(world: World) -> None:
    assert _seen("622202123456789") == [("bank_a", "ICBC", "中国工商银行", "medium")]


def test_many_numbers_cost_three_statements(world: World, counted: Any) -> None:
    numbers = [f"6222021234567890{n:03d}" for n in range(100)] + ["6217001234567890123"]
    with counted(3):
        found = banks_of_numbers(numbers)
    assert len(found) == 101
    assert found["6217001234567890123"][0][1] == "CCB"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("中国工商银行", "bank_a"),
        ("工行", "bank_a"),
        (" ＩＣＢＣ ", "bank_a"),
        ("Industrial and Commercial Bank", "bank_a"),
        ("中国工商银行股份有限公司", "bank_a"),
        ("中国建设银行上海分行", "bank_b"),
        ("建设银行", "bank_b"),
        ("中国工商银行东城支行", "branch_a"),
        ("Easy Pay", "payment"),
        ("易付", "payment"),
        ("telecom", "telecom"),
        ("中国农业银行", None),  # known to the table, but it does not take part
        ("银行", None),  # could be any
        ("bank", None),
        ("", None),
        ("东城分局", None),  # police are nobody's bank
        ("B", None),
    ],
)
def test_a_pasted_name_means_one_institution_or_none(world: World, text: str, code: str | None) -> None:
    found = institution_by_text(text)
    assert (found.code if found else None) == code


def test_a_name_of_two_institutions_means_none(world: World) -> None:
    BankName.objects.create(bank_code="CCB", name="城市银行")
    assert institution_by_text("城市银行") == world.bank_b
    BankName.objects.create(bank_code="ICBC", name="城市银行")
    assert institution_by_text("城市银行") is None


def test_an_institution_that_left_is_not_meant(world: World) -> None:
    Institution.objects.filter(code="bank_b").update(is_active=False)
    assert institution_by_text("中国建设银行") is None


def test_many_names_cost_two_statements(world: World, counted: Any) -> None:
    with counted(2):
        found = institutions_by_text(["工行", "建行", "nobody"] * 50)
    assert {text: i.code if i else None for text, i in found.items()} == {
        "工行": "bank_a", "建行": "bank_b", "nobody": None,
    }  # fmt: skip


def test_a_branch_that_is_named_brings_the_bank_above_it(world: World, counted: Any) -> None:
    Institution.objects.filter(code="bank_b").update(parent=world.bank_a, bank_code="")
    found = institutions_by_text([world.bank_b.name])[world.bank_b.name]
    assert found is not None
    with counted(0):
        assert found.parent is not None
        assert found.parent.bank_code == "ICBC"
