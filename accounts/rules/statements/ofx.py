"""OFX 1 (SGML) and OFX 2 (XML) files: one tolerant reader of tags, since banks' files follow neither exactly."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from accounts.rules.statements.batch import Batch, Header, StatementError
from accounts.rules.statements.decoding import text_encoding
from accounts.rules.statements.entries import Entries, Setting
from accounts.rules.statements.gathering import Gathering, number_or_nothing
from accounts.rules.statements.text_source import text_of

_PIECE = 1 << 20
_MAX_TAG = 1 << 20  # characters between two tags
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9_.]{0,40})\s*(/?)>([^<]*)")
_FORBIDDEN = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OFFSET = re.compile(
    r"([0-9]{8,14})(?:\.[0-9]{1,6})?(?:\[([+-]?)([0-9]{1,2})(?:\.([0-9]{1,2}))?(?::[A-Za-z]{0,6})?\])?"
)
_STATEMENTS = {"STMTRS", "CCSTMTRS", "INVSTMTRS"}
_ACCOUNTS = {"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"}
_OTHER_ACCOUNTS = {"BANKACCTTO", "CCACCTTO"}
_FIELDS = {
    "TRNTYPE": "kind", "DTPOSTED": "date", "TRNAMT": "amount", "FITID": "serial", "NAME": "counter_name",
    "PAYEEID": "counter_id", "MEMO": "summary", "CHECKNUM": "voucher_number", "CHKNUM": "voucher_number",
    "REFNUM": "reference", "SIC": "merchant_number", "CITY": "place",
}  # fmt: skip


def read_ofx(
    stream: BinaryIO, *, zone: str, owner: tuple[str, str] | None, currency: str, size: int
) -> Iterator[Header | Batch]:
    """Header, then batches. Raises StatementError: ofx_no_statement, ofx_answer_failed, xml_forbidden."""
    encoding = text_encoding(stream)
    yield Header(layout="ofx", encoding=encoding, size=size)
    reader = _File(Gathering(Entries(Setting(zone, owner, currency)), zone))
    text = text_of(stream, encoding, newline=None)
    for is_end, tag, value in _tags(text):
        reader.take(tag, value, is_end=is_end)
        if is_end:
            yield from reader.out.full(stream.tell())
    reader.finish()
    yield from reader.out.rest(size)


def _tags(text: io.TextIOWrapper) -> Iterator[tuple[bool, str, str]]:
    """(is it an end tag, name in capitals, the text behind it) of each tag; a self-closing tag is an empty one."""
    kept = ""
    while True:
        piece = text.read(_PIECE)
        kept += piece
        if _FORBIDDEN.search(kept):
            raise StatementError("xml_forbidden")
        cut = kept.rfind("<") if piece else len(kept)
        if cut < 0 or (cut == 0 and len(kept) > _MAX_TAG):
            cut = len(kept)
        for match in _TAG.finditer(kept[:cut]):
            if not match[3]:
                yield bool(match[1]), match[2].upper(), match[4].strip()
        kept = kept[cut:]
        if not piece:
            return


class _File:
    """The state of reading: the account, its currency, and the transaction that is open."""

    def __init__(self, out: Gathering) -> None:
        self.out = out
        self._statements = 0
        self._failure = ""
        self._account = self._currency = ""
        self._inside = ""  # the aggregate that says whose account a number is
        self._entry: dict[str, str] | None = None
        self._balance = ""

    def take(self, tag: str, value: str, *, is_end: bool) -> None:
        """One tag."""
        if is_end:
            self._ended(tag)
        elif tag in _STATEMENTS:
            self._statements += 1
            self._account = self._currency = ""
        elif tag in _ACCOUNTS | _OTHER_ACCOUNTS | {"LEDGERBAL", "STATUS", "CURRENCY", "ORIGCURRENCY"}:
            self._inside = tag
        elif tag == "STMTTRN":
            self._close()
            self._entry = {}
        elif value:
            self._valued(tag, html.unescape(value))

    def _valued(self, tag: str, value: str) -> None:
        if tag == "ACCTID" and self._inside in _ACCOUNTS:
            self._account = number_or_nothing(value)
        elif tag == "CODE" and self._inside == "STATUS" and value.isascii() and value.isdigit() and value.strip("0"):
            self._failure = self._failure or value[:6]
        elif tag == "CURDEF":
            self._currency = value
        elif self._entry is not None:
            self._of_entry(self._entry, tag, value)
        elif tag == "BALAMT" and self._inside == "LEDGERBAL":
            self._balance = value
        elif tag == "DTASOF" and self._inside == "LEDGERBAL" and self._balance:
            self.out.balance(self._account, "closing", self._currency, self._balance, _moment(value))
            self._balance = ""

    def _of_entry(self, entry: dict[str, str], tag: str, value: str) -> None:
        if tag == "ACCTID" and self._inside in _OTHER_ACCOUNTS:
            entry["counter"] = value
        elif tag == "BANKID" and self._inside in _OTHER_ACCOUNTS:
            entry["counter_bank"] = value
        elif tag == "CURSYM" and self._inside == "CURRENCY":  # ORIGCURRENCY: the amount is converted already
            entry["currency"] = value
        elif field := _FIELDS.get(tag):
            entry.setdefault(field, value)

    def _ended(self, tag: str) -> None:
        if tag == "STMTTRN" or tag in {"BANKTRANLIST", *_STATEMENTS}:
            self._close()
        if tag == self._inside:
            self._inside = ""

    def _close(self) -> None:
        """The open transaction becomes a row."""
        entry, self._entry = self._entry, None
        if entry is None:
            return
        amount = entry.get("amount", "")
        is_out = amount.lstrip().startswith(("-", "−"))
        self.out.add(
            self.out.count + 1,
            **{
                **entry, "account": self._account, "currency": entry.get("currency", self._currency),
                "amount": amount.strip().lstrip("+-−").strip(), "direction": "out" if is_out else "in",
                "date": _moment(entry.get("date", "")),
            },
        )  # fmt: skip

    def finish(self) -> None:
        """The file ended. Raises StatementError if it held no statement."""
        self._close()
        if not self._statements and not self.out.count:
            if self._failure:
                raise StatementError("ofx_answer_failed", number=self._failure)
            raise StatementError("ofx_no_statement")


def _moment(text: str) -> str:
    """20260115120000.000[-5:EST] with an offset that other readers know: 20260115120000-05:00."""
    match = _OFFSET.fullmatch(text.strip())
    if not match or match[3] is None or len(match[1]) < 12:
        return match[1] if match else text
    minutes = int((match[4] or "0").ljust(2, "0")) * 60 // 100
    return f"{match[1]}{match[2] or '+'}{int(match[3]):02}:{minutes:02}"
