"""What an alert says, complete, and the part of it that one institution is told; nothing is decided here.

Values stand in clear: keep the results in the encrypted `payload` columns and nowhere else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import Prefetch

from accounts.models import Alert, AlertLine
from accounts.services.payload import payload_bytes, sha256_of
from antifraud.crypto.fields import preload_rows
from banks.models import Institution, User

SCHEMA = "antifraud.alert/1"
NOTICE_SCHEMA = "antifraud.notice/1"
TOPIC = "alert.issued"  # of the delivery that carries a notice
# Everything that the content reads.
ROWS = Alert.objects.select_related("unit", "case", "legal_profile", "created_by__institution").prefetch_related(
    Prefetch("lines", AlertLine.objects.select_related("institution").order_by("position")),
    Prefetch("addressees", Institution.objects.order_by("code")),
)


def alert_content(alert: Alert) -> dict[str, Any]:
    """The content as plain JSON values, times ISO 8601 in UTC; `ROWS` loads what it needs."""
    lines = list(alert.lines.all())
    preload_rows([alert, *lines])
    return {
        "schema": SCHEMA,
        "alert": {
            "number": alert.number,
            "kind": alert.kind,
            "title": alert.title,
            "expires_at": _time(alert.expires_at),
        },
        "case": {"number": alert.case.number, "fraud_type": alert.case.fraud_type} if alert.case else None,
        "content": alert.content.open(),
        "legal": {"basis": alert.legal_basis, "purpose": alert.purpose},
        "unit": _institution(alert.unit) | {"phone": alert.unit.phone},
        "operator": _officer(alert.created_by),
        "terms": {
            "legal_profile": {"code": alert.legal_profile.code, "version": alert.legal_profile.version},
            "acknowledge_minutes": alert.acknowledge_minutes,
        },
        "audience": alert.audience,
        "addressees": [_institution(each) for each in alert.addressees.all()],
        "lines": [_line(line) for line in lines],
    }


def notice_content(content: dict[str, Any], institution: Institution) -> dict[str, Any]:
    """The part of an alert's content that this institution is told (domain.md §8).

    Its own lines and those shown to all, numbered anew: a gap would tell of lines of others. Neither who else is
    addressed nor how many nor whether a line was meant for all is in it.
    """
    told = {name: value for name, value in content.items() if name not in {"audience", "addressees", "lines"}}
    seen = [line for line in content["lines"] if line["to_all"] or _keeps(institution, line)]
    lines = [
        {name: line[name] for name in ("number", "name", "institution")} | {"kept_here": _keeps(institution, line)}
        for line in seen
    ]
    return told | {"schema": NOTICE_SCHEMA, "lines": lines}


def sealed(content: dict[str, Any]) -> tuple[str, bytes]:
    """The canonical text and its SHA-256."""
    text = payload_bytes(content)
    return text.decode(), sha256_of(text)


def _keeps(institution: Institution, line: dict[str, Any]) -> bool:
    return line["institution"] is not None and line["institution"]["code"] == institution.code


def _line(line: AlertLine) -> dict[str, Any]:
    return {
        "number": line.number.open(),
        "name": line.name.open() if line.name is not None else "",
        "institution": _institution(line.institution) if line.institution else None,
        "to_all": line.to_all,
    }


def _institution(institution: Institution) -> dict[str, Any]:
    return {"code": institution.code, "name": institution.name, "name_zh": institution.name_zh}


def _officer(user: User) -> dict[str, Any]:
    return {"name": user.full_name, "badge_number": user.badge_number}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
