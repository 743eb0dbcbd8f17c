"""Rows of a batch as PostgreSQL's binary COPY, columns at a time: fixed fields by numpy, the sealed details one by one."""

from __future__ import annotations

import struct
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, repeat
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.models import StatementLine
from accounts.rules.statements import Batch
from antifraud import bulk
from antifraud.crypto import data_keys
from antifraud.crypto.blind import row_key
from antifraud.crypto.envelope import seal_many
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazily("numpy")

TABLE = StatementLine._meta.db_table
COLUMNS = (
    "file_id", "case_id", "id", "row", "node", "at", "is_day_only", "amount_minor", "currency", "line_key",
    "direction", "left_out", "serial", "counter", "balance_minor", "reference", "device", "details",
)  # fmt: skip
LINE_KEY, REFERENCE = "statement.line", "statement.reference"
SHORTEST_REFERENCE = 6  # shorter ones ("1", "NONE") are no references
NO_REFERENCES = frozenset({"NONREF", "NOTPROVIDED", "NOTAVAILABLE"})
_LENGTH = struct.Struct(">i")
_FIXED = [
    ("count", ">i2"), ("l_file", ">i4"), ("file", "V16"), ("l_case", ">i4"), ("case", "V16"), ("l_id", ">i4"), ("id", "V16"),
    ("l_row", ">i4"), ("row", ">i4"), ("l_node", ">i4"), ("node", ">i8"), ("l_at", ">i4"), ("at", ">i8"),
    ("l_day", ">i4"), ("day", "u1"), ("l_amount", ">i4"), ("amount", ">i8"), ("l_currency", ">i4"), ("currency", "S3"),
    ("l_key", ">i4"), ("key", "V16"),
]  # fmt: skip
_WIDTHS = {
    "file": 16, "case": 16, "id": 16, "row": 4, "node": 8, "at": 8, "day": 1, "amount": 8, "currency": 3, "key": 16,
}  # fmt: skip


@cache
def _fixed_fields() -> np.dtype[np.void]:
    return np.dtype(_FIXED)


class Packer:
    """Packs the batches of one file of one case."""

    def __init__(self, case_id: UUID, file_id: UUID, sha256: bytes) -> None:
        self.case_id, self.file_id, self.sha256 = case_id, file_id, sha256
        self._line_key, self._reference = row_key(LINE_KEY), row_key(REFERENCE)

    def rows(
        self, batch: Batch, nodes: Sequence[int], counters: Sequence[int | None], devices: Mapping[str, bytes],
        keys: Sequence[bytes], known: Container[int] = (),
    ) -> Iterable[bytes]:  # fmt: skip
        """The rows of the batch as COPY wants them, in pieces; `nodes`, `counters` and `keys` beside the batch's rows.

        Rows whose place is `known` are left out for that. Whole columns at a time: a step of Python for each row costs most here.
        """
        ids, count = bulk.uuids(len(batch)), len(batch)
        serials = list(map(str.encode, serials_of(batch.serial)))
        details = list(self._sealed(batch.details, batch.reference, ids))
        columns: tuple[Iterable[bytes], ...] = (
            _slices(self._fixed(batch, nodes, ids, keys), _fixed_fields().itemsize),
            (_WAYS[way, place in known] for place, way in enumerate(batch.direction)),
            map(_LENGTH.pack, map(len, serials)), serials, _int8s(counters), _int8s(batch.balance),
            self._references(batch.reference) if any(batch.reference) else repeat(bulk.NULL, count),
            (devices.get(text, bulk.NULL) for text in batch.device) if any(batch.device) else repeat(bulk.NULL, count),
            map(_LENGTH.pack, map(len, details)), details,
        )  # fmt: skip
        return chain.from_iterable(zip(*columns, strict=True))

    def _fixed(self, batch: Batch, nodes: Sequence[int], ids: NDArray[np.uint8], keys: Sequence[bytes]) -> bytes:
        made = np.zeros(len(batch), dtype=_fixed_fields())
        made["count"] = len(COLUMNS)
        for name, width in _WIDTHS.items():
            made[f"l_{name}"] = width
        made["file"], made["case"] = np.void(self.file_id.bytes), np.void(self.case_id.bytes)
        made["id"] = ids.view("V16").ravel()
        made["row"], made["node"], made["amount"] = batch.row, nodes, batch.amount
        made["at"] = np.array(batch.at_us, dtype=np.int64) - bulk.EPOCH_US
        made["day"] = batch.day_only
        made["currency"] = batch.currency if len(set(batch.currency)) > 1 else batch.currency[0]
        made["key"] = np.frombuffer(b"".join(keys), dtype="V16")
        return made.tobytes()

    def keys(self, batch: Batch) -> Iterator[bytes]:
        """When two rows may be one: by owner and serial, as far as amount and direction agree; else by file and row.

        The time is no part of it, since one bank's files give the day here and the second there: `known` compares it.
        """
        key, sha256 = self._line_key, self.sha256
        columns = (batch.account, serials_of(batch.serial), batch.direction, batch.amount, batch.currency, batch.row)
        for account, serial, way, amount, currency, row in zip(*columns, strict=True):
            if serial:
                yield key(f"{account}|{serial}|{way}|{amount}|{currency}".encode())
            else:
                yield key(sha256 + row.to_bytes(4, "big"))

    def _references(self, texts: Sequence[str]) -> Iterator[bytes]:
        for text in texts:
            folded = text.strip().upper()
            is_one = len(folded) >= SHORTEST_REFERENCE and folded not in NO_REFERENCES
            yield bulk.raw(self._reference(folded.encode())) if is_one else bulk.NULL

    def _sealed(
        self, details: Sequence[Mapping[str, str]], references: Sequence[str], ids: NDArray[np.uint8]
    ) -> Iterator[bytes]:
        key_id, cipher = data_keys.encryption_key(("case", self.case_id), seals=len(details))
        clear = clear_details(details, references)
        return seal_many(clear, bulk.cell_aads(TABLE, "details", ids), len(details), key_id=key_id, cipher=cipher)


