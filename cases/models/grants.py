"""Which institution sees which case."""

from __future__ import annotations

from django.db import models

from antifraud import grants
from cases.models.case import Case


class CaseGrant(grants.Grant):
    """Police units and the centre; banks are granted orders and accounts, never cases."""

    content_object = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="grants")

    class Meta:
        constraints = grants.constraints("case_grant")
        indexes = grants.indexes("case_grant")
