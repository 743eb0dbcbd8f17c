"""Files that are almost right: seeds of every format, and random changes that keep them near the format's rules."""

from __future__ import annotations

import io
import random
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from accounts.rules.statements import (
    MESSAGES,
    Batch,
    Header,
    NeedsMapping,
    StatementError,
    plain_lines,
    read,
    xlsx_pieces,
    xlsx_sheet,
)
from tests.rules.statements.making import COLUMNS_34, csv_34, row_34, sheet_xml, workbook

MAX_CPU = 2.0
_TOKENS = {
    "csv": [b",", b'"', b"\n", b"\r", b"\t", b";", b"\0", b"\xff", b"\xa3\xa4", b"=1+1", b"1E999", b"-", b"9" * 40, b"20260230",
            "出".encode("gb18030"), "查无此卡".encode("gb18030"), b"NaN", b"Infinity", b"0" * 30, b"\xe2\x80\xae", b"\x1a", b"'"],
    "xlsx": [b"<c>", b"</c>", b"<row>", b'r="ZZ9"', b't="s"', b"<v>99999999</v>", b"<v>-1</v>", b"<v>1E400</v>", b"<v>NaN</v>",
             b"<f>1</f>", b"&#0;", b"&#x1F600;", b"<![CDATA[x]]>", b"<!--", b"<is/>", b't="d"', b't="e"', b' s="1"', b"<?p?>"],
    "mt": [b":61:", b":86:", b":25:", b":60F:", b":62F:C260101EUR", b"\n", b"\r\n", b"-}", b"{4:", b"RC", b"ED", b",", b"//",
           b"?20", b"?31", b"9" * 40, b"\0", b"\xff", b":NS:", b":", b"260230", b"JPY", b":28C:"],
    "camt": [b"<Ntry>", b"</Ntry>", b"<Amt>", b'Ccy="XXX"', b"<TxDtls/>", b"1E5", b"-5", b"9" * 40, b"&amp;", b"&x;", b"<!DOCTYPE a>",
             b"<Acct/>", b"<Stmt>", b"</Stmt>", b"<Dt>2026-02-30</Dt>", b"\0", b"\xff", b"<Bal>", b"CRDT", b"<Sts>PDNG</Sts>"],
    "ofx": [b"<STMTTRN>", b"</STMTTRN>", b"<TRNAMT>", b"<DTPOSTED>", b"<", b">", b"/>", b"[-99:X]", b"&#99999999;", b"&amp;", b"\0",
            b"\xff", b"<ACCTID>", b"<BANKACCTTO>", b"9" * 40, b"<CODE>1", b"<CURSYM>", b"<!ENTITY", b"-", b","],
}  # fmt: skip
_LEAF = re.compile(rb"<(\w+)[^<>]*>([^<>]*)</\1>")
_VALUE = re.compile(rb'="([^"<>]{0,40})"')
_VALUES = [
    b"", b"0", b"-1", b"1E5", b"1e400", b"NaN", b"9" * 40, b"0.00001", b"1,5", b"2026-02-30", b"46024.5", b"99999999", b"JPY", b"XXX",
    b"CRDT", b"PDNG", b"s", b"d", b"str", b"inlineStr", b"ZZZ9", b"A0", b"A1", b"B1048577", b"16385", b" ", b"&amp;", b"&#x1F600;",
    "查无此卡".encode(), "失败".encode(), "交易金额".encode(), b"=1+1", b"'x", b"\xc2\xa0", b"\xe2\x80\xae", b"x" * 600,
]  # fmt: skip
_MT = (
    "{1:F01BANKNL21XXXX0000000000}{2:O940BANKNL21XXXXN}{3:}{4:\r\n:20:STARTUMS\r\n:25:50880050/0194787400888\r\n:28C:1/1\r\n"
    ":60F:C260101EUR1000,00\r\n:61:2601020103DR10,50NTRFREF1//BANK1\r\nextra\r\n:86:166?00TEXT?20EREF+E2E?30BANK?31DE89370400440532013000"
    "?32KARL\r\n:61:260104C2,NMSCNONREF\r\n:86:/IBAN/NL91ABNA0417164300/NAME/J/\r\n:62F:C260104EUR991,50\r\n-}{5:}\r\n"
)
_CAMT = (
    '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr>'
    "<CreDtTm>2026-01-05T00:00:00</CreDtTm></GrpHdr><Stmt><Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    '<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt>'
    '</Dt></Bal><Ntry><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt>'
    "<NtryDtls><TxDtls><Refs><EndToEndId>E</EndToEndId></Refs><RltdPties><Cdtr><Nm>N</Nm></Cdtr><CdtrAcct><Id><IBAN>"
    "DE89370400440532013000</IBAN></Id></CdtrAcct></RltdPties><RmtInf><Ustrd>rent</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry></Stmt>"
    "</BkToCstmrStmt></Document>"
)
_OFX = (
    "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nENCODING:USASCII\r\n\r\n<OFX><BANKMSGSRSV1><STMTTRNRS><STATUS><CODE>0</STATUS>"
    "<STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>1<ACCTID>12345678</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>"
    "20260115120000[-5:EST]<TRNAMT>-5,00<FITID>1<NAME>A &amp; B<MEMO/></STMTTRN><STMTTRN><DTPOSTED>20260116<TRNAMT>+7.00<FITID>2"
    "<BANKACCTTO><ACCTID>87654321</BANKACCTTO></STMTTRN></BANKTRANLIST><LEDGERBAL><BALAMT>9.00<DTASOF>20260131</LEDGERBAL></STMTRS></OFX>"
)  # fmt: skip


