"""Statement files of banks, wallets and other institutions -> typed rows; nothing is stored or looked up here."""

from __future__ import annotations

from accounts.rules.statements.batch import (
    BATCH_ROWS,
    CLASSES,
    ROW_COLUMNS,
    SHEET_ROWS,
    Batch,
    Header,
    Issue,
    NeedsMapping,
    StatedBalance,
    StatementError,
    place,
)
from accounts.rules.statements.fields import FIELDS, headings_digest_text
from accounts.rules.statements.messages import MESSAGES
from accounts.rules.statements.reading import MAX_BYTES, read

__all__ = [
    "BATCH_ROWS",
    "CLASSES",
    "FIELDS",
    "MAX_BYTES",
    "MESSAGES",
    "ROW_COLUMNS",
    "SHEET_ROWS",
    "Batch",
    "Header",
    "Issue",
    "NeedsMapping",
    "StatedBalance",
    "StatementError",
    "headings_digest_text",
    "place",
    "read",
]
