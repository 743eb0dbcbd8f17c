"""The one way into a statement file: find its format, hand it to the reader of that format."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from zoneinfo import ZoneInfo

from accounts.rules.statements.amounts import currency_code
from accounts.rules.statements.batch import Batch, Header, StatementError
from accounts.rules.statements.camt import read_camt
from accounts.rules.statements.csv_table import read_csv
from accounts.rules.statements.decoding import text_encoding
from accounts.rules.statements.detect import HEAD_BYTES, Layout, detect
from accounts.rules.statements.fields import split_mapping
from accounts.rules.statements.later import later_judged
from accounts.rules.statements.memo import Fault
from accounts.rules.statements.mt import read_mt
from accounts.rules.statements.ofx import read_ofx
from accounts.rules.statements.xlsx_table import read_xlsx

MAX_BYTES = 256 * 2**20
DEFAULT_ZONE = "Asia/Shanghai"


def read(
    stream: BinaryIO,
    *,
    mapping: Mapping[str, str] | None = None,
    zone: str = DEFAULT_ZONE,
    owner: tuple[str, str] | None = None,
    now_us: int | None = None,
) -> Iterator[Header | Batch]:
    """A Header, then its Batches; a workbook gives a Header for each sheet of entries. The first is always a Header.

    `stream` must be seekable. `mapping` {heading: field} as an officer named the columns ("" = do not use; a key "=EUR"
    is a constant, in formats without columns too). `zone` of times without offset. `owner` (number, name) of rows that
    name no account. Rows later than `now_us` (microseconds since 1970, UTC) are judged; None: they are not. Raises
    StatementError for a refused file, NeedsMapping for a table whose columns must be named.
    """
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if size > MAX_BYTES:
        raise StatementError("file_too_large")
    head = stream.read(HEAD_BYTES)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise StatementError("file_empty")
    ZoneInfo(zone)  # a wrong zone is the caller's mistake: say so before anything is read
    stream.seek(0)
    for item in _read(stream, detect(head), mapping, zone, owner, size):
        yield later_judged(item, now_us) if isinstance(item, Batch) and now_us is not None else item


def _read(
    stream: BinaryIO,
    layout: Layout,
    mapping: Mapping[str, str] | None,
    zone: str,
    owner: tuple[str, str] | None,
    size: int,
) -> Iterator[Header | Batch]:
    if layout == "xlsx":
        return read_xlsx(stream, mapping=mapping, zone=zone, owner=owner, size=size)
    if layout == "csv":
        return read_csv(stream, mapping=mapping, zone=zone, owner=owner, size=size)
    currency = _currency(mapping)
    if layout == "camt":
        return read_camt(stream, zone=zone, owner=owner, currency=currency, size=size)
    if layout == "ofx":
        return read_ofx(stream, zone=zone, owner=owner, currency=currency, size=size)
    return read_mt(
        stream, layout=layout, encoding=text_encoding(stream), zone=zone, owner=owner, currency=currency, size=size
    )


def _currency(mapping: Mapping[str, str] | None) -> str:
    """The constant currency that an officer named for the file, "" if none."""
    code = currency_code(split_mapping(mapping or {})[1].get("currency", ""))
    return "" if isinstance(code, Fault) else code
