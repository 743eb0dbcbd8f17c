"""The sheet of an alert's accounts: its columns; who may see which line is decided elsewhere."""

from __future__ import annotations

from accounts.rules.sheets.columns import Column, word_table

YES_NO_LABELS: dict[str, str] = {"yes": "Yes", "no": "No"}

ALERT_COLUMNS: tuple[Column, ...] = (
    Column("account_number", "number", needed=True, required=True),
    Column("account_name", "text", max_length=100),
    Column("account_bank", "text"),
    Column("to_all", "word", words={**word_table(YES_NO_LABELS), "是": "yes", "否": "no"}),
)
