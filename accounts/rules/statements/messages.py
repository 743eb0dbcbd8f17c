"""Why a statement file or one of its rows is refused, left out or doubted: codes, English texts, what may be told in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from antifraud.money import MESSAGES as MONEY_TEXTS
from antifraud.problems import Param
from antifraud.spreadsheets.messages import MESSAGES as SHEET_TEXTS

# About the file as a whole: each names what is wrong, the rule and the next step.
FILE_MESSAGES: dict[str, str] = {
    **{code: SHEET_TEXTS[code] for code in ("file_has_macros", "file_has_links")},
    "file_empty": "The file is empty. Ask the institution for the file again.",
    "file_too_large": "The file is larger than 256 MB. Ask the institution to split it by account or by month.",
    "file_not_xlsx": "The file is packed but is no XLSX workbook. Unpack it and send the statement files themselves.",
    "file_locked_or_old": "The file is an old .xls workbook or has a password. "
    "Save it as Excel workbook (.xlsx) without a password, or as CSV.",
    "file_damaged": "The file cannot be read as the format it begins like. Open it where it came from, save it anew "
    "and send that.",
    "file_suspicious": "The workbook unpacks to far more data than statements need. Save it as CSV and send that.",
    "file_has_formulas": "The workbook holds a formula, first at cell {cell}. Copy the rows and paste them as values.",
    "sheet_too_long": "The sheet names more than 1,048,576 rows. Save it as CSV and send that.",
    "sheet_too_wide": "The sheet has more than 200 columns. Send only the columns of the entries.",
    "sheet_too_much_text": "The workbook holds more text than can be taken at once. Save it as CSV and send that.",
    "sheet_missing": "No sheet of the workbook holds entries with an amount and a time. "
    "Check that the right file was sent.",
    "format_unknown": "The file is neither a table (XLSX, CSV) nor MT940, MT942, camt.052/053/054 or OFX. "
    "Ask the institution for one of these formats.",
    "encoding_unknown": "The characters of the file cannot be read as UTF-8, GB18030 or UTF-16. "
    "Save it as UTF-8 and send that.",
    "table_empty": "The table holds headings but no row. Ask the institution whether the account had no entries.",
    "headings_missing": "No line of the table looks like headings. Add a first line that names the columns.",
    "headings_too_many": "The table has more than 200 columns. Send only the columns of the entries.",
    "headings_repeated": "Two columns are both headed as {field}. Rename one of them or name the columns by hand.",
    "mapping_unknown_field": "The column choice {field} is not a field of statements. Choose one from the list.",
    "mapping_unknown_heading": "The named column is not in the file. Name the columns of this file again.",
    "mapping_repeated": "Two columns are chosen for {field}. Choose one column for each field.",
    "line_too_long": "Line {row} is longer than 131,072 characters or has an open quotation mark. "
    "Correct it in the file and send it again.",
    "needs_mapping": "The columns for {missing} were not recognised. Name them and read the file again.",
    "xml_damaged": "The XML of the file is not well-formed, first near line {row}. Ask the institution for it again.",
    "xml_forbidden": "The XML holds a document type or entities, which statements never need. "
    "Ask the institution for a plain file.",
    "xml_too_deep": "The XML is nested too deep, or one text in it is longer than 5 MB, or one entry longer than 8 MB. "
    "Ask the institution for a plain file.",
    "camt_unknown": "The XML is no camt.052, camt.053 or camt.054 message. Ask the institution for one of these.",
    "camt_no_statement": "The camt message holds a group header but no statement, report or notification. "
    "Ask the institution for the complete message.",
    "mt_no_entry": "The message holds no field that MT940 or MT942 knows. Ask the institution for the complete message.",
    "ofx_no_statement": "The OFX file holds no statement. Ask the institution for the complete file.",
    "ofx_answer_failed": "The OFX file says that the institution's system failed (code {number}). Ask for it again.",
    "reading_failed": "Reading the file took too much memory or time, or broke off. "
    "Ask the institution to split the file, or save it as CSV.",
    "reading_too_long": "Reading the file took more computing time than is allowed. "
    "Ask the institution to split the file by account or by month.",
    "reading_too_much_memory": "Reading the file took more memory than is allowed. "
    "Save it as CSV, or ask the institution to split it.",
}

# About one row. "bad": the row is not taken; "left_out": rightly not taken; "doubt": taken, with a word of caution.
ROW_MESSAGES: dict[str, str] = {
    **{code: MONEY_TEXTS[code] for code in ("amount_not_a_number", "amount_bad_grouping", "amount_out_of_range")},
    "amount_too_precise": "The amount has more decimal places than its currency. Correct the amount or the currency.",
    "amount_other_currency": "The amount is marked with another currency than the row's. Ask the institution which holds.",
    "currency_unknown": "The currency is not a word, number or code of ISO 4217 that is in use. "
    "Write three letters such as CNY.",
    "account_missing": "The row names no account and the file none either. Name the account's number for the file.",
    "account_unreadable": "The account number is no number of 4 to 34 letters and digits. Correct it in the file.",
    "account_scientific": "The spreadsheet program shortened the account number (like 1.23E+18). "
    "Ask for the column formatted as text.",
    "account_rounded": "The account number ends in zeros after its 15th digit, as spreadsheet programs round it. "
    "Compare it with the source.",
    "counter_scientific": "The spreadsheet program shortened the counterpart's number (like 1.23E+18). "
    "Ask for the column formatted as text.",
    "counter_unreadable": "The counterpart's number is masked or no account number. The row counts as unnamed; "
    "ask the institution for the full number.",
    "counter_is_account": "The counterpart is the account itself. The row counts as unnamed.",
    "amount_missing": "The amount is missing. Ask the institution for the row.",
    "amount_both_sides": "The row has an amount in and an amount out. Ask the institution which one holds.",
    "amount_zero": "The amount is zero: the row tells something but moves no money.",
    "amount_sign": "The amount's sign and the direction say different things; the direction was followed. "
    "Compare with the source.",
    "amount_reversed": "A negative amount that comes in is a reversal: taken as going out. Compare with the source.",
    "currency_assumed": "The currency is missing; the yuan was taken, as in all tables with Chinese headings. "
    "Compare with the source.",
    "currency_missing": "The currency is missing. Ask the institution for it or name it for the file.",
    "balance_unreadable": "The balance cannot be read and is left out. Compare with the source.",
    "time_missing": "The time is missing. Ask the institution for the row.",
    "time_unreadable": "The time cannot be read. Write it like 2026-11-20 13:05:00.",
    "time_impossible": "The time is not a day of the calendar or an hour of the day. Compare with the source.",
    "time_in_future": "The time lies more than a day in the future; the row was taken. Compare with the source.",
    "time_far_future": "The time lies more than a year in the future. Ask the institution for the right one.",
    "time_not_in_zone": "The hour did not exist or came twice when the clocks changed. Compare with the source.",
    "time_corrected": "The date is not a day of the calendar; the last day of its month was taken.",
    "time_value_date": "The row states no booking date; the value date was taken.",
    "time_of_statement": "The row states no date; the date of the statement was taken. Compare with the source.",
    "direction_missing": "The direction is missing and does not follow from sign or balance. "
    "Ask the institution for it.",
    "direction_unreadable": "The direction is not a word like 进, 出, 借, 贷, D, C, in or out. Correct it in the file.",
    "direction_from_balance": "The direction follows from the balances before and after. Compare with the source.",
    "direction_coded": "The direction is a digit and no balance says which way it points: 0 was taken as out, 1 as in. "
    "Compare with the source.",
    "direction_turned": "The balances say that this institution writes 1 for out and 0 for in; so all rows were read. "
    "Compare with the source.",
    "direction_neutral": "The wallet marks the row as neither income nor expense. Its kind does not say which way.",
    "not_successful": "The institution says that the transaction did not succeed.",
    "success_unknown": "The word that says whether the transaction succeeded is not known; the row was taken. "
    "Compare with the source.",
    "not_booked": "The entry is announced but not booked.",
    "no_such_account": "The institution answers that it has no such account or no entries.",
    "heading_row": "The row repeats the headings, as at the top of a printed page.",
    "total_row": "The row is a total or a remark, not an entry.",
    "row_too_wide": "The row has more cells than the headings. A separator may stand inside a text; correct it.",
    "text_damaged": "Characters of the row could not be decoded. Compare with the source.",
    "entry_unreadable": "The entry does not follow the format's rules. Compare with the source.",
    "entry_batched": "The entry sums several transactions whose amounts do not add up to it; the sum was taken.",
}

MESSAGES: dict[str, str] = {**ROW_MESSAGES, **FILE_MESSAGES}

# What a refusal may say of the file: where something stands. Everything else might be a value of a person.
_PLACES = {
    "cell": re.compile(r"[A-Z]{1,3}[0-9]{1,7}"),
    "row": re.compile(r"[0-9]{1,10}"),
    "number": re.compile(r"[0-9]{1,6}"),
}


def told_params(params: Mapping[str, Param]) -> dict[str, str]:
    """Of a refusal's params those that may be kept and shown in clear: a cell's address, a line, a code of OFX."""
    return {
        name: str(value)
        for name, value in params.items()
        if name in _PLACES and _PLACES[name].fullmatch(str(value)) is not None
    }
