"""cases.rules.fraud_types: the classes of the police and their shares."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cases.rules.fraud_types import FRAUD_TYPE_LABELS, FRAUD_TYPES, TOTAL_CASES, find_fraud_type

REAL_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "fraud-types" / "fraud_types.csv"


def test_there_are_twelve_classes_and_other() -> None:
    assert len(FRAUD_TYPES) == 13
    assert list(FRAUD_TYPES)[-1] == "other"
    assert list(FRAUD_TYPE_LABELS) == list(FRAUD_TYPES)
    assert TOTAL_CASES == 102_762


def test_shares_are_of_all_classified_cases() -> None:
    shares = [row.share for row in FRAUD_TYPES.values() if row.share is not None]
    assert sum(shares) == pytest.approx(1)
    assert FRAUD_TYPES["rebate"].share == 35_459 / 102_762
    assert FRAUD_TYPES["other"].share is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rebate", "rebate"),
        ("刷单返利", "rebate"),
        ("贷款,代办信用卡", "loan_card"),
        ("贷款、代办信用卡", "loan_card"),
        (" FAKE shopping or services ", "shopping"),
        ("ecommerce-service", "ecommerce_service"),
        ("其他类型", "other"),
    ],
)
def test_a_class_is_found_by_any_of_its_names(text: str, code: str) -> None:
    found = find_fraud_type(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize("text", ["", "刷单", "rebates"])
def test_other_words_are_no_class(text: str) -> None:
    assert find_fraud_type(text) is None


@pytest.mark.skipif(not REAL_FILE.exists(), reason="the published figures are not on this machine")
def test_the_published_figures_are_the_same() -> None:
    with REAL_FILE.open(encoding="utf-8", newline="") as file:
        published = [
            (row["code"], row["zh"], int(row["share_of_102762"]) if row["share_of_102762"] else None)
            for row in csv.DictReader(file)
        ]
    assert published == [(row.code, row.zh, row.cases) for row in FRAUD_TYPES.values()]
