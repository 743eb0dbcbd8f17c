"""Who may see risk features of a case's ledger accounts: the police units of the case, never a bank (domain.md §8)."""

from __future__ import annotations

from enum import StrEnum

from accounts.models import LedgerFeature
from antifraud.policy import anywhere, granted, register
from banks.models import User
from banks.policy import POLICE, rows
from cases.models import Case
from cases.policy import POLICE_KINDS, WRITERS

R = User.Role


class FeatureAction(StrEnum):
    """The actions on risk features."""

    FEATURE_VIEW = "feature.view"
    FEATURE_EXPORT = "feature.export"
    FEATURE_COMPUTE = "feature.compute"


register(FeatureAction.FEATURE_VIEW, model=LedgerFeature, rows=rows((POLICE, granted("case")), (R.SYSTEM, anywhere)))
register(
    FeatureAction.FEATURE_EXPORT, model=Case, rows=rows((POLICE, granted())), known_by="case.view", kinds=POLICE_KINDS
)
register(
    FeatureAction.FEATURE_COMPUTE, model=Case, rows=rows((WRITERS, granted())), known_by="case.view", kinds=POLICE_KINDS
)
