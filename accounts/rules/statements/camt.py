"""camt.052, 053 and 054 messages, versions 1 to 8: entries and stated balances, streamed through `safe_xml`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from accounts.rules.statements.batch import Batch, Header, StatementError
from accounts.rules.statements.detect import HEAD_BYTES
from accounts.rules.statements.entries import Entries, Setting
from accounts.rules.statements.gathering import Gathering, number_or_nothing
from accounts.rules.statements.safe_xml import elements, local, text_of

_STATEMENTS = ("Stmt", "Rpt", "Ntfctn")
_MAX_ENTRY_BYTES = 8 * 2**20  # one entry with some 8,000 transactions
_VERSION = re.compile(rb"camt\.(05[234])\.")
_WORDS = ((b"BkToCstmrStmt", "053"), (b"BkToCstmrAcctRpt", "052"), (b"BkToCstmrDbtCdtNtfctn", "054"))
_OPENING, _CLOSING = {"OPBD", "PRCD"}, {"CLBD"}
_NUMBER = "Id/IBAN|Id/Othr/Id|Id/PrtryAcct/Id|Id/BBAN|Id/UPIC"
_NAME = "Nm|Pty/Nm|Agt/FinInstnId/Nm"
_BANK = "FinInstnId/BICFI|FinInstnId/BIC|FinInstnId/CmbndId/BIC|FinInstnId/Nm|FinInstnId/NmAndAdr/Nm"
_NO_REFERENCE = {"NOTPROVIDED", "NOT PROVIDED", "NONREF"}


def read_camt(
    stream: BinaryIO, *, zone: str, owner: tuple[str, str] | None, currency: str, size: int
) -> Iterator[Header | Batch]:
    """Header, then batches. Raises StatementError: camt_unknown, camt_no_statement, xml_…"""
    stream.seek(0)
    layout = _layout(stream.read(HEAD_BYTES))
    stream.seek(0)
    yield Header(layout=layout, encoding="xml", size=size)
    reader = _Message(Gathering(Entries(Setting(zone, owner, currency)), zone))
    tags = ("Acct", "Bal", "Ntry", "CreDtTm", *_STATEMENTS)
    for element in elements(stream, tags, kept=("Acct", "CreDtTm"), max_bytes=_MAX_ENTRY_BYTES):
        reader.take(element)
        yield from reader.out.full(stream.tell())
    if not reader.statements:
        raise StatementError("camt_no_statement")
    yield from reader.out.rest(size)


def _layout(head: bytes) -> str:
    plain = head.replace(b"\0", b"")
    if match := _VERSION.search(plain):
        return f"camt{match[1].decode()}"
    for word, number in _WORDS:
        if word in plain:
            return f"camt{number}"
    raise StatementError("camt_unknown")


class _Message:
    """The state of reading: the account and currency of the statement, and its date for entries without one."""

    def __init__(self, out: Gathering) -> None:
        self.out = out
        self.statements = 0
        self._account = self._name = self._currency = self._created = ""

    def take(self, element: Any) -> None:
        """One element as it ends."""
        name = local(element)
        if name in _STATEMENTS:
            self.statements += 1
            self._account = self._name = self._currency = ""
        elif name == "Ntry":
            self._entry(element)
        elif local(element.getparent()) not in {*_STATEMENTS, "GrpHdr"}:
            return
        elif name == "Bal":
            self._balance(element)
        elif name == "CreDtTm":
            self._created = (element.text or "").strip()[:10]
        elif name == "Acct":
            self._account = number_or_nothing(text_of(element, _NUMBER))
            self._name = text_of(element, "Ownr/Nm|Ownr/Pty/Nm|Nm")
            self._currency = text_of(element, "Ccy")

    def _balance(self, element: Any) -> None:
        code = text_of(element, "Tp/CdOrPrtry/Cd|Tp/Cd")
        amount = element.find("{*}Amt")
        if amount is None or code not in _OPENING | _CLOSING:
            return
        sign = "-" if text_of(element, "CdtDbtInd") == "DBIT" else ""
        self.out.balance(
            self._account, "opening" if code in _OPENING else "closing", amount.get("Ccy") or self._currency,
            sign + (amount.text or "").strip(), text_of(element, "Dt/Dt|Dt/DtTm"),
            is_interim=text_of(element, "Tp/SubTp/Cd") == "INTM",
        )  # fmt: skip

    def _entry(self, entry: Any) -> None:
        """One row per transaction where the entry lists several that add up to it, else one row."""
        transactions = entry.findall("{*}NtryDtls/{*}TxDtls") or entry.findall("{*}TxDtls")
        amount = entry.find("{*}Amt")
        stated = ((amount.text or "").strip(), amount.get("Ccy") or "") if amount is not None else ("", "")
        parts = [_own_amount(one, stated[1]) for one in transactions]
        if len(parts) > 1 and _adds_up(parts, stated[0]):
            serials = _part_serials(text_of(entry, "AcctSvcrRef"), transactions)
            for one, part, serial in zip(transactions, parts, serials, strict=True):
                self._row(entry, one, (part, stated[1]), serial, is_part=True)
            return
        single = transactions[0] if len(transactions) == 1 else None
        serial = text_of(entry, "AcctSvcrRef") or (
            text_of(single, "Refs/AcctSvcrRef|Refs/TxId") if single is not None else ""
        )
        self._row(entry, single, stated, serial, is_part=False)
        if len(parts) > 1:
            self.out.find("amount", "entry_batched", "doubt")

    def _row(self, entry: Any, one: Any | None, amount: tuple[str, str], serial: str, *, is_part: bool) -> None:
        direction = (text_of(one, "CdtDbtInd") if is_part and one is not None else "") or text_of(entry, "CdtDbtInd")
        when, doubt = self._when(entry)
        other = _other_side(one, direction) if one is not None else {}
        self.out.add(
            self.out.count + 1, account=self._account, account_name=self._name, date=when, direction=direction,
            amount=amount[0], currency=amount[1] or self._currency, serial=serial,
            reference=_reference(one), summary=_summary(entry, one),
            kind=text_of(entry, "BkTxCd/Prtry/Cd|BkTxCd/Domn/Fmly/SubFmlyCd|BkTxCd/Domn/Cd"), **other,
        )  # fmt: skip
        if doubt:
            self.out.find("at", doubt, "doubt")
        if text_of(entry, "Sts|Sts/Cd") in {"PDNG", "INFO", "FUTR"}:
            self.out.find("", "not_booked", "left_out")

    def _when(self, entry: Any) -> tuple[str, str]:
        booked = text_of(entry, "BookgDt/DtTm|BookgDt/Dt")
        if booked:
            return booked, ""
        value = text_of(entry, "ValDt/DtTm|ValDt/Dt")
        return (value, "time_value_date") if value else (self._created, "time_of_statement")


def _own_amount(one: Any, currency: str) -> str:
    """The transaction's amount in the entry's currency; "" where it does not say."""
    for path in ("{*}Amt", "{*}AmtDtls/{*}TxAmt/{*}Amt", "{*}AmtDtls/{*}InstdAmt/{*}Amt"):
        node = one.find(path)
        if node is not None and (node.get("Ccy") or currency) == currency and node.text:
            return str(node.text).strip()
    return ""


def _part_serials(batch: str, parts: list[Any]) -> list[str]:
    """A number of its own for each part; a part that only has the batch's, or another part's, gets its place added."""
    own = [(text_of(one, "Refs/AcctSvcrRef"), text_of(one, "Refs/TxId")) for one in parts]
    shared = Counter(number for numbers in own for number in set(numbers))
    shared.update([batch, batch, *_NO_REFERENCE, *_NO_REFERENCE])
    found = []
    for place, numbers in enumerate(own, 1):
        single = next((number for number in numbers if number and shared[number] == 1), "")
        given = next((number for number in numbers if number and number.upper() not in _NO_REFERENCE), "")
        found.append(single or (f"{given}/{place}" if given.strip("0- ") else ""))
    return found


def _adds_up(parts: list[str], whole: str) -> bool:
    """Whether decimal texts sum to a decimal text, exactly."""
    scaled = [_scaled(text) for text in (*parts, whole)]
    values = [value for value in scaled if value is not None]
    return len(values) == len(scaled) and sum(values[:-1]) == values[-1]


def _scaled(text: str) -> int | None:
    """A plain decimal with up to ten places as a whole number of 10^-10."""
    whole, _, part = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 18 and len(part) <= 10):
        return None
    return int(whole + part.ljust(10, "0")) if not part or (part.isascii() and part.isdigit()) else None


def _other_side(one: Any, direction: str) -> dict[str, str]:
    side = "Cdtr" if direction == "DBIT" else "Dbtr"
    return {
        "counter": _first(one, f"RltdPties/{side}Acct", _NUMBER),
        "counter_name": _first(one, f"RltdPties/{side}", _NAME) or _first(one, f"RltdPties/Ultmt{side}", _NAME),
        "counter_bank": _first(one, f"RltdAgts/{side}Agt", _BANK),
        "counter_id": _first(one, f"RltdPties/{side}", "Id/PrvtId/Othr/Id|Id/OrgId/Othr/Id|Pty/Id/PrvtId/Othr/Id"),
    }


def _first(one: Any, base: str, paths: str) -> str:
    return text_of(one, "|".join(f"{base}/{path}" for path in paths.split("|")))


def _reference(one: Any | None) -> str:
    if one is None:
        return ""
    said = text_of(one, "Refs/EndToEndId")
    return text_of(one, "Refs/UETR|Refs/InstrId") if said.upper() in _NO_REFERENCE or not said else said


def _summary(entry: Any, one: Any | None) -> str:
    pieces: list[str] = []
    if one is not None:
        pieces = [node.text or "" for node in one.findall("{*}RmtInf/{*}Ustrd")[:20]]
        pieces += [
            text_of(one, "RmtInf/Strd/CdtrRefInf/Ref|RmtInf/Strd/CdtrRefInf/CdtrRef"),
            text_of(one, "AddtlTxInf"),
        ]
    pieces.append(text_of(entry, "AddtlNtryInf"))
    return " ".join(" ".join(pieces).split())
