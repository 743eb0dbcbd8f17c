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
from accounts.rules.statements.crossing import MOST_ROWS
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
# Sealed before they are counted: one batch waits to be written while a thread packs the next (`antifraud.ahead`).
AHEAD_ROWS = 2 * MOST_ROWS
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
    reference: Iterable[bytes] | None  # None: no row has one
    head: bytes  # of every row's sealed details; what follows it stands beside the rows
    nonces: Sequence[bytes]
    bodies: Sequence[bytes]
    question: Mapping[str, str]  # as `known.known_places` asks about the rows; empty where nothing is asked

    def rows(
        self, nodes: Sequence[int], counters: Sequence[int | None], devices: Mapping[str, bytes], known: Container[int] = ()
    ) -> Iterable[bytes]:  # fmt: skip
        """The rows as COPY wants them, in pieces, once only; `nodes` and `counters` beside the batch's rows.

        Rows whose place is `known` are left out for that. Whole columns at a time: a step of Python for each row costs most here.
        """
        batch = self.batch
        self.fixed["node"] = nodes
        ways = map(_WAYS.__getitem__, batch.direction)
        if known:
            ways = map(_WAYS.__getitem__, [f"{way}{at in known:d}" for at, way in enumerate(batch.direction)])
        columns: tuple[Iterable[bytes], ...] = (
            bulk.slices(self.fixed.tobytes(), self.fixed.itemsize), ways, *self.serial,
            *(self._even(counters) if self._is_even(counters) else self._uneven(counters, devices)), self.bodies,
        )  # fmt: skip
        return chain.from_iterable(zip(*columns, strict=True))

    def _is_even(self, counters: Sequence[int | None]) -> bool:
        """Whether what stands between serial and details is of one width in all rows, as in most files."""
        return not (self.reference or None in counters or None in self.batch.balance or any(self.batch.device))

    def _even(self, counters: Sequence[int | None]) -> tuple[Iterable[bytes]]:
        made = np.empty(len(counters), dtype=[
            ("eight", ">i4"), ("counter", ">i8"), ("eight again", ">i4"), ("balance", ">i8"), ("reference", ">i4"), ("device", ">i4"),
            ("length", ">i4"), ("head", f"V{len(self.head)}"), ("nonce", f"V{len(self.nonces[0])}"),
        ])  # fmt: skip
        made["eight"] = made["eight again"] = 8
        made["reference"] = made["device"] = -1  # NULL
        made["counter"], made["balance"], made["head"] = counters, self.batch.balance, np.void(self.head)
        made["length"] = np.fromiter(map(len, self.bodies), dtype=np.int64) + len(self.head) + len(self.nonces[0])
        made["nonce"] = np.frombuffer(b"".join(self.nonces), dtype=made.dtype["nonce"])
        return (bulk.slices(made.tobytes(), made.itemsize),)

    def _uneven(self, counters: Sequence[int | None], devices: Mapping[str, bytes]) -> tuple[Iterable[bytes], ...]:
        batch, nobody = self.batch, [bulk.NULL] * len(counters)
        return (
            _int8s(counters), _int8s(batch.balance), self.reference or nobody,
            (devices.get(text, bulk.NULL) for text in batch.device) if any(batch.device) else nobody,
            bulk.Lengths(self.head, len(self.nonces[0])).before(self.bodies), self.nonces,
        )  # fmt: skip


class Packer:
    """Packs the batches of one file of one case.

    `renew` belongs into a unit of work; `pack` uses no database, so that a thread may be at the next batch. What that may
    seal meanwhile is taken from the key's limit beforehand, so that no key seals more than it may.
    """

    def __init__(self, case_id: UUID, file_id: UUID) -> None:
        self.case_id, self.file_id = case_id, file_id
        self._reference = row_key(REFERENCE)
        self._key: tuple[UUID, Cipher] = data_keys.encryption_key(("case", case_id), seals=AHEAD_ROWS)

    def renew(self, seals: int) -> None:
        """Take `seals` more, as many as were packed of what was taken; from now on the case's key of this moment.

        Raises WrongState where the case's keys are destroyed.
        """
        key = data_keys.encryption_key(("case", self.case_id), seals=seals)
        if key[0] != self._key[0]:
            key = data_keys.encryption_key(("case", self.case_id), seals=AHEAD_ROWS)
        self._key = key

    def pack(self, batch: Batch, *, is_asked: bool = False) -> Packed:
        """All that needs no node; `is_asked`: whether the ledger will be asked about the rows."""
        count, texts = len(batch), serials_of(batch.serial)
        ids, serials = bulk.uuids(count), list(map(str.encode, texts))
        return Packed(
            batch, texts, self._fixed(batch, ids),
            (bulk.Lengths().before(serials), serials), list(self._references(batch.reference)) if any(batch.reference) else None,
            *self._sealed(batch, ids), _question(batch, texts) if is_asked else {},
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

    def _sealed(self, batch: Batch, ids: NDArray[np.uint8]) -> tuple[bytes, list[bytes], list[bytes]]:
        key_id, cipher = self._key
        clear = clear_details(batch.details, batch.reference)
        aads = bulk.cell_aads(TABLE, "details", ids)
        return seal_parts(clear, aads, len(batch), key_id=key_id, cipher=cipher)


def _question(batch: Batch, serials: Sequence[str]) -> dict[str, str]:
    signed = (-amount if way == "out" else amount for way, amount in zip(batch.direction, batch.amount, strict=True))
    return {
        "serials": bulk.text_array(serials), "amounts": bulk.int_array(signed), "currencies": bulk.text_array(batch.currency),
        "times": bulk.int_array(batch.at_us), "days": bulk.int_array(map(int, batch.day_only)),
    }  # fmt: skip


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
