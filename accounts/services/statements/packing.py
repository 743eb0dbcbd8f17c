"""Rows of a batch as PostgreSQL's binary COPY, columns at a time: fixed fields by numpy, the sealed details one by one."""

from __future__ import annotations

import json
import struct
from collections.abc import Container, Iterator, Mapping, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from accounts.models import StatementLine
from accounts.rules.statements import Batch
from antifraud import bulk
from antifraud.crypto import data_keys
from antifraud.crypto.blind import row_key
from antifraud.crypto.envelope import seal_many

TABLE = StatementLine._meta.db_table
COLUMNS = (
    "file_id", "case_id", "id", "row", "node", "at", "is_day_only", "amount_minor", "currency", "line_key",
    "direction", "left_out", "serial", "counter", "balance_minor", "reference", "device", "details",
)  # fmt: skip
LINE_KEY, REFERENCE = "statement.line", "statement.reference"
SHORTEST_REFERENCE = 6  # shorter ones ("1", "NONE") are no references
NO_REFERENCES = frozenset({"NONREF", "NOTPROVIDED", "NOTAVAILABLE"})
_INT8, _LENGTH = struct.Struct(">iq"), struct.Struct(">i")
_FIXED = np.dtype([
    ("count", ">i2"), ("l_file", ">i4"), ("file", "V16"), ("l_case", ">i4"), ("case", "V16"), ("l_id", ">i4"), ("id", "V16"),
    ("l_row", ">i4"), ("row", ">i4"), ("l_node", ">i4"), ("node", ">i8"), ("l_at", ">i4"), ("at", ">i8"),
    ("l_day", ">i4"), ("day", "u1"), ("l_amount", ">i4"), ("amount", ">i8"), ("l_currency", ">i4"), ("currency", "S3"),
    ("l_key", ">i4"), ("key", "V16"),
])  # fmt: skip
_WIDTHS = {
    "file": 16, "case": 16, "id": 16, "row": 4, "node": 8, "at": 8, "day": 1, "amount": 8, "currency": 3, "key": 16,
}  # fmt: skip


class Packer:
    """Packs the batches of one file of one case."""

    def __init__(self, case_id: UUID, file_id: UUID, sha256: bytes) -> None:
        self.case_id, self.file_id, self.sha256 = case_id, file_id, sha256
        self._line_key, self._reference = row_key(LINE_KEY), row_key(REFERENCE)

    def rows(
        self, batch: Batch, nodes: Sequence[int], counters: Sequence[int | None], devices: Mapping[str, bytes],
        keys: Sequence[bytes], known: Container[int] = (),
    ) -> Iterator[bytes]:  # fmt: skip
        """Each row of the batch as COPY wants it; `nodes`, `counters` and `keys` beside the batch's rows.

        Rows whose place is `known` are left out for that.
        """
        ids = bulk.uuids(len(batch))
        fixed = self._fixed(batch, nodes, ids, keys)
        width = _FIXED.itemsize
        tails = zip(
            batch.direction, (place in known for place in range(len(batch))), batch.serial,
            map(_maybe, counters), map(_maybe, batch.balance),
            self._references(batch.reference), (devices.get(text, bulk.NULL) for text in batch.device),
            self._sealed(batch.details, batch.reference, ids), strict=True,
        )  # fmt: skip
        pack = _LENGTH.pack
        for at, (way, is_known, serial, counter, balance, reference, device, details) in enumerate(tails):
            told = serial.encode() if is_serial(serial) else b""
            yield b"".join((
                fixed[at * width : at * width + width], _WAYS[way, is_known], pack(len(told)), told, counter, balance, reference, device,
                pack(len(details)), details,
            ))  # fmt: skip

    def _fixed(self, batch: Batch, nodes: Sequence[int], ids: NDArray[np.uint8], keys: Sequence[bytes]) -> bytes:
        made = np.zeros(len(batch), dtype=_FIXED)
        made["count"] = len(COLUMNS)
        for name, width in _WIDTHS.items():
            made[f"l_{name}"] = width
        made["file"], made["case"] = np.void(self.file_id.bytes), np.void(self.case_id.bytes)
        made["id"] = ids.view("V16").ravel()
        made["row"], made["node"], made["amount"] = batch.row, nodes, batch.amount
        made["at"] = np.array(batch.at_us, dtype=np.int64) - bulk.EPOCH_US
        made["day"] = batch.day_only
        made["currency"] = batch.currency
        made["key"] = np.frombuffer(b"".join(keys), dtype="V16")
        return made.tobytes()

    def keys(self, batch: Batch) -> Iterator[bytes]:
        """When two rows may be one: by owner and serial, as far as amount and direction agree; else by file and row.

        The time is no part of it, since one bank's files give the day here and the second there: `known` compares it.
        """
        key, sha256 = self._line_key, self.sha256
        columns = (batch.account, batch.serial, batch.direction, batch.amount, batch.currency, batch.row)
        for account, serial, way, amount, currency, row in zip(*columns, strict=True):
            if is_serial(serial):
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
        dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        told = ({**each, "reference": text} if text else each for each, text in zip(details, references, strict=True))
        clear = (dump(each).encode() if each else b"{}" for each in told)
        return seal_many(clear, bulk.cell_aads(TABLE, "details", ids), len(details), key_id=key_id, cipher=cipher)


def is_serial(text: str) -> bool:
    """Whether a bank's number of an entry tells entries apart: zeros, dashes and NONREF stand for "none"."""
    return bool(text.strip("0- ")) and text.upper() not in NO_REFERENCES


def _maybe(value: int | None) -> bytes:
    return bulk.NULL if value is None else _INT8.pack(8, value)


_WAYS: dict[tuple[str, bool], bytes] = {
    (way, is_known): bulk.text(way) + bulk.text("known" if is_known else "")
    for way in ("in", "out")
    for is_known in (False, True)
}
