"""What an alert is drafted from; whether it may stand is judged in `checks`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from banks.models import Institution
from cases.models import Case

MOST_LINES = 500


@dataclass(frozen=True)
class LineInput:
    """One account: `to_all` shows it to every addressee on purpose. `place` names it in a refusal ("lines.0")."""

    number: str
    institution: Institution | None = None
    name: str = ""
    to_all: bool = False
    place: str = ""


@dataclass(frozen=True)
class AlertInput:
    """The whole draft. `addressees` counts for the audience "chosen" only; times are aware."""

    kind: str
    title: str
    content: str
    legal_basis: str
    purpose: str
    expires_at: datetime
    audience: str
    addressees: tuple[Institution, ...] = ()
    case: Case | None = None
    lines: tuple[LineInput, ...] = field(default_factory=tuple)