def clear_details(details: Sequence[Mapping[str, str]], references: Sequence[str]) -> Iterator[bytes]:
    """The details as JSON, with the reference among them; rows that share a dictionary have it written once."""
    told = details
    if any(references):
        told = [{**each, "reference": text} if text else each for each, text in zip(details, references, strict=True)]
    places = list(map(id, told))
    different = dict(zip(places, told, strict=True))
    made = {place: _json(each) for place, each in different.items()}
    return map(made.__getitem__, places)


def _json(each: Mapping[str, str]) -> bytes:
    """As json.dumps without blanks; an encoder made for each of millions of rows takes several times as long."""
    return f"{{{','.join([f'{_quoted(name)}:{_quoted(text)}' for name, text in each.items()])}}}".encode()


def serials_of(texts: Sequence[str]) -> Sequence[str]:
    """The texts that are serials, "" in the place of those that are none (`is_serial`)."""
    stripped = list(map(str.strip, texts, repeat("0- ")))
    if not NO_REFERENCES.isdisjoint(map(str.upper, texts)):
        return [text if is_serial(text) else "" for text in texts]
    return texts if all(stripped) else [text if bare else "" for text, bare in zip(texts, stripped, strict=True)]


def is_serial(text: str) -> bool:
    """Whether a bank's number of an entry tells entries apart: zeros, dashes and NONREF stand for "none"."""
    return bool(text.strip("0- ")) and text.upper() not in NO_REFERENCES


def _int8s(values: Sequence[int | None]) -> Iterable[bytes]:
    """Each value as a bigint field."""
    if None in values:
        return (bulk.NULL if value is None else bulk.int8(value) for value in values)
    made = np.empty(len(values), dtype=[("length", ">i4"), ("value", ">i8")])
    made["length"], made["value"] = 8, values
    return _slices(made.tobytes(), made.itemsize)


def _slices(body: bytes, width: int) -> list[bytes]:
    return [body[at : at + width] for at in range(0, len(body), width)]


_WAYS: dict[tuple[str, bool], bytes] = {
    (way, is_known): bulk.text(way) + bulk.text("known" if is_known else "")
    for way in ("in", "out")
    for is_known in (False, True)
}
