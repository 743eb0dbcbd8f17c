"""The police's twelve classes of telecom fraud and "other", with their share of real cases; sub-types
are free text.

Names and counts: task description of CCL2023-FCC, 102,762 classified cases; it gives no count for "other".
"""

from __future__ import annotations

from typing import NamedTuple

from antifraud.plain_text import fold

FRAUD_TYPE_LABELS: dict[str, str] = {
    "rebate": "Fake task or order-brushing rebate",
    "ecommerce_service": "Impersonating e-commerce or logistics customer service",
    "investment": "Fake online investment",
    "loan_card": "Loan or credit-card processing",
    "credit_record": "Fake credit-record repair",
    "shopping": "Fake shopping or services",
    "authority": "Impersonating police, procuratorate, court or government",
    "acquaintance": "Impersonating a superior or acquaintance",
    "game": "Fake online-game trading",
    "romance": "Online romance or friendship",
    "online_illicit": "Online illicit-industry case",
    "military": "Impersonating military or police in procurement",
    "other": "Other type",
}


class FraudType(NamedTuple):
    """One class. `cases` is its count among TOTAL_CASES, None where the source gives none."""

    code: str
    zh: str
    en: str
    cases: int | None

    @property
    def share(self) -> float | None:
        """Part of all classified cases, 0..1."""
        return None if self.cases is None else self.cases / TOTAL_CASES


_ROWS: tuple[tuple[str, str, int | None], ...] = (
    ("rebate", "刷单返利", 35_459),
    ("ecommerce_service", "冒充电商物流客服", 13_772),
    ("investment", "虚假网络投资理财", 11_836),
    ("loan_card", "贷款、代办信用卡", 11_105),
    ("credit_record", "虚假征信", 8_464),
    ("shopping", "虚假购物、服务", 7_058),
    ("authority", "冒充公检法及政府机关", 4_563),
    ("acquaintance", "冒充领导、熟人", 4_407),
    ("game", "网络游戏产品虚假交易", 2_155),
    ("romance", "网络婚恋、交友", 1_654),
    ("online_illicit", "网黑案件", 1_197),
    ("military", "冒充军警购物", 1_092),
    ("other", "其他类型", None),
)

FRAUD_TYPES: dict[str, FraudType] = {
    code: FraudType(code, zh, FRAUD_TYPE_LABELS[code], cases) for code, zh, cases in _ROWS
}
TOTAL_CASES = sum(cases or 0 for _, _, cases in _ROWS)


def find_fraud_type(text: str) -> FraudType | None:
    """The class that a code, a Chinese or an English name stands for, whatever its width, case and
    punctuation.
    """
    return _BY_WORD.get(_word(text))


def _word(text: str) -> str:
    return "".join(c for c in fold(text).casefold() if c.isalnum())


_BY_WORD: dict[str, FraudType] = {
    _word(name): row for row in FRAUD_TYPES.values() for name in (row.code, row.zh, row.en)
}
