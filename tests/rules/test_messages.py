"""Every text of the rules: complete sentences with a next step, named placeholders, no percent sign."""

from __future__ import annotations

import string

import pytest

from accounts.rules import numbers, order_kinds, reasons
from accounts.rules.answers import MESSAGES as ANSWER_TEXTS
from accounts.rules.paste import MESSAGES as PASTE_TEXTS
from accounts.rules.sheets import COLUMN_LABELS
from accounts.rules.sheets import MESSAGES as SHEET_TEXTS
from antifraud import money, spreadsheets
from banks.rules import card_prefixes, legal_profile
from cases.rules import fraud_types

TABLES = {
    "money": money.MESSAGES,
    "spreadsheets": spreadsheets.MESSAGES,
    "card_prefixes": card_prefixes.MESSAGES,
    "legal_profile": legal_profile.MESSAGES,
    "numbers": numbers.MESSAGES,
    "answers": ANSWER_TEXTS,
    "paste": PASTE_TEXTS,
    "sheets": SHEET_TEXTS,
}
LABELS = {
    "order_kinds": legal_profile.ORDER_KIND_LABELS,
    "modes": order_kinds.MODE_LABELS,
    "outcomes": order_kinds.OUTCOME_LABELS,
    "match_fields": order_kinds.MATCH_FIELD_LABELS,
    "reasons": reasons.REASON_LABELS,
    "columns": COLUMN_LABELS,
    "card_kinds": card_prefixes.CARD_KIND_LABELS,
    "fraud_types": fraud_types.FRAUD_TYPE_LABELS,
}
STATEMENTS = {"heading_row", "column_unknown"}  # tell what is so; there is nothing to do about it


@pytest.mark.parametrize("table", TABLES)
def test_texts_can_be_translated_and_filled(table: str) -> None:
    for code, text in TABLES[table].items():
        assert code.isidentifier(), code
        assert code.islower(), code
        assert "%" not in text, code
        assert text.endswith("."), code
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        assert all(name.isidentifier() for name in names), code


@pytest.mark.parametrize("table", TABLES)
def test_texts_say_the_rule_and_the_next_step(table: str) -> None:
    for code, text in TABLES[table].items():
        if code not in STATEMENTS:
            assert text.count(". ") + text.count("; ") >= 1, code


@pytest.mark.parametrize("table", LABELS)
def test_labels_are_short_words_without_percent(table: str) -> None:
    for code, text in LABELS[table].items():
        assert 0 < len(text) <= 60, code
        assert "%" not in text, code
        assert "{" not in text, code
        assert text[0].isupper(), code


def test_one_code_never_has_two_texts_in_one_place() -> None:
    shared: dict[str, str] = {}
    for table in ("money", "numbers", "paste", "sheets"):
        for code, text in TABLES[table].items():
            assert shared.setdefault(code, text) == text, code
