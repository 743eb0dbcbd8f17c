"""What can be wrong with a filled-in sheet: codes and English texts (field, rule, next step)."""

from __future__ import annotations

from accounts.rules.numbers import MESSAGES as NUMBER_TEXTS
from antifraud.money import MESSAGES as MONEY_TEXTS

MESSAGES: dict[str, str] = {
    **NUMBER_TEXTS,
    **MONEY_TEXTS,
    "headings_missing": "No row with the template's headings was found. Use the downloaded template.",
    "column_missing": "The column {heading} is missing. Use the downloaded template.",
    "column_repeated": "The column {heading} stands in the sheet twice. Delete one of them.",
    "column_unknown": "The column {heading} is not known and is not used.",
    "cell_required": "The cell is empty. Fill it in.",
    "cell_too_long": "The text has more than {limit} characters. Shorten it.",
    "cell_not_text": "The cell holds a date or a truth value instead of text. Format it as text and fill it in again.",
    "cell_not_word": "The word is not one of the list. Choose one from the list.",
    "cell_amount_negative": "The amount is negative. Enter zero or more.",
    "cell_not_integer": "The cell must hold a whole number. Correct it.",
    "cell_not_id": "The identifier was changed. Copy it again from the downloaded sheet.",
    "cell_not_time": "The time cannot be read. Write it like 2026-11-20 13:05.",
    "cell_time_of_day_missing": "The time of day is missing. Write it like 2026-11-20 13:05.",
    "cell_time_in_future": "The time lies in the future. Check date and time.",
    "cell_number_rounded": "The spreadsheet program stored this number with 15 digits only. "
    "Format the column as text and fill it in again.",
    "row_repeated": "The row repeats row {first}. Keep both only if it happened twice.",
    "case_field_differs": "The case has another value here in row {first}. Leave the cell empty or use the same value.",
}
