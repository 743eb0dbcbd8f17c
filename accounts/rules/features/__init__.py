"""Risk features of an account: what each means and how it is weighed (`meanings`), and how it is computed (`computing`)."""

from __future__ import annotations

from accounts.rules.features.clock import local_hours
from accounts.rules.features.computing import Covers, Values, compute
from accounts.rules.features.meanings import (
    FEATURE_LABELS,
    FEATURES,
    FORMULA_LABELS,
    MEANING_LABELS,
    Feature,
    points,
    score,
)
from accounts.rules.features.sides import Entries, sides_of

__all__ = [
    "FEATURES",
    "FEATURE_LABELS",
    "FORMULA_LABELS",
    "MEANING_LABELS",
    "Covers",
    "Entries",
    "Feature",
    "Values",
    "compute",
    "local_hours",
    "points",
    "score",
    "sides_of",
]
