"""What the rows of a file say of second numbers, noted while it is read; what follows from it is in `joining`."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from accounts.models import SecondNumber
from accounts.selectors.identity import NUMBER_INDEX
from antifraud.crypto.blind import blind_indexes


def numbers_teach(case_id: UUID, file_id: UUID, pairs: Iterable[tuple[str, str]]) -> None:
    """Note what a file says: (number of the rows' owner, another number of the owner's account), in normal form."""
    given = sorted(set(pairs))
    firsts = blind_indexes(NUMBER_INDEX, [first for first, _second in given])
    seconds = blind_indexes(NUMBER_INDEX, [second for _first, second in given])
    rows = [
        SecondNumber(case_id=case_id, file_id=file_id, first=first, second=second)
        for first, second in zip(firsts, seconds, strict=True)
    ]
    SecondNumber.objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True)
