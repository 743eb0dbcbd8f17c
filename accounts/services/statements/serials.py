"""Whether a file may name one serial of one account twice, from eight bytes a row; which rows do, is asked of the database."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING

from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazily("numpy")

MOST = 4_000_000  # 32 MB, for a moment twice that; of more rows the database is asked


class Serials:
    """Hashes of (account, serial) as rows come by: a process's own, so that nobody can make a file whose rows collide."""

    def __init__(self) -> None:
        self._hashes: list[NDArray[np.int64]] = []
        self._count = 0

    def add(self, accounts: Sequence[str], serials: Sequence[str]) -> None:
        """Rows; serial "" stands for none."""
        pairs = zip(accounts, serials, strict=True)
        named = pairs if all(serials) else compress(pairs, serials)
        self._count += len(serials)
        if self._count <= MOST:
            self._hashes.append(np.fromiter(map(hash, named), dtype=np.int64))

    def may_repeat(self) -> bool:
        """False only where no two rows are of one account and serial."""
        if self._count > MOST:
            return True
        if not self._hashes:
            return False
        found = np.concatenate(self._hashes)
        found.sort()
        return bool((found[1:] == found[:-1]).any())
