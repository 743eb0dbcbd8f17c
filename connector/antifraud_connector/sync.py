"""Reconciliation with the platform: compare digests, name the differences, mend what can be mended (R11).

A digest is the XOR of HMAC-SHA256(key, canonical item): equal digests mean equal books without sending any item.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from antifraud_connector import retention, strict_json
from antifraud_connector.config import Config
from antifraud_connector.engine import Engine
from antifraud_connector.errors import TransportFault
from antifraud_connector.faults import reached
from antifraud_connector.journal import read_moment

STATES = {"issued", "acknowledged", "answered", "cancelled", "superseded"}
DIGEST_BYTES = 32
MOST_REPAIRED = 100  # in one request
OF_DAY = "SELECT subject_id, state, answer_seq FROM subjects WHERE day = ? AND kind = 'order' ORDER BY subject_id"
log = logging.getLogger("antifraud_connector")


@dataclass
class Report:
    """What one comparison found and did."""

    scope: str
    day: str
    equal: bool
    count: int
    differences: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    resent: list[str] = field(default_factory=list)
    for_people: list[str] = field(default_factory=list)


def digest(key: bytes, items: Iterable[str]) -> str:
    """Hexadecimal; of no items: zeros."""
    total = 0
    for item in items:
        total ^= int.from_bytes(hmac.digest(key, item.encode(), "sha256"), "big")
    return total.to_bytes(DIGEST_BYTES, "big").hex()


def order_items(engine: Engine, day: date) -> list[str]:
    """The orders that became available on that UTC day, as this side knows them."""
    rows = engine.journal.rows(OF_DAY, day.isoformat())
    return [f"{row['subject_id']}|{row['state']}|{row['answer_seq']}" for row in rows]


def hold_items(engine: Engine) -> list[str]:
    """The holds that are open by this side's books and clock."""
    now = datetime.now(UTC)
    rows = engine.journal.rows("SELECT * FROM holds WHERE status IN ('active', 'extended') ORDER BY hold_id")
    found = []
    for row in rows:
        ends = read_moment(row["expires_at"])  # one that cannot be read differs from the platform's, and is named so
        if ends is not None and ends <= now:
            continue
        until = ends.strftime("%Y-%m-%dT%H:%M:%SZ") if ends else ""
        found.append(
            f"{row['hold_id']}|{row['order_id']}|{row['kind']}|{until}|{row['amount_minor']}|{row['currency']}"
        )
    return found


def sync_day(engine: Engine, day: date) -> Report:
    """Compare one day's orders; ask for what is missing here, send again what is missing there."""
    items = order_items(engine, day)
    report = _sync(engine, "orders", {"day": day.isoformat()}, items)
    engine.journal.settle("order", [item.partition("|")[0] for item in items], but=report.for_people)
    return report


def sync_holds(engine: Engine) -> Report:
    """Compare the open holds, those of the last answers included."""
    while refresh_holds(engine):
        continue
    report = _sync(engine, "open_holds", {"scope": "open_holds"}, hold_items(engine))
    engine.journal.settle("hold", but=report.for_people)
    return report


def _sync(engine: Engine, scope: str, query: dict[str, str], items: list[str]) -> Report:
    theirs = engine.platform.digest(**query)
    try:
        key, count, total = bytes.fromhex(theirs["key"]), int(theirs["count"]), str(theirs["digest"])
    except (KeyError, TypeError, ValueError) as error:
        raise TransportFault("the platform's digest cannot be read") from error
    engine.see_epoch(theirs.get("epoch"))
    day = query.get("day", "")
    if count == len(items) and hmac.compare_digest(digest(key, items), total):
        return Report(scope, day, equal=True, count=count)
    found = engine.platform.post("sync/compare/", {"scope": scope, "day": day or None, "items": items})
    reached("sync_compared")
    report = Report(scope, day, equal=False, count=count)
    _name(report, found)
    _mend(engine, report, found)
    log.warning("%s %s differ: %s", scope, day, "; ".join(report.differences))
    return report


def _name(report: Report, found: dict[str, Any]) -> None:
    report.differences += [f"{part} is missing here" for part in _ids(found, "missing_at_bank")]
    report.differences += [f"{part} is unknown to the platform" for part in _ids(found, "unknown_to_platform")]
    for part in _dicts(found, "different"):
        report.differences.append(
            f"{part.get('id')}: the platform has {part.get('platform')}, here is {part.get('bank')}"
        )


