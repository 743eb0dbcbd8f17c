"""Small statement files made in memory, and the real ones where they are there."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from accounts.rules.statements import Batch, Header, Issue, StatementError, read

REAL = Path(__file__).parents[4] / "shared" / "data" / "statements"
needs_real_files = pytest.mark.skipif(not REAL.is_dir(), reason="the folder with real statement files is absent")

_WORDS_34 = (
    "交易卡号 交易账号 账户开户名称 开户人证件号码 交易时间 交易金额 交易余额 收付标志 交易对手账卡号 现金标志 对手户名 对手身份证号 "
    "对手开户银行 摘要说明 交易币种 交易网点名称 交易网点代码 交易发生地 交易是否成功 传票号 终端号 IP地址 MAC地址 对手交易余额 "
    "交易流水号 日志号 凭证种类 凭证号 交易柜员号 商户名称 商户号 备注 交易类型 查询反馈结果原因"
)
COLUMNS_34 = _WORDS_34.split()
ROW_34 = {
    "交易卡号": "6222020200112233445\t", "交易账号": "6222020200112233445", "账户开户名称": "张三", "交易时间": "20260102030405",
    "交易金额": "1,234.50", "收付标志": "出", "交易对手账卡号": "6217000010001234567\t", "对手户名": "李四", "交易币种": "CNY",
    "交易是否成功": "成功", "交易流水号": "S1",
}  # fmt: skip


@dataclasses.dataclass
class Reading:
    """All that a file gave."""

    headers: list[Header]
    batches: list[Batch]

    @property
    def issues(self) -> list[Issue]:
        return [issue for batch in self.batches for issue in batch.issues]

    @property
    def codes(self) -> list[tuple[int, str, str]]:
        return [(issue.row, issue.field, issue.code) for issue in self.issues]

    def column(self, name: str) -> list[Any]:
        return [value for batch in self.batches for value in getattr(batch, name)]

    @property
    def totals(self) -> dict[tuple[str, str], tuple[int, int]]:
        found: dict[tuple[str, str], tuple[int, int]] = {}
        rows = zip(self.column("direction"), self.column("currency"), self.column("amount"), strict=True)
        for direction, currency, amount in rows:
            count, total = found.get((direction, currency), (0, 0))
            found[direction, currency] = (count + 1, total + amount)
        return found


def reading(content: bytes | Path, **how: Any) -> Reading:
    """The whole file read; checks on the way that every batch is even and a Header comes first."""
    stream = content.open("rb") if isinstance(content, Path) else io.BytesIO(content)
    with stream:
        found = list(read(stream, **how))
    assert isinstance(found[0], Header)
    batches = [item for item in found if isinstance(item, Batch)]
    for batch in batches:
        lengths = {name: len(getattr(batch, name)) for name in ("row", "account", "at_us", "amount", "details", "cash")}
        assert set(lengths.values()) == {len(batch)}
        assert all(amount > 0 for amount in batch.amount)
        assert set(batch.direction) <= {"in", "out"}
        refused = [issue.row for issue in batch.issues if issue.severity != "doubt"]
        assert len(refused) == len(set(refused)) == batch.read - len(batch)
    return Reading([item for item in found if isinstance(item, Header)], batches)


def refusal(content: bytes | Path, **how: Any) -> StatementError:
    """The refusal of a file that must be refused."""
    with pytest.raises(StatementError) as caught:
        reading(content, **how)
    assert len(str(caught.value)) > 20
    return caught.value


def row_34(**cells: str) -> list[str]:
    """A row of the 34 columns, some cells changed."""
    return [{**ROW_34, **cells}.get(column, "") for column in COLUMNS_34]


def csv_34(*rows: Mapping[str, str], encoding: str = "gb18030", newline: str = "\r\n") -> bytes:
    """A CSV in the 34-column layout, each row by what differs from ROW_34."""
    lines = [COLUMNS_34, *(row_34(**row) for row in rows)]
    return newline.join(",".join(_quoted(cell) for cell in line) for line in lines).encode(encoding)


def _quoted(cell: str) -> str:
    return f'"{cell}"' if "," in cell or '"' in cell or "\n" in cell else cell


def csv(*lines: str, encoding: str = "utf-8") -> bytes:
    """Lines of text."""
    return "\n".join(lines).encode(encoding)


def cell(text: str, reference: str, *, style: int | None = None) -> str:
    """An inline text cell; a text that begins with "#" becomes a number cell."""
    shown = f' s="{style}"' if style is not None else ""
    if text.startswith("#"):
        return f'<c r="{reference}"{shown}><v>{text[1:]}</v></c>'
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def sheet_xml(rows: Sequence[Sequence[str]], *, style: int | None = None) -> str:
    """The XML of a sheet."""
    lines = [
        f'<row r="{at}">'
        + "".join(cell(text, f"{letters(n)}{at}", style=style) for n, text in enumerate(row) if text)
        + "</row>"
        for at, row in enumerate(rows, start=1)
    ]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + "".join(lines)
        + "</sheetData></worksheet>"
    )


def letters(number: int) -> str:
    """0 -> "A", 26 -> "AA"."""
    return ("" if number < 26 else letters(number // 26 - 1)) + chr(65 + number % 26)


def workbook(
    sheets: Mapping[str, str], *, parts: Mapping[str, bytes] | None = None, hidden: Sequence[str] = ()
) -> bytes:
    """An XLSX of {sheet name: sheet XML}; `parts` are added or take the place of others."""
    names = list(sheets)
    state = dict.fromkeys(hidden, ' state="hidden"')
    entries = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"{state.get(name, "")}/>'
        for n, name in enumerate(names, start=1)
    )
    links = "".join(f'<Relationship Id="r{n}" Target="worksheets/sheet{n}.xml"/>' for n in range(1, len(names) + 1))
    files: dict[str, bytes] = {
        "xl/workbook.xml": (
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
            f"<sheets>{entries}</sheets></workbook>"
        ).encode(),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>'
        ).encode(),
        **{f"xl/worksheets/sheet{n}.xml": sheets[name].encode() for n, name in enumerate(names, start=1)},
        **(parts or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()
