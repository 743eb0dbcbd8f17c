"""Rows of a batch as PostgreSQL's binary COPY, columns at a time: fixed fields by numpy, the sealed details one by one."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING
from uuid import UUID

from accounts.models import StatementLine
from accounts.rules.statements import Batch
from antifraud import bulk
from antifraud.crypto import data_keys
from antifraud.crypto.blind import row_key
from antifraud.crypto.envelope import Cipher, seal_parts
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazily("numpy")

TABLE = StatementLine._meta.db_table
COLUMNS = (
    "file_id", "case_id", "id", "row", "node", "at", "is_day_only", "amount_minor", "currency",
    "direction", "left_out", "serial", "counter", "balance_minor", "reference", "device", "details",
)  # fmt: skip
REFERENCE = "statement.reference"
SHORTEST_REFERENCE = 6  # shorter ones ("1", "NONE") are no references
NO_REFERENCES = frozenset({"NONREF", "NOTPROVIDED", "NOTAVAILABLE"})
_FIXED = {
    "file": "V16", "case": "V16", "id": "V16", "row": ">i4", "node": ">i8", "at": ">i8", "day": "u1", "amount": ">i8", "currency": "S3",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Packed:
    """A batch as far as it can be packed without asking the database; the columns that are ready, as pieces of each row."""

    batch: Batch
    serials: Sequence[str]  # "" in the place of those that are none
    fixed: NDArray[np.void]  # nodes still to come
    serial: tuple[Iterable[bytes], Iterable[bytes]]
    balance: Iterable[bytes]
    reference: Iterable[bytes]
    details: tuple[Iterable[bytes], ...]

    def rows(
        self, nodes: Sequence[int], counters: Sequence[int | None], devices: Mapping[str, bytes], known: Container[int] = ()
    ) -> Iterable[bytes]:  # fmt: skip
        """The rows as COPY wants them, in pieces, once only; `nodes` and `counters` beside the batch's rows.

        Rows whose place is `known` are left out for that. Whole columns at a time: a step of Python for each row costs most here.
        """
        batch, count = self.batch, len(self.batch)
        self.fixed["node"] = nodes
        ways = map(_WAYS.__getitem__, batch.direction)
        if known:
            ways = map(_WAYS.__getitem__, [f"{way}{at in known:d}" for at, way in enumerate(batch.direction)])
        columns: tuple[Iterable[bytes], ...] = (
            bulk.slices(self.fixed.tobytes(), self.fixed.itemsize), ways, *self.serial, _int8s(counters), self.balance, self.reference,
            (devices.get(text, bulk.NULL) for text in batch.device) if any(batch.device) else repeat(bulk.NULL, count),
            *self.details,
        )  # fmt: skip
        return chain.from_iterable(zip(*columns, strict=True))


class Packer:
    """Packs the batches of one file of one case.

    `renew` belongs into a unit of work; `pack` uses no database, so that a thread may be at the next batch.
    """

    def __init__(self, case_id: UUID, file_id: UUID) -> None:
        self.case_id, self.file_id = case_id, file_id
        self._reference = row_key(REFERENCE)
        self._key: tuple[UUID, Cipher] = data_keys.encryption_key(("case", case_id), seals=0)

    def renew(self, seals: int) -> None:
        """Count what is sealed; from now on the case's key of this moment. Raises WrongState where the case's keys are destroyed."""
        self._key = data_keys.encryption_key(("case", self.case_id), seals=seals)

    def pack(self, batch: Batch) -> Packed:
        """All that needs no node."""
        count, texts = len(batch), serials_of(batch.serial)
        ids, serials = bulk.uuids(count), list(map(str.encode, texts))
        return Packed(
            batch, texts, self._fixed(batch, ids),
            (bulk.Lengths().before(serials), serials), _int8s(batch.balance),
            list(self._references(batch.reference)) if any(batch.reference) else repeat(bulk.NULL, count),
            self._sealed(batch, ids),
        )  # fmt: skip

    def _fixed(self, batch: Batch, ids: NDArray[np.uint8]) -> NDArray[np.void]:
        made = bulk.fixed(len(batch), len(COLUMNS), _FIXED)
        made["file"], made["case"] = np.void(self.file_id.bytes), np.void(self.case_id.bytes)
        made["id"] = ids.view("V16").ravel()
        made["row"], made["amount"] = batch.row, batch.amount
        made["at"] = np.array(batch.at_us, dtype=np.int64) - bulk.EPOCH_US
        made["day"] = batch.day_only
        made["currency"] = batch.currency if len(set(batch.currency)) > 1 else batch.currency[0]
        return made

    def _references(self, texts: Sequence[str]) -> Iterator[bytes]:
        for text in texts:
            folded = text.strip().upper()
            is_one = len(folded) >= SHORTEST_REFERENCE and folded not in NO_REFERENCES
            yield bulk.raw(self._reference(folded.encode())) if is_one else bulk.NULL

    def _sealed(self, batch: Batch, ids: NDArray[np.uint8]) -> tuple[Iterable[bytes], ...]:
        key_id, cipher = self._key
        clear = clear_details(batch.details, batch.reference)
        aads = bulk.cell_aads(TABLE, "details", ids)
        head, nonces, bodies = seal_parts(clear, aads, len(batch), key_id=key_id, cipher=cipher)
        return bulk.Lengths(head, len(nonces[0])).before(bodies), nonces, bodies


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
        return [bulk.NULL if value is None else bulk.int8(value) for value in values]
    made = np.empty(len(values), dtype=[("length", ">i4"), ("value", ">i8")])
    made["length"], made["value"] = 8, values
    return bulk.slices(made.tobytes(), made.itemsize)


_WAYS = {
    f"{way}{mark}": bulk.text(way) + bulk.text("known" if mark == "1" else "")
    for way in ("in", "out")
    for mark in ("", "0", "1")
}