def _mend(engine: Engine, report: Report, found: dict[str, Any]) -> None:
    """What is proposed is done only where nothing can happen twice by it; everything else is for people."""
    proposed = {str(part.get("id")): str(part.get("proposal")) for part in _dicts(found, "proposals")}
    differing = {str(part.get("id")): str(part.get("platform")) for part in _dicts(found, "different")}
    missing, unknown = _ids(found, "missing_at_bank"), _ids(found, "unknown_to_platform")
    report.repaired = [subject for subject in missing if proposed.get(subject) == "redeliver"]
    for start in range(0, len(report.repaired), MOST_REPAIRED):
        engine.platform.post("sync/repair/", {"ids": report.repaired[start : start + MOST_REPAIRED]})
        reached("sync_repaired")
    if report.scope == "orders":
        wanted = [subject for subject, proposal in proposed.items() if proposal == "send_answer"]
        report.resent = [subject for subject in wanted if engine.outbox.send_again(subject)]
        left = [subject for subject in differing if subject not in report.resent]
        report.for_people = [subject for subject in left if not _adopt(engine, differing[subject])]
    else:
        report.for_people = list(differing)
    done = {*report.repaired, *report.resent}
    report.for_people += [subject for subject in (*missing, *unknown) if subject not in done]
    kind = "hold" if report.scope == "open_holds" else "order"
    for subject in report.for_people:
        line = next(text for text in report.differences if text.startswith(subject))
        engine.journal.call_attention(kind, subject, f"Books differ: {line}.")


def _adopt(engine: Engine, item: str) -> bool:
    """The platform's canonical item, taken as its word."""
    subject, _, rest = item.partition("|")
    state, _, count = rest.partition("|")
    known = state in STATES and count.isascii() and count.isdigit()
    return known and engine.book.adopt(subject, state, int(count))


def refresh_holds(engine: Engine) -> bool:
    """After an accepted answer: the holds that it brought about or changed, by id; False where none is due."""
    row = engine.journal.row("SELECT subject_id, message FROM subjects WHERE holds_due = 1 ORDER BY changed_at LIMIT 1")
    if row is None:
        return False
    for order in dict.fromkeys([row["subject_id"], *originals(row["message"])]):
        listed = engine.platform.get(f"holds/?order={order}&limit=200")
        with engine.journal.change() as db:
            for hold in _dicts(listed, "items"):
                amount = hold.get("amount_minor")
                values = (
                    str(hold.get("id")), str(hold.get("order")), str(hold.get("kind")), str(hold.get("status")),
                    str(hold.get("legal_expires_at") or ""), "" if amount is None else str(amount), str(hold.get("currency") or ""),
                )  # fmt: skip
                db.execute("INSERT OR REPLACE INTO holds VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    with engine.journal.change() as db:
        db.execute("UPDATE subjects SET holds_due = 0 WHERE subject_id = ?", (row["subject_id"],))
    return True


def originals(message: bytes | None) -> list[str]:
    """The order whose hold a release or an extension is about."""
    payload = strict_json.read(message).get("payload") if message else None
    order = payload.get("order") if isinstance(payload, dict) else None
    original = order.get("original") if isinstance(order, dict) else None
    return [str(original["id"])] if isinstance(original, dict) and isinstance(original.get("id"), str) else []


class Schedule:
    """When what is compared: open holds every five minutes, two days of orders daily and after a restore.

    Not in the first half minute: what waits in the lane is fetched before it is called missing.
    """

    def __init__(self, engine: Engine, config: Config) -> None:
        self.engine, self.config = engine, config
        self.days_at = time.monotonic() + config.number("sync.start_seconds")
        self.holds_at = time.monotonic() + config.number("sync.holds_seconds")

    def step(self) -> bool:
        """One piece of work that is due; False where none is."""
        engine, now = self.engine, time.monotonic()
        if refresh_holds(engine):
            return True
        if now >= self.days_at and self._days_due():
            self._days()
            return True
        if now >= self.holds_at:
            self.holds_at = now + self.config.number("sync.holds_seconds")
            sync_holds(engine)
            return True
        return False

    def _days_due(self) -> bool:
        last = float(self.engine.journal.fact("days_synced_at") or 0)
        ago = time.time() - last  # before nought: the clock was ahead then
        return self._restored() or not 0 <= ago < self.config.number("sync.days_seconds")

    def _restored(self) -> bool:
        """Whether the platform's present epoch was not compared yet; a crash in between does not forget it."""
        return self.engine.journal.fact("epoch") != self.engine.journal.fact("compared_epoch")

    def _days(self) -> None:
        """Yesterday and today, after a restore every day; of these, the ones of which the journal has all orders."""
        engine, today = self.engine, datetime.now(UTC).date()
        days, epoch = {today, today - timedelta(days=1)}, engine.journal.fact("epoch")
        if self._restored():
            known = engine.journal.rows("SELECT DISTINCT day FROM subjects WHERE day > ''")
            days |= {date.fromisoformat(row["day"]) for row in known}
        for day in sorted(day for day in days if retention.is_complete(engine.journal, day)):
            sync_day(engine, day)
        sync_holds(engine)
        content, rows = self.config.number("journal.keep_days"), self.config.number("journal.keep_rows_days")
        engine.journal.forget(content)
        retention.erase(engine.journal, rows and max(rows, content))
        retention.compact(engine.journal)
        engine.journal.remember("days_synced_at", str(time.time()))
        engine.journal.remember("compared_epoch", epoch)


def _ids(found: dict[str, Any], name: str) -> list[str]:
    value = found.get(name)
    return [str(part) for part in value] if isinstance(value, list) else []


def _dicts(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = found.get(name)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
