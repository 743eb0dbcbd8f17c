"""The formula of `meanings` for many accounts at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from accounts.rules.features.computing import Column
from accounts.rules.features.meanings import FEATURES
from accounts.rules.features.sides import Ints
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")


def scores(columns: Mapping[str, Column], count: int) -> tuple[Ints, Ints]:
    """Of `count` accounts the scores of 0…1,000, and how many features had data."""
    total, known = (np.zeros(count, dtype=np.int64) for _ in range(2))
    for feature in FEATURES:
        column = columns.get(feature.code)
        if column is not None:
            reached = (column.values - feature.calm) * 1_000 // (feature.grave - feature.calm)  # as meanings.points
            total += np.where(column.known, np.clip(reached, 0, 1_000) * feature.weight, 0)
            known += column.known
    return total // 100, known
