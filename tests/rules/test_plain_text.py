"""antifraud.plain_text and antifraud.problems: folding, and the words of a finding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antifraud.plain_text import fold, invisible, without_numbers
from antifraud.problems import Problem, errors_of, warnings_of


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("６２２２\u3000０２", "6222 02"),
        ("a\u200bb\ufeffc\u00add", "abcd"),
        ("①500", "①500"),
        ("5²½", "5²½"),
        ("５①５", "5①5"),
        ("￥１，２３４", "¥1,234"),
        ("a\tb\nc\rd\x00e\x7f", "a\tb\ncde"),
        ("汉\U000e0100字\ufe0f", "汉字"),
        ("e\u200b\u0301", "é"),
        ("\ue000", "\ue000"),
        ("plain", "plain"),
    ],
)
def test_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert not any(invisible(char) for char in once)


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_printable_ascii_is_left_alone(text: str) -> None:
    assert fold(text) == "".join(c for c in text if c in "\t\n" or " " <= c <= "~")


def test_a_problem_finds_its_words() -> None:
    problem = Problem("late", {"limit": 3}, field="time")
    assert problem.text({"late": "More than {limit}."}) == "More than 3."
    with pytest.raises(KeyError):
        problem.text({})


def test_errors_and_warnings_are_kept_apart() -> None:
    error, warning = Problem("a"), Problem("b", severity="warning")
    found = {"x": [error, warning], "y": [warning], "z": [error]}
    assert errors_of(found) == {"x": [error], "z": [error]}
    assert warnings_of(found) == {"x": [warning], "y": [warning]}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("account 6222 0212 3456 7890 is wrong", "account «number» is wrong"),
        ("６２２２０２１２３４５６７８９０", "«number»"),
        ("id 11010519491231002X", "id «number»"),
        ("see O2026-00000012 and A2026-0000012", "see O2026-00000012 and A2026-0000012"),
        ("paid 128,000.00 on 2026-11-22", "paid 128,000.00 on 2026-11-22"),
    ],
)
def test_what_is_kept_in_clear_names_nobody(typed: str, kept: str) -> None:
    assert without_numbers(typed) == kept
