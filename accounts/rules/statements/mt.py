"""MT940 and MT942 files: messages to batches; the fields themselves are read in `mt_fields`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from accounts.rules.statements import mt_fields
from accounts.rules.statements.batch import BalanceKind, Batch, Header, StatementError
from accounts.rules.statements.entries import Entries, Setting
from accounts.rules.statements.gathering import Gathering, number_or_nothing
from accounts.rules.statements.text_source import text_of

_MAX_LINE = 1 << 16
_DIRECTION = {"C": "in", "D": "out", "RC": "out", "RD": "in"}


def read_mt(
    stream: BinaryIO, *, layout: str, encoding: str, zone: str, owner: tuple[str, str] | None, currency: str, size: int
) -> Iterator[Header | Batch]:
    """Header, then batches. `currency` of entries whose statement names none. Raises StatementError(mt_no_entry)."""
    text = text_of(stream, encoding, newline=None)
    yield Header(layout=layout, encoding=encoding, size=size)
    reader = _Messages(Gathering(Entries(Setting(zone, owner, currency)), zone))
    for field in mt_fields.fields(iter(partial(text.readline, _MAX_LINE), "")):
        reader.take(field)
        yield from reader.full(stream)
    yield from reader.finish(size)


class _Messages:
    """The state of reading: whose account, in which currency, what the entry before was."""

    def __init__(self, gathering: Gathering) -> None:
        self._out = gathering
        self._account = self._currency = ""
        self._is_open = False  # an entry that field 86 may complete
        self._entries = 0  # of this message
        self._known = 0
        self._waiting: list[dict[str, str]] = []  # entries before their statement named its currency

    def take(self, field: mt_fields.Field) -> None:
        """One field."""
        tag = field.tag[:2]
        self._known += tag != "-"
        if tag in {"20", "-"}:
            self._close()
        if tag == "25" and not self._entries:
            self._account_of(field.text)
        elif tag in {"60", "62"}:
            self._balance(field)
        elif tag == "34":
            self._name_currency(field.text[:3])
        elif tag == "61":
            self._entry(field)
        elif tag in {"86", "NS"} and self._is_open:
            self._details(field.text)
        if tag not in {"61", "86", "NS"}:
            self._is_open = False

    def full(self, stream: BinaryIO) -> Iterator[Batch]:
        """A batch if one is together; never while the entry may still be completed."""
        if not self._is_open and not self._waiting:
            yield from self._out.full(stream.tell())

    def finish(self, size: int) -> Iterator[Batch]:
        """The rest."""
        if not self._known:
            raise StatementError("mt_no_entry")
        yield from self._out.rest(size)

    def _close(self) -> None:
        """A message ended: the next one names its account and currency anew."""
        self._account = self._currency = ""
        self._entries = 0
        self._waiting = []

    def _account_of(self, text: str) -> None:
        number, currency = mt_fields.account(text)
        self._account = number_or_nothing(number)
        self._name_currency(currency)

    def _name_currency(self, currency: str) -> None:
        self._currency = currency or self._currency
        if self._currency:
            for texts in self._waiting:
                texts["currency"] = self._currency
            self._waiting = []

    def _balance(self, field: mt_fields.Field) -> None:
        found = mt_fields.balance(field.text)
        if found is None:
            return
        amount, day, currency = found
        self._name_currency(currency)
        kind: BalanceKind = "opening" if field.tag[:2] == "60" else "closing"
        is_interim = field.tag.endswith("M")
        self._out.balance(self._account, kind, currency or self._currency, amount, day, is_interim=is_interim)

    def _entry(self, field: mt_fields.Field) -> None:
        self._entries += 1
        self._is_open = True
        found = mt_fields.entry(field.text)
        if found is None:
            self._out.add(field.line)
            self._out.find("", "entry_unreadable", "bad")
            return
        self._out.add(
            field.line, account=self._account, date=found.day, direction=_DIRECTION.get(found.mark, ""),
            amount=found.amount, currency=self._currency, kind=found.kind, reference=found.reference,
            counter=mt_fields.iban_of(found.extra),
            serial=found.bank_reference, summary=found.extra,
        )  # fmt: skip
        if found.mark.startswith("E"):
            self._out.find("", "not_booked", "left_out")
        if found.is_corrected:
            self._out.find("at", "time_corrected", "doubt")
        if not self._currency:
            self._waiting.append(self._out.last())

    def _details(self, text: str) -> None:
        """Field 86, several times in some banks' files, completes the entry before it."""
        texts = self._out.last()
        said = mt_fields.other_side(text, texts.get("account", ""))
        summary = " ".join(filter(None, (texts.get("summary"), said.pop("summary", ""))))
        for field, value in said.items():
            texts[field] = texts.get(field) or value
        texts["summary"] = summary
