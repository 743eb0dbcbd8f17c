"""The lines of a draft as a table to tick: one account of the case, or one hold, each with its amount and transfer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.forms.order_kinds import account_problem
from accounts.models import Hold, InvolvedAccount, Involvement, Order, Transfer
from accounts.rules.order_kinds import OrderKind
from accounts.selectors.duplicates import DuplicateNotice
from accounts.services.orders.draft import COUNTED
from accounts.services.orders.inputs import OrderLine
from accounts.services.orders.lines import follows
from antifraud import money


@dataclass
class LineRow:
    """One line. `key` is the id of the involvement or of the hold; `blocked` says why it cannot be ticked."""

    key: UUID
    account: InvolvedAccount
    involvement: Involvement | None = None
    hold: Hold | None = None
    transfers: list[Transfer] = field(default_factory=list)
    blocked: str = ""
    open_order: Order | None = None
    picked: bool = False
    amount: str = ""
    transfer: str = ""
    errors: list[str] = field(default_factory=list)
    notices: list[DuplicateNotice] = field(default_factory=list)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Its transfers for the list of choices."""
        return [(str(each.id), transfer_label(each)) for each in self.transfers]

    def line(self, minor: int | None) -> OrderLine:
        """What the service is asked for."""
        chosen = next((t.id for t in self.transfers if str(t.id) == self.transfer), None)
        if self.hold is not None:
            return OrderLine(hold_id=self.key, amount_minor=minor)
        return OrderLine(involvement_id=self.key, amount_minor=minor, transfer_id=chosen)


def transfer_label(transfer: Transfer) -> str:
    """Time and amount in one line of plain text."""
    at = timezone.localtime(transfer.at).strftime("%m-%d %H:%M:%S") if transfer.at else _("Time not known")
    return f"{at} · {money.format_minor(transfer.amount_minor, transfer.currency, get_language() or 'en')}"


def account_lines(
    row: OrderKind, involvements: Iterable[Involvement], transfers: Iterable[Transfer], open_orders: Iterable[Order]
) -> list[LineRow]:
    """The accounts of the case as lines of a kind that is placed or asked; the amount is that of the latest transfer."""
    into: dict[UUID, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        into[transfer.to_account_id].append(transfer)
    waiting = {order.account.merged_into_id or order.account_id: order for order in open_orders}
    rows = []
    for involvement in involvements:
        newest_first = into[involvement.account_id][::-1]
        line = LineRow(involvement.id, involvement.account, involvement, transfers=newest_first)
        line.open_order = waiting.get(involvement.account_id)
        line.blocked = account_problem(row, involvement) or _used_up(row, involvement, line.open_order)
        if newest_first:
            line.transfer = str(newest_first[0].id)
            line.amount = str(money.from_minor(newest_first[0].amount_minor, newest_first[0].currency))
        rows.append(line)
    return rows


def hold_lines(row: OrderKind, holds: Iterable[Hold], open_orders: Iterable[Order], now: datetime) -> list[LineRow]:
    """The holds of the case that this kind extends or releases; an open order blocks its own hold, no other of the account."""
    waiting = {order.original_id: order for order in open_orders}
    rows = []
    for hold in holds:
        if hold.order.kind in row.originals and follows(row, hold, now):
            line = LineRow(hold.id, hold.account, hold=hold)
            line.open_order = waiting.get(hold.order_id)
            line.blocked = _open_order(line.open_order)
            rows.append(line)
    return rows


def _used_up(row: OrderKind, involvement: Involvement, open_order: Order | None) -> str:
    if row.name in COUNTED and involvement.stop_count >= involvement.stop_limit:
        return _("Stopped as often in this case as the law allows.")
    return _open_order(open_order)


def _open_order(order: Order | None) -> str:
    return _("An open order of this kind exists already.") if order is not None else ""


class LineTable:
    """The rows of one page, as shown and as sent back: `pick` (keys), `amount-<key>`, `transfer-<key>`."""

    def __init__(self, rows: list[LineRow], data: Mapping[str, Any] | None, picked: Iterable[str]) -> None:
        self.rows = rows
        self.errors: list[str] = []
        self._minors: list[int | None] = []
        ticked = set(picked)
        for row in rows:
            row.picked = str(row.key) in ticked and (data is not None or not row.blocked)
            if data is not None:
                row.amount = str(data.get(f"amount-{row.key}", row.amount))
                row.transfer = str(data.get(f"transfer-{row.key}", row.transfer))

    @property
    def picked(self) -> list[LineRow]:
        """The ticked rows, in the order in which the service gets them."""
        return [row for row in self.rows if row.picked]

    def is_valid(self, *, with_amounts: bool, currency: str) -> bool:
        """Read the amounts of the ticked rows. Where the measure names none, what stands there is not used."""
        self._minors = []
        for row in self.picked:
            minor = None
            if with_amounts and row.amount.strip():
                try:
                    minor = money.to_minor(row.amount, currency)
                except money.MoneyError as error:
                    row.errors.append(_(money.MESSAGES[error.code]).format(**error.params))
            self._minors.append(minor)
        if not self.picked:
            self.errors.append(_("Choose at least one account."))
        return not self.errors and not any(row.errors for row in self.rows)

    def lines(self) -> list[OrderLine]:
        """The ticked rows for the service, once `is_valid` was true."""
        return [row.line(minor) for row, minor in zip(self.picked, self._minors, strict=True)]

    def take(self, name: str, texts: Iterable[Any]) -> bool:
        """Put a refusal `lines.<n>.<field>` (or `lines`) to its row; False where it is none of a line."""
        if name == "lines":
            self.errors += [str(text) for text in texts]
            return True
        word, _dot, rest = name.partition(".")
        position, _dot, _field = rest.partition(".")
        if word != "lines" or not position.isdecimal() or int(position) >= len(self.picked):
            return False
        self.picked[int(position)].errors += [str(text) for text in texts]
        return True
