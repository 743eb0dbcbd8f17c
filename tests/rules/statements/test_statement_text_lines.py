"""Lines taken one by one or many at once are those that Python's own reader of text files gives."""

from __future__ import annotations

import io
from itertools import cycle, islice
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.rules.statements import text_source
from accounts.rules.statements.text_source import TextLines, text_of

PARTS = ("", "a", "bc,d", "\r", "\n", "\r\n", "工商", "é", "longer than that", "�")
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "cp1252")
LONGEST = 9


def reference(content: bytes, encoding: str) -> list[str]:
    text = text_of(io.BytesIO(content), encoding, newline="")
    return list(iter(lambda: text.readline(LONGEST), ""))


def patched(piece: int, **more: Any) -> pytest.MonkeyPatch:
    patch = pytest.MonkeyPatch()
    patch.setattr(text_source, "_PIECE", piece)
    for name, value in more.items():
        patch.setattr(text_source, name, value)
    return patch


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join), st.sampled_from(ENCODINGS), st.integers(1, 7))
@example("a\r\nb\r", "utf-8", 2)
@example("a\r\nb\rc", "utf-16", 1)
@example("longer t\r\nb", "utf-8", 3)
def test_one_by_one(text: str, encoding: str, piece: int) -> None:
    content = text.encode(encoding, errors="ignore")
    patch = patched(piece)
    try:
        lines = TextLines(io.BytesIO(content), encoding, LONGEST)
        assert list(iter(lines.line, "")) == reference(content, encoding)
        assert lines.position() == len(content)
    finally:
        patch.undo()


@given(
    st.lists(st.sampled_from(PARTS), max_size=16).map("".join), st.sampled_from(ENCODINGS), st.integers(1, 7),
    st.lists(st.sampled_from(("line", "take", "return")), min_size=1, max_size=5).filter(lambda way: set(way) != {"return"}),
    st.integers(1, 3),
)  # fmt: skip
def test_many_at_once(text: str, encoding: str, piece: int, ways: list[str], count: int) -> None:
    content = text.encode(encoding, errors="ignore")
    whole = "".join(reference(content, encoding))
    given_out: list[str] = []
    patch = patched(piece)
    try:
        lines = TextLines(io.BytesIO(content), encoding, LONGEST)
        for way in islice(cycle(ways), 200):
            if way == "line":
                given_out.append(lines.line())
                continue
            stretch, found, at_end = lines.stretch(count)
            before = "".join(given_out)
            assert whole[len(before) :].startswith(stretch)
            assert at_end == (len(before + stretch) == len(whole) and stretch.count("\n") < count)
            assert found == stretch.count("\n") + (at_end and not stretch.endswith("\n") and stretch != "")
            assert found == count or at_end
            if way == "take":
                given_out.append(stretch)
            else:
                lines.give_back(stretch)
    finally:
        patch.undo()
    assert "".join(given_out) == whole
    assert lines.position() == len(content)


def test_a_stretch_that_is_too_long_is_left_where_it_is() -> None:
    content = b"abc\n" * 10
    patch = patched(4, _MOST_CHARACTERS=12)
    try:
        lines = TextLines(io.BytesIO(content), "utf-8", LONGEST)
        assert lines.stretch(2) == ("abc\nabc\n", 2, False)
        assert lines.stretch(6) == ("", 0, False)
        lines.give_back("")
        assert [lines.line() for _ in range(9)] == ["abc\n"] * 8 + [""]
    finally:
        patch.undo()
