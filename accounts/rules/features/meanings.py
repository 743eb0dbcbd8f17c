"""The features in words, their weights and thresholds, and the formula that ranks accounts by them; nothing is computed from rows.

The score of an account is what is proven against it, out of 1,000: each feature gives 0 to 1,000 points on a straight
line from its `calm` to its `grave` value, times its weight; the weights add up to 100. A feature without data gives
nothing, so more data can only raise a score. It orders a list; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Unit = Literal["count", "share", "seconds"]
SHARE = 10_000  # a share of 10,000 is all of it
NIGHT_FROM, NIGHT_TO = 22, 6
ROUND_UNITS = 1_000  # whole thousands of the currency
SMALL_UNITS, LARGE_UNITS, TIMES_LARGER = 10, 1_000, 100
TEST_WINDOW = 24 * 3600
HOUR = 3600
LEAST_ROWS = 4  # below this a share or a median says nothing


@dataclass(frozen=True)
class Feature:
    """`calm` gives no points, `grave` all of them; where grave is less than calm, small values are the grave ones.

    `needs`: "statement" where the account's own statement is needed, else "" (others' statements give a lower bound).
    """

    code: str
    unit: Unit
    weight: int
    calm: int
    grave: int
    needs: Literal["", "statement"] = "statement"


FEATURES: tuple[Feature, ...] = (
    Feature("fan_in", "count", 8, 3, 20, ""),
    Feature("fan_out", "count", 8, 3, 20, ""),
    Feature("fan_in_hour", "count", 8, 2, 8),
    Feature("fan_out_hour", "count", 8, 2, 8),
    Feature("pass_through", "share", 18, 5_000, 9_500),
    Feature("dwell", "seconds", 16, 4 * 3600, 600),
    Feature("burst", "seconds", 10, 7 * 24 * 3600, 24 * 3600),
    Feature("night", "share", 6, 3_000, 8_000),
    Feature("shared_device", "count", 10, 0, 2),
    Feature("round_amounts", "share", 4, 3_000, 8_000),
    Feature("test_payments", "count", 4, 0, 2, ""),
)
BY_CODE: Mapping[str, Feature] = {feature.code: feature for feature in FEATURES}

FEATURE_LABELS: dict[str, str] = {
    "fan_in": "Payers",
    "fan_out": "Payees",
    "fan_in_hour": "Payers in one hour",
    "fan_out_hour": "Payees in one hour",
    "pass_through": "Passed on",
    "dwell": "Time until passed on",
    "burst": "Sudden use",
    "night": "At night",
    "shared_device": "Shared devices",
    "round_amounts": "Round amounts",
    "test_payments": "Test payments",
}
MEANING_LABELS: dict[str, str] = {
    "fan_in": "From how many different accounts money came. Collecting accounts of fraud have many payers who do not know each other.",
    "fan_out": "To how many different accounts money went. Money that is spread quickly is harder to stop.",
    "fan_in_hour": "The most different payers within any one hour. Victims of one wave pay at the same time.",
    "fan_out_hour": "The most different payees within any one hour. Splitting among many accounts within minutes is typical of a relay.",
    "pass_through": "How much of what came in went out again. A relay keeps nothing; a household keeps or spends in small parts.",
    "dwell": "How long money stayed, half of it less and half of it longer. Minutes mean that somebody was waiting for it.",
    "burst": "How long it took from the first entry of an account that was new or empty until half of its turnover was done.",
    "night": "Which share of the entries fell between 22:00 and 06:00 local time.",
    "shared_device": "How many other accounts of this case were used from the same device. One person behind several accounts.",
    "round_amounts": "Which share of the entries is in whole thousands. People pay odd sums for goods; relays move round ones.",
    "test_payments": "How often a very small payment was followed within a day by one at least a hundred times larger from the same payer.",
}
FORMULA_LABELS: dict[str, str] = {
    "fan_in": "Different named accounts that paid in; cash and payers that the bank does not name are not counted.",
    "fan_out": "Different named accounts that were paid; cash and payees that the bank does not name are not counted.",
    "fan_in_hour": "Largest number of different payers in a window of 60 minutes that slides over all entries with a time of day.",
    "fan_out_hour": "Largest number of different payees in a window of 60 minutes that slides over all entries with a time of day.",
    "pass_through": "The smaller of money out and money in, divided by money in.",
    "dwell": "First in, first out: each part that went out is set against the part that had come in; "
    "the median of the times between, weighted by amount.",
    "burst": "Time from the first entry until half of all money in and out had moved; "
    "only where the statement begins with a stated balance of zero.",
    "night": "Entries from 22:00 to 05:59 local time divided by all entries with a time of day.",
    "shared_device": "Other accounts in the case's statements with the same hardware address, "
    "or the same network address where there is none.",
    "round_amounts": "Entries of at least 1,000 that are whole thousands, divided by all entries.",
    "test_payments": "Payments in of at most 10 that are followed within 24 hours by one of at least 1,000 "
    "and a hundred times as much from the same payer.",
}


def points(feature: Feature, value: int | None) -> int | None:
    """0…1,000 points of one feature; None without data."""
    if value is None:
        return None
    reached = (value - feature.calm) * 1_000 // (feature.grave - feature.calm)
    return max(0, min(1_000, reached))
