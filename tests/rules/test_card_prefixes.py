"""banks.rules.card_prefixes: candidates with confidence, and the CSV reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banks.rules.card_prefixes import MESSAGES, Candidate, PrefixRow, PrefixTable, read_prefix_csv

REAL_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "bank-directory" / "cn_card_bin.csv"


def table(*rows: tuple[str, str, str, int]) -> PrefixTable:
    return PrefixTable.build(PrefixRow(*row) for row in rows)


def rounded(candidates: list[Candidate]) -> list[tuple[str, str, str, float]]:
    return [(c.bank_code, c.card_kind, c.prefix, round(c.confidence, 4)) for c in candidates]


def test_one_row_with_the_right_length_claims_nine_tenths() -> None:
    assert rounded(table(("622202", "ICBC", "DC", 19)).candidates("6222021234567890123")) == [
        ("ICBC", "DC", "622202", 0.9)
    ]


def test_another_length_lowers_the_confidence() -> None:
    assert rounded(table(("622202", "ICBC", "DC", 19)).candidates("6222021234567890")) == [
        ("ICBC", "DC", "622202", 0.36)
    ]


def test_the_longest_prefix_stands_first_and_the_rest_shares_what_is_left() -> None:
    both = table(("6222", "AAA", "DC", 19), ("622202", "ICBC", "DC", 19))
    assert rounded(both.candidates("6222021234567890123")) == [
        ("ICBC", "DC", "622202", 0.9),
        ("AAA", "DC", "6222", 0.09),
    ]


def test_a_longest_prefix_of_another_length_leaves_room_for_a_fitting_shorter_one() -> None:
    both = table(("6222", "AAA", "DC", 16), ("622202", "ICBC", "DC", 19))
    assert rounded(both.candidates("6222021234567890")) == [
        ("ICBC", "DC", "622202", 0.36),
        ("AAA", "DC", "6222", 0.576),
    ]


def test_rows_in_conflict_share_and_length_decides_between_them() -> None:
    conflict = table(("622162", "CEB", "CC", 16), ("622162", "JJBANK", "DC", 19))
    assert rounded(conflict.candidates("6221621234567890")) == [
        ("CEB", "CC", "622162", 0.6429),
        ("JJBANK", "DC", "622162", 0.1029),
    ]
    assert [c.bank_code for c in conflict.candidates("6221621234567890123")] == ["JJBANK", "CEB"]


def test_rows_in_full_conflict_share_equally_in_stable_order() -> None:
    conflict = table(("1234", "B", "DC", 16), ("1234", "A", "DC", 16))
    assert rounded(conflict.candidates("1234567890123456")) == [("A", "DC", "1234", 0.45), ("B", "DC", "1234", 0.45)]


def test_two_lengths_of_one_bank_are_one_candidate() -> None:
    one = table(("622425", "HRBANK", "DC", 17), ("622425", "HRBANK", "DC", 19))
    assert rounded(one.candidates("6224251234567890123")) == [("HRBANK", "DC", "622425", 0.9)]


def test_a_bank_is_named_once_at_its_longest_prefix() -> None:
    twice = table(("62", "ICBC", "DC", 19), ("622202", "ICBC", "DC", 19))
    assert [c.prefix for c in twice.candidates("6222021234567890123")] == ["622202"]


@pytest.mark.parametrize("number", ["", "6", "9999999999999999", "张三", "62220"])
def test_what_no_prefix_fits_has_no_candidate(number: str) -> None:
    assert table(("622202", "ICBC", "DC", 19)).candidates(number) == []


def test_equal_rows_count_once() -> None:
    row = ("622202", "ICBC", "DC", 19)
    assert table(row, row).candidates("6222021234567890123") == table(row).candidates("6222021234567890123")
    assert table(row, row).distinct == 1


PREFIXES = st.text(alphabet="012", min_size=2, max_size=6)
ROWS = st.lists(
    st.builds(PrefixRow, PREFIXES, st.sampled_from("ABCD"), st.sampled_from(["DC", "CC"]), st.integers(8, 12)),
    max_size=30,
)


@given(ROWS, st.text(alphabet="012", max_size=12))
def test_confidence_is_a_share_of_certainty(rows: list[PrefixRow], number: str) -> None:
    found = PrefixTable.build(rows).candidates(number)
    assert all(0 < c.confidence <= 0.9 and number.startswith(c.prefix) for c in found)
    assert sum(c.confidence for c in found) < 1
    assert [len(c.prefix) for c in found] == sorted((len(c.prefix) for c in found), reverse=True)
    expected = {(r.bank_code, r.card_kind) for r in rows if number.startswith(r.prefix)}
    assert {(c.bank_code, c.card_kind) for c in found} == expected
    assert len(found) == len(expected)


@given(ROWS, st.text(alphabet="012", min_size=6, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[PrefixRow], number: str, random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = PrefixTable.build(rows).candidates(number), PrefixTable.build(shuffled).candidates(number)
    assert rounded(one) == rounded(other)


@given(st.text(alphabet="012", min_size=8, max_size=12), st.integers(8, 12))
def test_a_fitting_length_never_lowers_a_bank(number: str, other: int) -> None:
    rival = PrefixRow(number[:3], "RIVAL", "DC", other)
    fitting = PrefixTable.build([rival, PrefixRow(number[:3], "ME", "DC", len(number))])
    unfitting = PrefixTable.build([rival, PrefixRow(number[:3], "ME", "DC", 30)])

    def mine(table: PrefixTable) -> float:
        return next(c.confidence for c in table.candidates(number) if c.bank_code == "ME")

    assert mine(fitting) > mine(unfitting)


def test_a_csv_file_is_read() -> None:
    text = "\ufefftype,bin,bank,length,note\r\nDC,622202,ICBC,19,x\r\n\r\ncc, 356390 ,citic,16,\r\n"
    found = read_prefix_csv(text)
    assert found.rows == [PrefixRow("622202", "ICBC", "DC", 19), PrefixRow("356390", "CITIC", "CC", 16)]
    assert found.problems == []
    assert found.distinct == 2


def test_each_bad_line_is_named_and_the_good_ones_stay() -> None:
    lines = [
        "bin,bank,type,length",
        "622202,ICBC,DC,19",
        "62x,ICBC,DC,19",
        "1,ICBC,DC,19",
        "622203,,DC,19",
        "622203,ICBC,XX,19",
        "622203,ICBC,DC,5",
        "622203,ICBC,DC,4x",
        "622203,ICBC,DC",
        "622202,ICBC,DC,19",
        "６２２,ICBC,DC,19",
        "622204,BOC,PC,16",
        "12,BOC,PC,8",
        "12,BOC,PC,7",
        "12345678,BOC,PC,8",
        "12,BOC,PC,34",
        "12,BOC,PC,35",
    ]
    found = read_prefix_csv("\n".join(lines))
    assert [row.prefix for row in found.rows] == ["622202", "622204", "12", "12"]
    assert [(p.code, p.params["line"]) for p in found.problems] == [
        ("prefix_bad", 3),
        ("prefix_bad", 4),
        ("prefix_bank_bad", 5),
        ("prefix_kind_bad", 6),
        ("prefix_length_bad", 7),
        ("prefix_length_bad", 8),
        ("prefix_columns", 9),
        ("prefix_repeated", 10),
        ("prefix_bad", 11),
        ("prefix_length_bad", 14),
        ("prefix_length_bad", 15),
        ("prefix_length_bad", 17),
    ]
    assert found.problems[7].params["first"] == 2
    assert all(p.text(MESSAGES) for p in found.problems)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["prefix_file_empty"]),
        ("bin,bank", ["prefix_heading_missing", "prefix_heading_missing"]),
        ("bin,bank,type,length\n" + '"' + "x" * 200_000, ["prefix_csv_broken"]),
    ],
)
def test_a_file_that_is_no_table_says_so(text: str, codes: list[str]) -> None:
    found = read_prefix_csv(text)
    assert found.rows == []
    assert [p.code for p in found.problems] == codes
    assert all(p.text(MESSAGES) for p in found.problems)


@given(st.text(max_size=300))
def test_no_text_breaks_the_csv_reader(text: str) -> None:
    read_prefix_csv(text)
    found = read_prefix_csv("bin,bank,type,length\n" + text)
    assert all(p.text(MESSAGES) for p in found.problems)


@pytest.mark.skipif(not REAL_FILE.exists(), reason="the public card-prefix table is not on this machine")
def test_the_public_table_is_read_whole() -> None:
    found = read_prefix_csv(REAL_FILE.read_text(encoding="utf-8"))
    assert (len(found.rows), found.distinct, found.problems) == (1709, 1697, [])
    table = PrefixTable.build(found.rows)
    assert table.candidates("6222021234567890123")[0][:3] == ("ICBC", "DC", "622202")
    assert [c.bank_code for c in table.candidates("6221621234567890")] == ["CEB", "JJBANK"]
    assert table.distinct == 1697
