"""What must be known to read what people typed: zone, moment, currency, country; nothing is read here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Setting:
    """`zone`: of times without an offset. `now` (aware): completes dates without a year, tells times in
    the future.

    `currency`: of amounts without a mark. `region` (ISO 3166): of phone numbers without a country code.
    """

    zone: ZoneInfo
    now: datetime
    currency: str = "CNY"
    region: str = "CN"
