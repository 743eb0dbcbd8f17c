"""The other columns of a chunk: names, serials, devices, details, and numbers that did not become the row's own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from accounts.rules.statements import words
from accounts.rules.statements.batch import Batch
from accounts.rules.statements.cells import Cells, are_clean, each
from accounts.rules.statements.chunk import Chunk
from accounts.rules.statements.fields import DETAIL_FIELDS
from accounts.rules.statements.memo import Memo
from accounts.rules.statements.plain_lines import column_text

MAX_SERIAL = 64
_DAMAGED = "�"
# Columns of cells that `words.clean` would leave as they are: printable, no blanks around, longer than words for nothing.
_CLEAN_COLUMN = re.compile(r"(?:(?:[0-9A-Za-z][0-9A-Za-z./:_-]{4,63})?\n)*+")


class Texts:
    """Fills names, serial, reference, device and details of a batch."""

    def __init__(self) -> None:
        self._clean: dict[str, Memo[str]] = {}
        self._macs: Memo[str] = Memo(words.mac_address)

    def fill(self, chunk: Chunk, batch: Batch) -> None:
        """One chunk; findings go to the chunk."""
        batch.counter_name = self.clean(chunk, "counter_name")
        batch.counter_bank = self.clean(chunk, "counter_bank")
        batch.serial = self._cut(chunk, "serial")
        batch.reference = self._cut(chunk, "reference")
        macs, ips = chunk.column("mac"), chunk.column("ip")
        batch.device = [""] * len(chunk.rows) if macs is None else each(macs, self._macs.__getitem__)
        if ips is not None:
            found = each(ips, words.ip_address)
            batch.device = [mac or ip for mac, ip in zip(batch.device, found, strict=True)]
        batch.details = self._details(chunk)

    def clean(self, chunk: Chunk, field: str) -> list[str]:
        """The texts of a field without blanks and words for nothing, and with a finding where they are damaged."""
        texts = chunk.column(field)
        if texts is None:
            return [""] * len(chunk.rows)
        values = self._column(field, texts)
        if isinstance(texts, Cells) and texts.is_ascii:
            return values
        if _DAMAGED in "".join(values):
            for at in (at for at, value in enumerate(values) if _DAMAGED in value):
                chunk.doubt(at, field, "text_damaged")
        return values

    def _cut(self, chunk: Chunk, field: str) -> list[str]:
        texts, cells = self.clean(chunk, field), chunk.column(field)
        if cells is None or (isinstance(cells, Cells) and cells.is_ascii and cells.longest <= MAX_SERIAL):
            return texts
        return texts if max(map(len, texts), default=0) <= MAX_SERIAL else [text[:MAX_SERIAL] for text in texts]

    def _column(self, field: str, texts: Sequence[str]) -> list[str]:
        """Each different text once where texts repeat, one by one where they do not."""
        if isinstance(texts, Cells):
            if texts.few is not None:
                return texts.each(words.clean)
            if are_clean(texts):
                return list(texts)
            texts = texts.texts
        elif texts[0] == texts[-1] and texts.count(texts[0]) == len(texts):
            return [words.clean(texts[0])] * len(texts)
        elif _CLEAN_COLUMN.fullmatch(column_text(texts)):
            return list(texts)
        different = set(texts)
        if len(different) > len(texts) // 2:
            return list(map(words.clean, texts))
        memo = self._clean.setdefault(field, Memo(words.clean))
        return list(map(memo.__getitem__, texts))

    def _details(self, chunk: Chunk) -> list[dict[str, str]]:
        """A dictionary for each row; rows that say the same share one, so it is replaced, never changed."""
        filled = {field: self.clean(chunk, field) for field in DETAIL_FIELDS if chunk.column(field) is not None}
        shared = {
            field: texts[0] for field, texts in filled.items() if texts[0] and texts.count(texts[0]) == len(texts)
        }
        others = {field: texts for field, texts in filled.items() if field not in shared}
        told = list(zip(*others.values(), strict=True)) if others else [()] * len(chunk.rows)
        different = set(told)
        if len(different) <= len(told) // 2:
            made = {
                row: shared | {field: text for field, text in zip(others, row, strict=True) if text} for row in different
            }  # fmt: skip
            return list(map(made.__getitem__, told))
        details = [shared.copy() for _ in chunk.rows]
        for field in (field for field in filled if field not in shared):
            for detail, text in zip(details, filled[field], strict=True):
                if text:
                    detail[field] = text
        return details
