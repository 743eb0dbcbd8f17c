"""MT940 and MT942: the real files against their expected values, then each deviation on its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.rules.statements import StatedBalance
from tests.rules.statements.expected_mt import expected
from tests.rules.statements.making import REAL, csv, needs_real_files, reading, refusal

FILES = sorted(path for path in (REAL / "mt940").rglob("*") if path.suffix in {".sta", ".txt"})
OWNER = {"owner": ("99990000", "somebody"), "mapping": {"=EUR": "currency"}, "zone": "UTC"}
NOT_ISO = {"DEM"}  # withdrawn in 2002: no row in it is taken
NO_TABLE = {"invalid_statement.sta"}  # ten numbered lines: neither a message nor a table


def day(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@needs_real_files
def test_all_real_files_are_there() -> None:
    assert len(FILES) == 54


@needs_real_files
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_real_files_give_their_expected_values(path: Path) -> None:
    if path.name in NO_TABLE:
        assert refusal(path).code == "headings_missing"
        return
    found = reading(path, **OWNER)
    assert found.headers[0].layout == ("mt942" if "mt942" in path.name else "mt940")
    if not path.with_suffix(".yml").exists():
        assert sum(batch.read for batch in found.batches) == path.read_bytes().count(b"\n:61:")
        return
    wanted = expected(path.with_suffix(".yml"))
    assert sum(batch.read for batch in found.batches) == len(wanted)
    refused = {code for _, _, code in found.codes} - {"text_damaged", "counter_unreadable", "account_rounded"}
    if any(entry.currency in NOT_ISO for entry in wanted):
        assert "currency_unknown" in refused
        wanted = [entry for entry in wanted if entry.currency not in NOT_ISO]
    wanted = [entry for entry in wanted if entry.amount]
    # The expected values take RC for a credit; SWIFT and the file's own balances (next test) say the opposite.
    flipped = [-entry.amount if entry.mark in {"RC", "RD"} else entry.amount for entry in wanted]
    signed = [
        (1 if d == "in" else -1) * a for d, a in zip(found.column("direction"), found.column("amount"), strict=True)
    ]
    assert signed == [int(amount * 100) for amount in flipped]
    assert found.column("currency") == [entry.currency or "EUR" for entry in wanted]
    days = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us) for us in found.column("at_us")]
    assert [moment.date() for moment in days] == [entry.day for entry in wanted]
    assert found.column("serial") == ["" if e.bank_reference == "NONREF" else e.bank_reference for e in wanted]


@needs_real_files
def test_the_real_balances_follow_from_the_entries() -> None:
    """Opening balance plus entries is the closing balance, in every statement of a file with reversals."""
    found = reading(REAL / "mt940" / "betterplace" / "sepa_mt9401.sta", zone="UTC")
    stated = found.batches[0].stated
    opening = sum(one.minor for one in stated if one.kind == "opening")
    closing = sum(one.minor for one in stated if one.kind == "closing")
    signed = [
        (1 if d == "in" else -1) * a for d, a in zip(found.column("direction"), found.column("amount"), strict=True)
    ]
    assert len(stated) == 52
    assert opening + sum(signed) == closing


MESSAGE = (
    ":20:STARTUMS", ":25:50880050/0194787400888", ":28C:1/1", ":60F:C260101EUR1000,00",
    ":61:2601020103DR10,50NTRFREF1//BANK1", "extra words",
    ":86:166?00GUTSCHRIFT?20EREF+E2E-1SVWZ+Rent?30DRESDEFF508?31DE89370400440532013000?32KARL?33 MANN",
    ":61:260104C2,NMSCNONREF", ":62F:C260104EUR991,50", "-",
)  # fmt: skip


def test_a_message() -> None:
    found = reading(csv(*MESSAGE), zone="UTC")
    assert found.column("row") == [5, 8]
    assert found.column("account") == ["0194787400888"] * 2
    assert found.totals == {("out", "EUR"): (1, 1050), ("in", "EUR"): (1, 200)}
    assert found.column("at_us") == [day("2026-01-03"), day("2026-01-04")]
    assert found.column("day_only") == [True, True]
    assert (found.column("serial"), found.column("reference")) == (["BANK1", ""], ["REF1", ""])
    assert (found.column("counter"), found.column("counter_name")) == (
        ["DE89370400440532013000", ""],
        ["KARL MANN", ""],
    )
    assert found.column("details")[0] == {"summary": "extra words GUTSCHRIFT EREF+E2E-1SVWZ+Rent", "kind": "NTRF"}
    assert found.batches[0].stated == [
        StatedBalance("0194787400888", "opening", "EUR", 100_000, day("2026-01-01")),
        StatedBalance("0194787400888", "closing", "EUR", 99_150, day("2026-01-04")),
    ]


@pytest.mark.parametrize(
    ("field", "signed"),
    [("260102C5,NTRFX", 500), ("260102D5,NTRFX", -500), ("260102RC5,NTRFX", -500), ("260102RD5,NTRFX", 500),
     ("260102CR5,25NTRFX", 525), ("2601020102CR\n5,00NTRFX", 500), ("260102    DD5,00NTRFX", -500)],
)  # fmt: skip
def test_marks_of_field_61(field: str, signed: int) -> None:
    found = reading(csv(*MESSAGE[:4], f":61:{field}"))
    way = 1 if found.column("direction") == ["in"] else -1
    assert way * found.column("amount")[0] == signed


def test_expected_entries_are_not_booked() -> None:
    found = reading(csv(*MESSAGE[:4], ":61:260102EC5,NTRFX"))
    assert [(issue.code, issue.severity) for issue in found.issues] == [("not_booked", "left_out")]


def test_the_year_of_the_booking_day_is_the_nearest() -> None:
    found = reading(csv(*MESSAGE[:4], ":61:2601021231C5,NTRFX", ":61:2512310102C5,NTRFX"), zone="UTC")
    assert found.column("at_us") == [day("2025-12-31"), day("2026-01-02")]


def test_a_day_that_does_not_exist_is_corrected_with_a_doubt() -> None:
    found = reading(csv(*MESSAGE[:4], ":61:260230C5,NTRFX"), zone="UTC")
    assert found.column("at_us") == [day("2026-02-28")]
    assert found.codes == [(5, "at", "time_corrected")]


def test_an_unreadable_entry_is_one_bad_row() -> None:
    found = reading(csv(*MESSAGE[:4], ":61:rubbish", ":61:260102C5,NTRFX"))
    assert (found.codes, found.column("row")) == ([(5, "", "entry_unreadable")], [6])


def test_currencies_with_other_places_and_the_currency_named_last() -> None:
    found = reading(csv(":25:12345678", ":61:260102C500,NTRFX", ":62F:C260102JPY500,", "-", ":25:12345678", ":60F:C260101KWD0,",
                        ":61:260102C1,234NTRFX"))  # fmt: skip
    assert found.totals == {("in", "JPY"): (1, 500), ("in", "KWD"): (1, 1234)}


def test_a_message_without_currency_refuses_its_rows() -> None:
    found = reading(csv(":25:12345678", ":61:260102C500,NTRFX"))
    assert found.codes == [(2, "currency", "currency_missing")]


def test_the_swift_envelope_and_several_messages() -> None:
    lines = ("{1:F01BANKNL21XXXX0000000000}{2:O940BANKNL21XXXXN}{3:}{4:", *MESSAGE[:-1], "-}{5:}")
    found = reading(csv(*lines, *lines))
    assert found.column("row") == [6, 9, 17, 20]
    assert found.column("account") == ["0194787400888"] * 4


def test_dutch_words_between_slashes() -> None:
    text = ":86:/EREF/E2E-9/IBAN/NL91ABNA0417164300/NAME/J JANSEN/REMI/rent/ISDT/2026"
    found = reading(csv(*MESSAGE[:4], ":61:260102D5,N102EREF", text))
    assert found.column("counter") == ["NL91ABNA0417164300"]
    assert (found.column("counter_name"), found.column("reference")) == (["J JANSEN"], ["E2E-9"])


def test_the_owner_stands_in_for_an_account_that_is_no_number() -> None:
    found = reading(
        csv(":20:X", ":25:ACCOUNT NAME", ":60F:C260101EUR0,", ":61:260102C5,NTRFX"), owner=("40100200300", "n")
    )
    assert (found.column("account"), found.column("account_name")) == (["40100200300"], ["n"])


def test_amounts_are_exact() -> None:
    found = reading(csv(*MESSAGE[:4], ":61:260102C9007199254740,93NTRFX"))
    assert found.column("amount") == [int(Decimal("9007199254740.93") * 100)]