def seeds() -> dict[str, list[bytes]]:
    """Right files of each format."""
    rows: tuple[dict[str, str], ...] = (
        {}, {"收付标志": "", "交易余额": "5", "交易金额": "-5"}, {"收付标志": "1", "MAC地址": "00-11-22-33-44-55"},
        {"交易时间": "46024.5"},
    )  # fmt: skip
    entries = sheet_xml([COLUMNS_34, *(row_34(**row) for row in rows)], style=1)
    wallet = "交易时间,交易类型,交易对方,收/支,金额(元),当前状态\n2026-01-02 03:04:05,转账,李四,支出,¥12.30,支付成功\n"
    english = "account;date;time;debit;credit;currency;payee\n12345678;02.01.2026;13:05;1.234,50;;EUR;Caf\xe9\n"
    return {
        "csv": [csv_34(*rows), csv_34(*rows, encoding="utf-16"), wallet.encode(), english.encode("cp1252")],
        "xlsx": [workbook({"a": entries, "账户信息": sheet_xml([["账户"], ["1"]])})],
        "mt": [_MT.encode()],
        "camt": [_CAMT.encode()],
        "ofx": [_OFX.encode()],
    }


def mutated(seed: bytes, tokens: list[bytes], chance: random.Random) -> bytes:
    """The seed with one to eight changes: bytes turned, stretches cut, doubled or moved, tokens put in, the end cut off."""
    body = bytearray(seed)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(body) + 1)
        span = chance.randint(1, 40)
        match chance.randrange(6):
            case 0 if at < len(body):
                body[at] = chance.randrange(256)
            case 1:
                del body[at : at + span]
            case 2:
                body[at:at] = body[at : at + span] * chance.randint(1, 3)
            case 3:
                body[at:at] = chance.choice(tokens)
            case 4:
                body[at : at + span] = chance.choice(tokens)
            case _ if chance.random() < 0.2:
                del body[at:]
    return bytes(body)


def mutated_xml(seed: bytes, tokens: list[bytes], chance: random.Random) -> bytes:
    """Mostly well-formed changes: texts and attributes replaced, small elements left out, doubled or exchanged."""
    if chance.random() < 0.3:
        return mutated(seed, tokens, chance)
    body = seed
    for _ in range(chance.randint(1, 6)):
        leaves = list(_LEAF.finditer(body))
        if not leaves:
            break
        leaf = chance.choice(leaves)
        begin, end = leaf.span()
        match chance.randrange(5):
            case 0:
                body = body[: leaf.start(2)] + chance.choice(_VALUES) + body[leaf.end(2) :]
            case 1:
                body = body[:begin] + body[end:]
            case 2:
                body = body[:end] + leaf[0] * chance.randint(1, 3) + body[end:]
            case 3:
                body = body[:begin] + chance.choice(leaves)[0] + body[end:]
            case _:
                spots = list(_VALUE.finditer(body))
                spot = chance.choice(spots)
                body = body[: spot.start(1)] + chance.choice(_VALUES) + body[spot.end(1) :]
    return body


