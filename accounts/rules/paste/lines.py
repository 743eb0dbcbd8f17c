"""The result of the paste box: one value per pasted line, and the texts of what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.rules.numbers import MESSAGES as NUMBER_TEXTS
from antifraud.money import MESSAGES as MONEY_TEXTS
from antifraud.problems import Problem

MAX_LINES = 500
MAX_LINE_LENGTH = 1_000
MAX_PARTS = 120

MESSAGES: dict[str, str] = {
    **NUMBER_TEXTS,
    **MONEY_TEXTS,
    "too_many_lines": "Only {limit} lines are taken at once. Paste this line again after saving the first ones.",
    "line_too_long": "The line has more than {limit} characters. Keep number, name, bank, amount and time only.",
    "line_too_many_parts": "The line has more than {limit} parts. Keep number, name, bank, amount and time only.",
    "number_missing": "No account number was found in this line. Add one of 4 to 34 letters and digits.",
    "two_numbers": "The line holds two account numbers. Put each account on a line of its own.",
    "amount_not_positive": "The amount must be more than zero. Correct it.",
    "time_bad": "The time does not exist in the calendar. Write it like 2026-11-20 13:05.",
    "heading_row": "This line names the columns; it is no account.",
    "duplicate_number": "The same number stands in line {first}. Keep both only if money went there twice.",
    "number_grouping_assumed": "The groups of digits could also be read in another way. Compare the number.",
    "number_looks_like_time": "The number reads like a date and time. Compare it with the source.",
    "number_looks_like_id": "The number reads like an identity number. Compare it with the source.",
    "second_amount_ignored": "The line holds a second amount, which is not used. Check the amount.",
    "amount_comma_assumed": "The comma in the amount was read as thousands separator. Check the amount.",
    "second_time_ignored": "The line holds a second time, which is not used. Check the time.",
    "time_date_only": "The time of day is missing, so the start of the day stands. Add hour and minute.",
    "time_no_date": "The date is missing, so the time is not used. Add the date.",
    "time_year_assumed": "The year is missing, so the latest possible one stands. Check the date.",
    "time_in_future": "The time lies in the future. Check date and time.",
    "columns_guessed": "The cells of this line do not fit the headings and were guessed. Check each field.",
    "cell_not_used": "A part of this line was not understood and is not used. Check the line.",
}


@dataclass(frozen=True, slots=True)
class PastedLine:
    """One non-blank line. Missing fields are "" or None; `at` is UTC; `raw` is the line as it was pasted.

    Each Problem carries the field it belongs to ("" = the line) and fills its text in MESSAGES.
    """

    line_no: int
    raw: str
    number: str = ""
    bank_text: str = ""
    name: str = ""
    amount_minor: int | None = None
    currency: str = ""
    at: datetime | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def is_heading(self) -> bool:
        """Whether the line names columns instead of an account."""
        return any(warning.code == "heading_row" for warning in self.warnings)

    @property
    def problem_codes(self) -> list[str]:
        """Codes of what blocks the line."""
        return [problem.code for problem in self.problems]

    @property
    def warning_codes(self) -> list[str]:
        """Codes of what should be looked at."""
        return [warning.code for warning in self.warnings]
