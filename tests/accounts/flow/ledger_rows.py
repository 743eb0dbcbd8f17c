"""A ledger made by hand: entries straight into the tables, statements' lines for accounts that are covered, real sums.

made = ledger(world.analyst_a, case, [("victim", "mule", 0, 500_00), ("mule", "shop", 60, 200_00)], covered=("mule",))
made.node["mule"], made.entries[0], made.chain("mule")
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import LedgerAccount, LedgerChain, LedgerEntry, StatementFile, StatementLine
from accounts.selectors.identity import index_of
from accounts.services.ledger.chains import chains_rebuild
from accounts.services.ledger.changes import ledger_change, ledger_hold, nodes_new
from antifraud import db
from banks.models import User
from cases.models import Attachment, Case
from tests.accounts.factories import card

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
Moment = datetime | int  # an int: seconds after START
Row = tuple[str | None, str | None, Moment, int]


@dataclass
class Made:
    """What `ledger` inserted; `entries` in the order of the rows, read again after the rebuild."""

    case: Case
    node: dict[str, int] = field(default_factory=dict)
    account: dict[str, LedgerAccount] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)

    def chain(self, name: str, currency: str = "CNY") -> LedgerChain:
        """What is known of one account."""
        return LedgerChain.objects.get(node=self.node[name], currency=currency)


def ledger(
    by: User,
    case: Case,
    rows: Sequence[Row],
    *,
    currency: str = "CNY",
    covered: Collection[str] = (),
    openings: Mapping[str, int] | None = None,
    cash: Collection[str] = (),
    numbers: Mapping[str, str] | None = None,
    into: Made | None = None,
    **columns: Any,
) -> Made:
    """Insert `(src, dst, time, amount in minor units)` and rebuild the chains, in a unit of work of its own.

    Names stand for accounts, None for "the statement does not say". `covered` accounts have a statement of their own
    with stated balances, which begin at `openings`. `cash` names the node of kind cash. `columns` go to the new
    accounts (institution, account). `into` adds to an earlier one.
    """
    made = into or Made(case)
    with db.unit_of_work(by):
        ledger_hold(case.pk)
        _accounts(made, rows, cash, numbers or {}, columns)
        fresh = [_entry(made, row, currency) for row in rows]
        for entry, line, way in _lines(by, made, fresh, covered, openings or {}):
            setattr(entry, f"{way}_line", line)
        LedgerEntry.objects.bulk_create(fresh)
        chains_rebuild({node for entry in fresh for node in (entry.src, entry.dst) if node is not None})
        ledger_change(case.pk, hashlib.sha256(repr(rows).encode()).digest())
    kept = [entry.pk for entry in (*made.entries, *fresh)]
    found = LedgerEntry.objects.in_bulk(kept)
    made.entries = [found[pk] for pk in kept]
    return made


def moment(at: Moment) -> datetime:
    """The time that a row means."""
    return at if isinstance(at, datetime) else START + timedelta(seconds=at)


def _accounts(
    made: Made, rows: Sequence[Row], cash: Collection[str], numbers: Mapping[str, str], columns: dict[str, Any]
) -> None:
    names = [name for name in dict.fromkeys(name for row in rows for name in row[:2] if name) if name not in made.node]
    for name, node in zip(names, nodes_new(len(names)), strict=True):
        is_cash = name in cash
        number = "" if is_cash else numbers.get(name) or card()
        account = LedgerAccount(
            case=made.case, node=node, kind="cash" if is_cash else "account", number=number or None,
            number_index=index_of(number or "cash"), name=None if is_cash else name, **columns,
        )  # fmt: skip
        account.save(force_insert=True)
        made.node[name], made.account[name] = node, account


def _entry(made: Made, row: Row, currency: str) -> LedgerEntry:
    src, dst, at, amount = row
    return LedgerEntry(
        case=made.case, src=made.node[src] if src else None, dst=made.node[dst] if dst else None,
        out_at=moment(at), in_at=moment(at), amount_minor=amount, currency=currency,
    )  # fmt: skip


def _lines(
    by: User, made: Made, entries: list[LedgerEntry], covered: Collection[str], openings: Mapping[str, int]
) -> list[tuple[LedgerEntry, StatementLine, str]]:
    """A committed file for each covered account, rows in order of time, each with the balance after it."""
    found = []
    for name in covered:
        file, balance, node = _file(by, made.case), openings.get(name, 0), made.node[name]
        mine = sorted((e for e in entries if node in {e.src, e.dst}), key=lambda e: e.out_at)
        for number, entry in enumerate(mine, 1):
            way = "out" if entry.src == node else "in"
            balance += entry.amount_minor if way == "in" else -entry.amount_minor
            line = StatementLine(
                file=file, case_id=made.case.pk, row=number + 1, node=node, at=entry.out_at, direction=way,
                counter=entry.dst if way == "out" else entry.src, amount_minor=entry.amount_minor,
                currency=entry.currency, balance_minor=balance, serial=str(number), details={},
            )  # fmt: skip
            line.save(force_insert=True)
            found.append((entry, line, way))
    return found


def _file(by: User, case: Case) -> StatementFile:
    now, token = db.require_unit_of_work().now, uuid.uuid4().hex
    digest = hashlib.sha256(token.encode()).digest()
    attachment = Attachment(
        case=case, purpose="statement", title="statement", storage_name=f"{token[:2]}/{token}", media_kind="csv", size=1,
        sha256=digest, uploaded_by=by, uploaded_at=now,
    )  # fmt: skip
    attachment.save(force_insert=True)
    file = StatementFile(
        case=case, attachment=attachment, source="upload", status="committed", sha256=digest, layout="table",
        received_by=by, received_at=now, committed_by=by, committed_at=now,
    )  # fmt: skip
    file.save(force_insert=True)
    return file
