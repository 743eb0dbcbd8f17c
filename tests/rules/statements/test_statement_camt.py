"""camt.052, 053 and 054: the real files, then entries, parties, batches, dates; XML that is refused."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.rules.statements.making import REAL, needs_real_files, reading, refusal

FILES = sorted((REAL / "camt").glob("*.xml"))
# name -> (layout, entries read, totals); the examples say the same amounts over and over
SEK = {("out", "SEK"): (1, 20_000_000)}
EUR = {("in", "EUR"): (1, 885)}
EXPECTED = {
    "camt052.v1": SEK, "camt052.v2": SEK, "camt052.v2.other-account": SEK, "camt052.v2.with-account-name": SEK,
    "camt052.v4": {}, "camt052.v6": {}, "camt052.v6.Amt-zero": {}, "camt052.v8": SEK, "camt053.v2.all-balance-types": EUR,
    "camt053.v2.five.decimals": EUR, "camt053.v2.minimal": EUR, "camt053.v2.minimal.ultimate": EUR,
    "camt053.v2.multi.statement": EUR | {("out", "EUR"): (1, 700)}, "camt053.v2.with-account-name": EUR,
    "camt053.v2.with-party-ids": EUR, "camt053.v3": EUR, "camt053.v4": EUR, "camt053.v8": EUR, "camt054.v2": SEK,
    "camt054.v2.with-account-name": SEK, "camt054.v4": SEK, "camt054.v8": SEK, "camt054.v8-with-UETR": SEK,
    "camt054.v8-with-financial-institution": SEK, "camt53.only-Dt-with-DtTm": {},
}  # fmt: skip


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


@needs_real_files
def test_every_real_file_has_its_expectation() -> None:
    assert {path.stem for path in FILES} == {*EXPECTED, "camt053.v2.wrong"}


@needs_real_files
@pytest.mark.parametrize("path", [path for path in FILES if path.stem in EXPECTED], ids=lambda path: path.stem)
def test_the_real_files(path: Path) -> None:
    found = reading(path)
    assert found.headers[0].layout == "camt053" if path.stem.startswith("camt53") else path.stem[:7]
    assert found.totals == EXPECTED[path.stem]
    assert [issue for issue in found.issues if issue.severity == "bad"] == []


@needs_real_files
def test_the_wrong_real_file_is_refused_with_a_sentence() -> None:
    refused = refusal(REAL / "camt" / "camt053.v2.wrong.xml")
    assert refused.code == "camt_no_statement"
    assert str(refused).startswith("The camt message holds a group header but no statement")


SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"
ACCOUNT = "<Acct><Id><IBAN>NL91ABNA0417164300</IBAN></Id><Ccy>EUR</Ccy><Ownr><Nm>Owner</Nm></Ownr></Acct>"
BOOKED = "<Sts>BOOK</Sts><BookgDt><DtTm>2026-01-02T03:04:05+01:00</DtTm></BookgDt>"


def message(*entries: str, before: str = "", space: str = SPACE) -> bytes:
    body = "".join(entries)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<Document xmlns="{space}"><BkToCstmrStmt><GrpHdr>'
        f"<CreDtTm>2026-01-05T00:00:00</CreDtTm></GrpHdr><Stmt>{ACCOUNT}{body}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def entry(amount: str = "5.00", *, side: str = "DBIT", rest: str = BOOKED, currency: str = "EUR") -> str:
    return f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{rest}</Ntry>'


def party(side: str, number: str, name: str) -> str:
    return f"<{side}><Nm>{name}</Nm></{side}><{side}Acct><Id><IBAN>{number}</IBAN></Id></{side}Acct>"


def transaction(amount: str = "", *, inside: str = "") -> str:
    money = f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>' if amount else ""
    return f"<TxDtls>{money}{inside}</TxDtls>"


@pytest.mark.parametrize(("side", "direction", "name"), [("DBIT", "out", "Creditor"), ("CRDT", "in", "Debtor")])
def test_the_other_side(side: str, direction: str, name: str) -> None:
    parties = party("Dbtr", "DE89370400440532013000", "Debtor") + party("Cdtr", "GB33BUKB20201555555555", "Creditor")
    inside = (
        f"<Refs><EndToEndId>E1</EndToEndId></Refs><RltdPties>{parties}</RltdPties><RmtInf><Ustrd>rent</Ustrd></RmtInf>"
    )
    found = reading(message(entry(side=side, rest=BOOKED + f"<NtryDtls>{transaction(inside=inside)}</NtryDtls>")))
    assert found.column("direction") == [direction]
    assert (found.column("counter_name"), found.column("reference")) == ([name], ["E1"])
    assert found.column("counter") == ["GB33BUKB20201555555555" if name == "Creditor" else "DE89370400440532013000"]
    assert found.column("at_us") == [us("2026-01-02T03:04:05+01:00")]
    assert (found.column("account"), found.column("account_name")) == (["NL91ABNA0417164300"], ["Owner"])
    assert found.column("details") == [{"summary": "rent"}]


def test_a_batched_entry_that_adds_up_becomes_its_transactions() -> None:
    parts = "<NtryDtls>" + transaction("2.00") + transaction("3.00") + "</NtryDtls>"
    found = reading(message(entry(rest=BOOKED + parts), entry("1.00")))
    assert (found.column("amount"), found.column("row")) == ([200, 300, 100], [1, 2, 3])


@pytest.mark.parametrize(
    ("refs", "serials"),
    [
        (["<AcctSvcrRef>BATCH1</AcctSvcrRef>"] * 2, ["BATCH1/1", "BATCH1/2"]),
        (["<AcctSvcrRef>BATCH1</AcctSvcrRef><TxId>T1</TxId>", "<AcctSvcrRef>BATCH1</AcctSvcrRef><TxId>T2</TxId>"], ["T1", "T2"]),
        (["<AcctSvcrRef>P1</AcctSvcrRef>", "<TxId>T2</TxId>"], ["P1", "T2"]),
        (["<TxId>NOTPROVIDED</TxId>"] * 2, ["", ""]),
        ([""] * 2, ["", ""]),
    ],
)  # fmt: skip
def test_parts_of_a_batch_do_not_share_its_number(refs: list[str], serials: list[str]) -> None:
    parts = "".join(transaction("2.50", inside=f"<Refs>{each}</Refs>") for each in refs)
    found = reading(message(entry(rest=f"{BOOKED}<AcctSvcrRef>BATCH1</AcctSvcrRef><NtryDtls>{parts}</NtryDtls>")))
    assert (found.column("amount"), found.column("serial")) == ([250, 250], serials)


def test_a_batched_entry_that_does_not_add_up_stays_one() -> None:
    parts = "<NtryDtls>" + transaction("2.00") + transaction("2.00") + "</NtryDtls>"
    found = reading(message(entry(rest=BOOKED + parts)))
    assert (found.column("amount"), found.codes) == ([500], [(1, "amount", "entry_batched")])


@pytest.mark.parametrize(
    ("rest", "at", "code"),
    [("<BookgDt><Dt>2026-01-02</Dt></BookgDt>", "2026-01-02", ""), ("<ValDt><Dt>2026-01-03</Dt></ValDt>", "2026-01-03", "time_value_date"),
     ("", "2026-01-05", "time_of_statement")],
)  # fmt: skip
def test_dates(rest: str, at: str, code: str) -> None:
    found = reading(message(entry(rest=rest)), zone="UTC")
    assert found.column("at_us") == [us(at + "T00:00:00+00:00")]
    assert [issue.code for issue in found.issues] == ([code] if code else [])


@pytest.mark.parametrize("status", ["<Sts>PDNG</Sts>", "<Sts><Cd>PDNG</Cd></Sts>", "<Sts><Cd>INFO</Cd></Sts>"])
def test_what_is_not_booked_is_left_out(status: str) -> None:
    found = reading(message(entry(rest=status + "<BookgDt><Dt>2026-01-02</Dt></BookgDt>")))
    assert [(issue.code, issue.severity) for issue in found.issues] == [("not_booked", "left_out")]


def test_stated_balances() -> None:
    balances = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"<Dt><Dt>2026-01-01</Dt></Dt></Bal>"
        for code, amount, side in (("OPBD", "5.00", "CRDT"), ("CLBD", "7.50", "DBIT"), ("CLAV", "1.00", "CRDT"))
    )
    stated = reading(message(balances)).batches[0].stated
    assert [(one.kind, one.minor) for one in stated] == [("opening", 500), ("closing", -750)]


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("8.85000", "EUR", 885), ("5", "JPY", 5), ("1.234", "KWD", 1234)]
)
def test_places(amount: str, currency: str, minor: int) -> None:
    assert reading(message(entry(amount, currency=currency))).column("amount") == [minor]


def test_too_many_places_are_a_bad_row_never_a_rounded_one() -> None:
    assert reading(message(entry("8.855"))).codes == [(1, "amount", "amount_too_precise")]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (
            message(entry(), before='<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>').replace(b"5.00", b"&x;"),
            "xml_forbidden",
        ),
        (
            message(entry(), before=f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]>').replace(b"5.00", b"&l9;"),
            "xml_forbidden",
        ),
        (message(entry(), before="<!DOCTYPE d>"), "xml_forbidden"),
        (message(entry(), before='<!DOCTYPE d SYSTEM "http://127.0.0.1/x.dtd">'), "xml_forbidden"),
        (message(entry(), before="<!DOCTYPE d>").decode().replace("UTF-8", "UTF-16").encode("utf-16"), "xml_forbidden"),
        (message(entry())[:-30], "xml_damaged"),
        (message(entry("&undefined;")), "xml_damaged"),
        (message("<a>" * 300 + "</a>" * 300), "xml_too_deep"),
        (message("<AddtlStmtInf>" + "x" * (11 << 20) + "</AddtlStmtInf>"), "xml_too_deep"),
        (message(entry(rest=BOOKED + "<AddtlNtryInf>" + "x" * (6 << 20) + "</AddtlNtryInf>")), "xml_too_deep"),
        (message(entry(rest=BOOKED + "<X/>" * 900_000)), "xml_too_deep"),
        (
            message(entry(), space="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03").replace(b"BkToCstmrStmt", b"Pain"),
            "camt_unknown",
        ),
    ],
    ids=["outside", "laughs", "doctype", "dtd", "utf16", "cut", "undefined", "deep", "long", "text", "wide", "pain"],
)
def test_hostile_xml_is_refused_quickly(content: bytes, code: str) -> None:
    started = time.process_time()
    assert refusal(content).code == code
    assert time.process_time() - started < 2


def test_memory_holds_one_entry() -> None:
    found = reading(message(*[entry()] * 25_000))
    assert [len(batch) for batch in found.batches] == [20_000, 5_000]
    assert found.column("row") == list(range(1, 25_001))
