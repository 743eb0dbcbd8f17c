"""Why a workbook is refused: codes and English texts, nothing else."""

from __future__ import annotations

from antifraud import border

MESSAGES: dict[str, str] = {
    "file_empty": "The file is empty. Choose the workbook that you filled in.",
    "file_too_large": "The file is larger than {limit_kb} KB. Split it into several workbooks.",
    "file_not_xlsx": "The file is not an XLSX workbook. Save it as Excel workbook (.xlsx) and upload it again.",
    "file_locked_or_old": "The file is an old .xls workbook or has a password. "
    "Save it as Excel workbook (.xlsx) without a password.",
    "file_damaged": "The workbook cannot be read. Open it in your spreadsheet program, save it and try again.",
    "file_suspicious": "The workbook unpacks to far more data than a filled-in sheet needs. "
    "Copy the rows into a fresh template.",
    "file_has_macros": "The workbook holds macros. Save it as Excel workbook (.xlsx) without macros.",
    "file_has_links": "The workbook holds links to other files. Copy the rows as values into a fresh template.",
    "file_has_formulas": "The workbook holds a formula, first at cell {cell}. Copy the rows and paste them as values.",
    "sheet_missing": "The workbook has no visible sheet. Fill in the template's first sheet.",
    "sheet_too_long": "The sheet has more than {limit} rows. Split it into several workbooks.",
    "sheet_too_wide": "The sheet has more than {limit} columns. Use the columns of the template only.",
    "sheet_too_much_text": "The sheet holds more text than can be taken at once. Split it into several workbooks.",
}


class SheetError(border.Refusal):
    """A workbook that is refused as a whole; `code` is a key of MESSAGES."""

    messages = MESSAGES