def mutated_book(seed: bytes, tokens: list[bytes], chance: random.Random) -> bytes:
    """A workbook whose parts were changed; in one of ten cases the archive itself was."""
    if chance.random() < 0.1:
        return mutated(seed, tokens, chance)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(seed)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as changed:
        names = archive.namelist()
        victim = chance.choice([*names, "xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"])
        for name in names:
            body = archive.read(name)
            changed.writestr(name, mutated_xml(body, tokens, chance) if name == victim else body)
    return out.getvalue()


def inputs(kind: str, count: int, seed: int) -> Iterator[bytes]:
    """`count` changed files of a format."""
    chance = random.Random(seed)  # noqa: S311  # the same inputs for the same seed
    changes: dict[str, Callable[[bytes, list[bytes], random.Random], bytes]] = {
        "xlsx": mutated_book,
        "camt": mutated_xml,
    }
    change = changes.get(kind, mutated)
    files = seeds()[kind]
    for _ in range(count):
        yield change(chance.choice(files), _TOKENS[kind], chance)


def outcome(content: bytes) -> str:
    """Read a file to its end: "read" or the code of its refusal. Anything else is raised, also what takes too long, and what
    is told otherwise when whole columns of bytes are read, as in large files, than when cells are."""
    one_by_one = told(content)
    with at_once_from_the_start():
        at_once = told(content)
    if at_once != one_by_one:
        raise AssertionError("the ways differ")
    return one_by_one[0]


@contextmanager
def at_once_from_the_start(stretch: int = 700) -> Iterator[None]:
    """Small files read as large ones are; sheets in stretches of so many bytes."""
    before = plain_lines.MANY, xlsx_sheet.SCANNED_FROM, xlsx_pieces.STRETCH, xlsx_pieces.READ
    plain_lines.MANY, xlsx_sheet.SCANNED_FROM, xlsx_pieces.STRETCH, xlsx_pieces.READ = 1, 0, stretch, stretch
    try:
        yield
    finally:
        plain_lines.MANY, xlsx_sheet.SCANNED_FROM, xlsx_pieces.STRETCH, xlsx_pieces.READ = before


def told(content: bytes) -> tuple[str, list[Header | Batch]]:
    """("read" or a code, what was read before)."""
    started = time.process_time()
    items: list[Header | Batch] = []
    try:
        for item in read(io.BytesIO(content), owner=("99990000", "")):
            if isinstance(item, Batch):
                check(item)
                item.done_bytes = 0  # how far ahead a file is read differs
            items.append(item)
        found = "read"
    except (StatementError, NeedsMapping) as refused:
        found = refused.code
    if time.process_time() - started > MAX_CPU:
        raise AssertionError("took too long")
    return found, items


def check(batch: Batch) -> None:
    """What holds for every batch, whatever the file."""
    good = len(batch)
    for name in (
        "account",
        "at_us",
        "amount",
        "direction",
        "currency",
        "details",
        "counter",
        "serial",
        "cash",
        "balance",
    ):
        if len(getattr(batch, name)) != good:
            raise AssertionError(f"column {name} is uneven")
    refused = [issue.row for issue in batch.issues if issue.severity != "doubt"]
    if batch.read != good + len(refused) or len(set(refused)) != len(refused):
        raise AssertionError("a row is neither taken nor refused once")
    if not all(0 < amount < 2**63 for amount in batch.amount) or not set(batch.direction) <= {"in", "out"}:
        raise AssertionError("an amount or a direction is wrong")
    if not all(batch.account) or not all(len(code) == 3 for code in batch.currency):
        raise AssertionError("an account or a currency is missing")
    if any(issue.code not in MESSAGES or len(issue.code) > 40 or len(issue.field) > 24 for issue in batch.issues):
        raise AssertionError("a finding has no sentence")
    if not all(-(2**63) < moment < 2**63 for moment in batch.at_us) or any(len(text) > 64 for text in batch.serial):
        raise AssertionError("a time or a serial is out of range")
