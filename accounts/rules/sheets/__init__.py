"""Sheets that people fill in (bulk answers, case import): columns, rows to typed values, problems with
row numbers.

The file itself is read and written by antifraud.spreadsheets; nothing is looked up or stored here.
"""

from __future__ import annotations

from accounts.rules.setting import Setting
from accounts.rules.sheets.alert_rows import ALERT_COLUMNS, YES_NO_LABELS
from accounts.rules.sheets.answer_rows import ANSWER_COLUMNS, answer_draft
from accounts.rules.sheets.case_rows import CASE_COLUMNS, CaseGroup, group_cases
from accounts.rules.sheets.columns import COLUMN_LABELS, COLUMN_NAMES_ZH, Column, headings
from accounts.rules.sheets.messages import MESSAGES
from accounts.rules.sheets.reading import RowResult, SheetReading, read_sheet

__all__ = [
    "ALERT_COLUMNS",
    "ANSWER_COLUMNS",
    "CASE_COLUMNS",
    "COLUMN_LABELS",
    "COLUMN_NAMES_ZH",
    "MESSAGES",
    "YES_NO_LABELS",
    "CaseGroup",
    "Column",
    "RowResult",
    "Setting",
    "SheetReading",
    "answer_draft",
    "group_cases",
    "headings",
    "read_sheet",
]
