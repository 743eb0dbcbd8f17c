"""The tables of floor 2."""

from __future__ import annotations

from cases.models.attachment import Attachment, Note
from cases.models.case import Case, CaseStep, FilingDraft
from cases.models.grants import CaseGrant
from cases.models.victim import CaseOwned, Lead, Victim

__all__ = ["Attachment", "Case", "CaseGrant", "CaseOwned", "CaseStep", "FilingDraft", "Lead", "Note", "Victim"]
