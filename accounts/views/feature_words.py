"""Risk features as people read them: value, points, meaning, formula, rows behind; texts of attributes as no locale bends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import LedgerFeature
from accounts.rules.features import FEATURE_LABELS, FEATURES, FORMULA_LABELS, MEANING_LABELS, Feature, points
from banks.templatetags.ui_values import clock_text

BAR = 60  # width of a small bar in the picture's units
FULL = 1_000


@dataclass(frozen=True)
class Shown:
    """One feature of one account."""

    code: str
    label: str
    text: str
    is_known: bool
    points: int
    bar: str
    weight: int
    contribution: str
    meaning: str
    formula: str
    rows: int


def shown(row: LedgerFeature) -> list[Shown]:
    """All features of an account in their order."""
    return [_shown(row, feature) for feature in FEATURES]


def bar(reached: int) -> str:
    """Width of the bar for 0…1,000 points."""
    return str(reached * BAR // FULL)


def columns() -> list[tuple[str, str]]:
    """(code, label) of each feature."""
    return [(feature.code, _(FEATURE_LABELS[feature.code])) for feature in FEATURES]


def value_text(feature: Feature, value: int | None, *, at_least: bool) -> str:
    """A value in words: "≥ 3", "83.3 %", "20:00"; the words for no data."""
    if value is None:
        return _("Not enough data")
    if feature.unit == "share":
        text = f"{value / 100:.1f} %"
    elif feature.unit == "seconds":
        text = clock_text(value)
    else:
        text = str(value)
    return f"≥ {text}" if at_least else text


def _shown(row: LedgerFeature, feature: Feature) -> Shown:
    value: Any = getattr(row, feature.code)
    reached = points(feature, value)
    return Shown(
        code=feature.code, label=_(FEATURE_LABELS[feature.code]),
        text=value_text(feature, value, at_least=not row.is_covered and feature.needs == ""),
        is_known=reached is not None, points=reached or 0, bar=bar(reached or 0), weight=feature.weight,
        contribution=f"{(reached or 0) * feature.weight / 100:.1f}",
        meaning=_(MEANING_LABELS[feature.code]), formula=_(FORMULA_LABELS[feature.code]), rows=row.basis.get(feature.code, 0),
    )  # fmt: skip
