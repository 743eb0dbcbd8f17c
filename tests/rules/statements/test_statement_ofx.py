"""OFX and QFX: the real banks' deviations, then accounts, signs, times, what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.rules.statements.making import REAL, needs_real_files, reading, refusal

FIXTURES: list[dict[str, Any]] = (
    json.loads((REAL / "ofx" / "fixtures.json").read_text(encoding="utf-8")) if REAL.is_dir() else []
)
# case -> what differs from the template that all fixtures share
DIFFERENT: dict[str, dict[str, Any]] = {
    "non-ascii-byte-declared-usascii": {"counter_name": ["ANON ¦ MERCHANT"]},
    "check-without-payee": {"counter_name": [""], "details": [{"voucher_number": "1090381", "kind": "CHECK"}]},
    "self-closing-memo-tag": {"details": [{"kind": "DEBIT"}]},
    "character-outside-latin1": {"counter_name": ["ANON UPRAVA č"]},
    "xml-declaration-ofx-2": {"counter_name": ["ANON ÉNERGIE"]},
    "amount-comma-decimal": {"amount": [200_000]},
    "amount-plus-sign-and-space": {"amount": [100_660], "direction": ["in"]},
    "chknum-instead-of-checknum": {"details": [{"summary": "ANON MEMO", "voucher_number": "1932", "kind": "DEBIT"}]},
    "empty-tags-curdef-fitid-name": {"counter_name": [""], "serial": [""]},
    "mixed-case-trntype": {"details": [{"summary": "ANON MEMO", "kind": "Credit"}]},
}
STATED = {"amount-comma-decimal": 200_000}


def us(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type, misc]


@needs_real_files
def test_every_fixture_is_read() -> None:
    assert len(FIXTURES) == 18
    assert {fixture["case"] for fixture in FIXTURES} >= set(DIFFERENT)


@needs_real_files
@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture["case"])
def test_the_real_deviations(fixture: dict[str, Any]) -> None:
    case = fixture["case"]
    path = REAL / "ofx" / Path(*Path(fixture["fixture"]).parts[1:])
    needs_currency = case == "empty-tags-curdef-fitid-name"
    found = reading(path, zone="UTC", mapping={"=USD": "currency"} if needs_currency else None)
    expected: dict[str, Any] = {
        "account": ["0000123456"], "direction": ["out"], "amount": [1000], "currency": ["USD"], "at_us": [us(2026, 1, 15)],
        "day_only": [True], "serial": ["T0001"], "counter_name": ["ANON MERCHANT"],
        "details": [{"summary": "ANON MEMO", "kind": "DEBIT"}], **DIFFERENT.get(case, {}),
    }  # fmt: skip
    assert {name: found.column(name) for name in expected} == expected
    assert found.headers[0].encoding == fixture["encoding"]
    stated = found.batches[0].stated
    assert [one.minor for one in stated] == ([] if needs_currency else [STATED.get(case, 9000)])
    assert [issue for issue in found.issues if issue.severity == "bad"] == []


@needs_real_files
def test_an_empty_currency_is_a_bad_row_unless_somebody_names_it() -> None:
    path = REAL / "ofx" / "banks" / "unnamed-bank" / "empty-tags-curdef-fitid-name.ofx"
    assert reading(path).codes == [(1, "currency", "currency_missing")]


HEAD = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n<OFX>"


def ofx(*entries: str, account: str = "<BANKACCTFROM><ACCTID>12345678</BANKACCTFROM>") -> bytes:
    rows = "".join(f"<STMTTRN>{entry}</STMTTRN>" for entry in entries)
    return f"{HEAD}<STMTRS><CURDEF>EUR{account}<BANKTRANLIST>{rows}</BANKTRANLIST></STMTRS></OFX>".encode()


@pytest.mark.parametrize(
    ("posted", "at", "day_only"),
    [("20260115", us(2026, 1, 15), True), ("20260115120000", us(2026, 1, 15, 12), False),
     ("20260115120000.000[-5:EST]", us(2026, 1, 15, 17), False), ("20260115120000[+5.5:IST]", us(2026, 1, 15, 6, 30), False),
     ("20260115120000.123", us(2026, 1, 15, 12), False)],
)  # fmt: skip
def test_times(posted: str, at: int, *, day_only: bool) -> None:
    found = reading(ofx(f"<DTPOSTED>{posted}<TRNAMT>5<FITID>1"), zone="UTC")
    assert (found.column("at_us"), found.column("day_only")) == ([at], [day_only])


def test_the_other_account_and_the_currency_of_one_entry() -> None:
    first = (
        "<TRNTYPE>XFER<DTPOSTED>20260115<TRNAMT>-5.00<FITID>1<NAME>A &amp; B"
        "<BANKACCTTO><BANKID>99<ACCTID>87654321<ACCTTYPE>CHECKING</BANKACCTTO>"
    )
    second = "<DTPOSTED>20260116<TRNAMT>7.00<FITID>2<CURRENCY><CURRATE>1.1<CURSYM>USD</CURRENCY>"
    third = "<DTPOSTED>20260117<TRNAMT>9.00<FITID>3<ORIGCURRENCY><CURSYM>GBP</ORIGCURRENCY>"
    found = reading(ofx(first, second, third))
    assert found.column("counter") == ["87654321", "", ""]
    assert found.column("counter_name") == ["A & B", "", ""]
    assert found.totals == {("out", "EUR"): (1, 500), ("in", "USD"): (1, 700), ("in", "EUR"): (1, 900)}


def test_entries_without_end_tags() -> None:
    rows = "".join(f"<STMTTRN><DTPOSTED>20260115<TRNAMT>{n}<FITID>{n}" for n in (1, 2))
    found = reading(f"{HEAD}<STMTRS><CURDEF>EUR<CCACCTFROM><ACCTID>12345678</CCACCTFROM>{rows}".encode())
    assert (found.column("amount"), found.column("row")) == ([100, 200], [1, 2])


def test_bad_entries_are_bad_rows() -> None:
    found = reading(
        ofx("<DTPOSTED>20260115<TRNAMT>abc", "<TRNAMT>5", "<DTPOSTED>20261341<TRNAMT>5", "<DTPOSTED>20260115<TRNAMT>5")
    )
    assert found.codes == [
        (1, "amount", "amount_not_a_number"), (2, "at", "time_missing"), (3, "at", "time_impossible"),
    ]  # fmt: skip
    assert found.column("row") == [4]


@pytest.mark.parametrize(
    ("content", "code"),
    [(f"{HEAD}</OFX>".encode(), "ofx_no_statement"),
     (f"{HEAD}<STMTTRNRS><STATUS><CODE>15500<SEVERITY>ERROR</STATUS></STMTTRNRS></OFX>".encode(), "ofx_answer_failed"),
     (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><OFX><STMTRS></STMTRS></OFX>', "xml_forbidden")],
)  # fmt: skip
def test_files_that_are_refused(content: bytes, code: str) -> None:
    assert refusal(content).code == code


def test_many_entries_come_in_batches() -> None:
    found = reading(ofx(*["<DTPOSTED>20260115<TRNAMT>5<MEMO>" + "x" * 60] * 25_000))
    assert [len(batch) for batch in found.batches] == [20_000, 5_000]
