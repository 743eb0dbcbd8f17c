"""Risk features of an account: what each means and how it is weighed (`meanings`), and how it is computed (`computing`)."""

from __future__ import annotations

from accounts.rules.features.clock import local_hours
from accounts.rules.features.computing import Column, Covers, Features, compute
from accounts.rules.features.meanings import (
    FEATURE_LABELS,
    FEATURES,
    FORMULA_LABELS,
    MEANING_LABELS,
    Feature,
    points,
)
from accounts.rules.features.scoring import scores
from accounts.rules.features.sides import Entries, sides_of

__all__ = [
    "FEATURES",
    "FEATURE_LABELS",
    "FORMULA_LABELS",
    "MEANING_LABELS",
    "Column",
    "Covers",
    "Entries",
    "Feature",
    "Features",
    "compute",
    "local_hours",
    "points",
    "scores",
    "sides_of",
]
