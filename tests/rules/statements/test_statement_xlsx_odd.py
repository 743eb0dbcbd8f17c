"""Workbooks of odd but honest making: thin sheets that reach far to the right, and what Excel's escapes stand for."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from accounts.rules.statements import CLASSES, NeedsMapping, read
from accounts.rules.statements.xlsx_parts import plain
from antifraud.border import understood, written
from tests.rules.statements.making import reading, sheet_xml, workbook

HEADINGS = ["交易卡号", "交易时间", "交易金额", "收付标志", "摘要说明"]
RIGHT = ["6222020200012345678", "2026-08-01 10:00:00", "1.00", "进"]
TAIL = "</sheetData></worksheet>"


def test_a_thin_sheet_with_a_cell_far_to_the_right_takes_little_memory() -> None:
    """60,000 rows of one empty cell, now and then another at GR: laid out whole these would be 12 million cells."""
    thin = "".join(
        f'<row r="{n}"><c r="A{n}"/>{f"""<c r="GR{n}"/>""" if n % 1_000 == 0 else ""}</row>' for n in range(3, 60_003)
    )
    content = workbook({"S": sheet_xml([HEADINGS, RIGHT]).removesuffix(TAIL) + thin + TAIL})
    tracemalloc.start()
    try:
        found = reading(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (found.column("row"), found.issues) == ([2], [])
    assert peak < 100 * 2**20


@pytest.mark.parametrize(
    ("written_as", "said"),
    [
        ("_xD83D__xDE00_", "😀"), ("a_xD83D__xDE00_b_xD83E__xDD14_", "a😀b🤔"), ("S1_xD83D_", "S1\ufffd"), ("_xDE00_x", "\ufffdx"),
        ("_xDE00__xD83D_", "\ufffd\ufffd"), ("_xD83D_a", "\ufffda"), ("a_x0000_b", "ab"), ("_xFEFF_a", "\ufeffa"), ("_x0009_", "\t"),
        ("a_xb", "a_xb"), ("摘要_x4E2D_", "摘要中"),
    ],
)  # fmt: skip
def test_escapes_are_whole_characters(written_as: str, said: str) -> None:
    assert plain(written_as) == said
    assert plain(written_as).encode().decode() == said


@pytest.mark.parametrize("rows", [1, 3_000], ids=["by the parser", "from the bytes"])
def test_rows_with_halves_of_characters_cross_the_border(rows: int) -> None:
    texts = [["_xD83D__xDE00_", "S1_xD83D_", "a_x0000_b"][at % 3] for at in range(max(rows, 3))]
    content = workbook({"S": sheet_xml([HEADINGS, *([*RIGHT, text] for text in texts)])})
    found = reading(content)
    summaries = [details["summary"] for details in found.column("details")]
    assert summaries[:3] == ["😀", "S1\ufffd", "ab"]
    assert {(row, code) for row, _, code in found.codes} == {
        (at, "text_damaged") for at, text in enumerate(texts, start=2) if text == "S1_xD83D_"
    }
    for batch in found.batches:
        assert understood(b"".join(written(batch)), CLASSES) == batch


def test_headings_have_no_characters_that_nobody_sees() -> None:
    headings = [*HEADINGS[:4], "摘要_x0000_说明", "\u200b备注_x0007_", "别的_x0000_\ufeff", "两\n行"]
    found = reading(workbook({"S": sheet_xml([headings, [*RIGHT, "x", "y", "z", "w"]])}))
    assert found.headers[0].headings == (*HEADINGS, "备注", "别的", "两\n行")
    assert found.column("details") == [{"summary": "x", "remark": "y"}]


def test_samples_of_a_question_cross_the_border() -> None:
    content = workbook({"S": sheet_xml([["甲_x0000_", "乙", "丙"], ["_xD83D_" + "x" * 900, "2", "3"]])})
    with pytest.raises(NeedsMapping) as asked:
        list(read(io.BytesIO(content)))
    back = understood(b"".join(written(asked.value)), CLASSES)
    assert (back.headings, back.samples) == (("甲", "乙", "丙"), (("\ufffd" + "x" * 499, "2", "3"),))
