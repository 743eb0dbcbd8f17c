"""A column as bytes says what its texts say, and what is read from it at once is what is read cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.rules.statements import Batch, Issue, StatedBalance, words
from accounts.rules.statements.amounts import Amounts
from accounts.rules.statements.batch import CLASSES, ROW_COLUMNS
from accounts.rules.statements.cells import Cells, are_clean, are_numbers, different, each, gathered
from accounts.rules.statements.memo import Fault
from accounts.rules.statements.moments import Moment, Moments
from antifraud.border import understood, written

FEW = st.lists(st.sampled_from(("", "进", "出", "6222020200112233445", "a" * 33, "é")), min_size=1, max_size=60)
MANY = st.lists(st.text(max_size=12).filter(lambda text: not {"\n", "\0"} & set(text)), min_size=1)
RUNS = st.lists(st.tuples(st.sampled_from(("A", "BB", "", "C" * 20)), st.integers(1, 20)), min_size=1, max_size=9).map(
    lambda runs: [text for text, count in runs for _ in range(count)]
)


def cells(texts: list[str]) -> Cells:
    made = Cells.of(texts)
    assert made is not None
    return made


@given(st.one_of(FEW, MANY, RUNS))
@example([str(number) for number in range(40)])
@example([""])
def test_a_column_of_bytes_is_its_texts(texts: list[str]) -> None:
    made = cells(texts)
    assert list(made) == texts
    assert made.each(len) == list(map(len, texts)) == each(texts, len)
    assert set(different(made)) == set(texts)
    assert made.is_filled == any(texts)
    assert made.is_ascii == "".join(texts).isascii()
    assert [made[0], made[-1], len(made)] == [texts[0], texts[-1], len(texts)]


@given(st.one_of(FEW, MANY, RUNS), st.integers(0, 10), st.integers(0, 10))
def test_columns_are_cut_and_joined(texts: list[str], first: int, count: int) -> None:
    first = min(first, len(texts) - 1)
    end = min(len(texts), first + count + 1)
    part = cells(texts).cut(first, end)
    assert list(part) == texts[first:end]
    assert list(Cells.joined([part, cells(texts)])) == texts[first:end] + texts


@given(st.lists(st.tuples(st.sampled_from(("", "x", "李四", "12.50")), st.sampled_from((",", ";;", "\n"))), min_size=1))
def test_pieces_become_a_column(pieces: list[tuple[str, str]]) -> None:
    body = b"".join(f"{text}{sign}".encode() for text, sign in pieces)
    lengths = np.array([len(text.encode()) for text, _ in pieces], dtype=np.int64)
    sizes = [len(f"{text}{sign}".encode()) for text, sign in pieces]
    starts = np.array([sum(sizes[:at]) for at in range(len(sizes))], dtype=np.int64)
    assert list(gathered(np.frombuffer(body, dtype=np.uint8), starts, lengths)) == [text for text, _ in pieces]


@pytest.mark.parametrize("text", ["a\nb", "a\0", "\ud800"])
def test_what_cannot_be_a_column_of_bytes_is_none(text: str) -> None:
    assert Cells.of(["a", text]) is None


AMOUNT = st.one_of(
    st.decimals(-(10**15), 10**15, places=2, allow_nan=False).map(str),
    st.sampled_from(("", "0.00", "-0.00", "5", "5.0", "-", ".50", "1.2.3", "1-2.00", "--1.00", "+1.00", "１.00", "9" * 15 + ".99")),
    st.from_regex(r"-?[0-9]{1,16}\.[0-9]{2}", fullmatch=True),
)  # fmt: skip


@given(st.lists(AMOUNT, min_size=1, max_size=30), st.sampled_from(("CNY", "JPY", "KWD")))
@example(["1.00", "-0.05", "123456789012345.67", "", "99999999.99", "100000000.00"], "CNY")
@example(["1", "-20", "123456789012345"], "JPY")
@example(["1.000", "-20.125", "123456789012345.999"], "KWD")
def test_amounts_of_a_column_are_the_amounts_of_its_cells(texts: list[str], currency: str) -> None:
    found = Amounts(currency).column(cells(texts))
    wanted = [Amounts(currency).memo[text] if text else None for text in texts]
    assert list(zip(found, map(type, found), strict=True)) == list(zip(wanted, map(type, wanted), strict=True))


def test_plain_amounts_are_read_at_once() -> None:
    reader = Amounts("CNY")
    assert reader.column(cells(["1.00", "-0.05", "", "1234567890123.45"])) == [100, -5, None, 123456789012345]
    assert not reader.memo


@given(
    st.lists(
        st.tuples(
            st.sampled_from((1948, 1949, 2026, 2099, 2100, 2101)), st.integers(0, 13), st.integers(0, 32), st.integers(0, 24),
            st.integers(0, 60), st.integers(0, 61),
        ),
        min_size=1, max_size=8,
    ),
    st.sampled_from(
        ("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", "{:04}/{:02}/{:02} {:02}:{:02}:{:02}", "{:04}{:02}{:02}{:02}{:02}{:02}",
         "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", "{:04}-{:02}/{:02} {:02}:{:02}:{:02}", "{:04}-{:02}-{:02} {:02}.{:02}:{:02}")
    ),
    st.sampled_from(("Asia/Shanghai", "Europe/Berlin", "UTC")),
)  # fmt: skip
@example(
    [(2026, 8, 1, 10, 0, 1), (2026, 8, 1, 0, 0, 0), (2026, 8, 2, 23, 59, 59)], "{:04}{:02}{:02}{:02}{:02}{:02}", "UTC"
)
@example([(2026, 3, 29, 2, 30, 0)], "{:04}-{:02}-{:02} {:02}:{:02}:{:02}", "Europe/Berlin")
def test_times_of_a_column_are_the_times_of_its_cells(rows: list[tuple[int, ...]], shape: str, zone: str) -> None:
    texts = [shape.format(*row) for row in rows]
    found = Moments(zone).column(cells(texts))
    wanted = [Moments(zone).memo[text] for text in texts]
    if found is None:
        return
    assert all(isinstance(moment, Moment) and not moment.doubt for moment in wanted)
    assert list(zip(*found, strict=True)) == [moment[:2] for moment in wanted if not isinstance(moment, Fault)]


def test_plain_times_are_read_at_once() -> None:
    texts = ["2026-08-01 10:00:01", "2026-08-01 00:00:00", "2026-08-02 23:59:59"]
    assert Moments("UTC").column(cells(texts)) == (
        [1785578401000000, 1785542400000000, 1785715199000000], [False, True, False],
    )  # fmt: skip


@given(
    st.lists(
        st.one_of(st.from_regex(r"[0-9]{1,36}", fullmatch=True), st.sampled_from(("", "0000", "12a45", "１２３４"))),
        min_size=1,
    )
)
def test_numbers_of_a_column_need_no_reading(texts: list[str]) -> None:
    if are_numbers(cells(texts)):
        assert list(map(words.counter_number, texts)) == texts


@given(
    st.lists(
        st.one_of(
            st.from_regex(r"[0-9A-Za-z./:_-]{0,66}", fullmatch=True), st.sampled_from(("", "NULL", "=5", "é1234"))
        ),
        min_size=1,
    )
)
def test_clean_columns_are_clean(texts: list[str]) -> None:
    if are_clean(cells(texts)):
        assert list(map(words.clean, texts)) == texts


def test_usual_columns_are_seen_to_be_so() -> None:
    assert are_numbers(cells(["6217000010001234567", "", "1234"]))
    assert are_clean(cells(["S0000001", "", "a.b/c:d_e-f"]))


INT8 = st.integers(-(2**63), 2**63 - 1)
VALUE = st.one_of(st.text(max_size=5), st.sampled_from(("进", "出", "a\nb")))


@st.composite
def batches(draw: Any) -> Batch:
    count = draw(st.integers(0, 40))
    pool = draw(st.lists(VALUE, min_size=1, max_size=3))
    made: dict[str, Any] = {}
    for name in ROW_COLUMNS:
        kind: Any = st.one_of(st.sampled_from(pool), VALUE)
        if name in {"row", "at_us"}:
            kind = INT8
        elif name == "amount":
            kind = st.integers(1, 2**63 - 1)
        elif name == "direction":
            kind = st.sampled_from(("in", "out"))
        elif name == "balance":
            kind = st.none() | INT8 | st.just(2**70)
        elif name in {"day_only", "cash"}:
            kind = st.booleans()
        elif name == "details":
            one = st.dictionaries(st.sampled_from(("summary", "kind", "x")), VALUE)
            kind = st.sampled_from([{"summary": text} for text in pool]) | one
        made[name] = draw(st.lists(kind, min_size=count, max_size=count))
    issues = [Issue(1, "at", "time_missing", "bad")]
    return Batch(**made, issues=issues, stated=[StatedBalance("a", "opening", "CNY", -5, 0)], read=count, done_bytes=7)


def crossed(batch: Batch) -> Batch:
    back = understood(b"".join(written(batch)), CLASSES)
    assert isinstance(back, Batch)
    return back


@given(batches())
def test_a_batch_crosses_the_border_unchanged(batch: Batch) -> None:
    back = crossed(batch)
    assert back == batch
    assert [type(value) for value in back.balance] == [type(value) for value in batch.balance]
    assert [type(value) for value in back.cash] == [type(value) for value in batch.cash]
    assert len(set(map(id, back.details))) <= len(set(map(id, batch.details)))


def test_rows_that_share_their_details_share_them_afterwards() -> None:
    one, other = {"summary": "a"}, {"summary": "b"}
    count = 600
    details = [one, other] + [{"summary": str(n)} for n in range(count - 3)] + [one]
    same = {name: [""] * count for name in ROW_COLUMNS}
    numbers = {"row": list(range(count)), "at_us": [0] * count, "amount": [1] * count, "balance": [None] * count}
    flags = {"day_only": [False] * count, "cash": [False] * count, "direction": ["in"] * count}
    back = crossed(Batch(**{**same, **numbers, **flags, "details": details}))  # type: ignore[arg-type]
    assert back.details == details
    assert back.details[0] is back.details[-1]
    assert len(set(map(id, back.details))) == count - 1
