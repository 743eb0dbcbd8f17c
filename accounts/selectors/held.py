"""Who holds, or has asked for, the accounts of a ledger already, so that nobody asks twice; by number, whatever case it is in.

The platform knows all orders: another unit's hold is told with unit, end and amount only, never the case (domain.md §3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from accounts.models import AccountAlias, Hold, InvolvedAccount, LedgerAccount, Order
from accounts.models.hold import LIVE
from accounts.models.order import OPEN
from accounts.policy import Action
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.selectors.any_of import AnyOf
from accounts.selectors.duplicates import ON_THE_WAY
from accounts.selectors.holds import in_force
from accounts.selectors.watches import watches_running
from antifraud import policy
from banks.models import User

PLACES = tuple(name for name, each in ORDER_KINDS.items() if each.creates_hold)
MOST = 2000


@dataclass(frozen=True)
class Taken:
    """An account is held, watched or asked for. `state`: active, waiting (behind another hold), asked (sent), drafted (own case).

    `amount_minor` None: the whole account. `order_id` only where the reader may open the order.
    """

    kind: str
    state: str
    unit: str
    is_own: bool
    until: datetime | None
    amount_minor: int | None
    currency: str
    order_number: str
    order_id: UUID | None = None


def held_or_asked(*, user: User, rows: Sequence[LedgerAccount]) -> dict[int, list[Taken]]:
    """What is known of each ledger node; at most eight statements, whatever the number of rows.

    `rows` are ledger accounts that the reader was allowed to see.
    """
    nodes_of = _accounts_of([row for row in rows if row.kind == LedgerAccount.Kind.ACCOUNT])
    found: dict[int, list[Taken]] = defaultdict(list)
    if not nodes_of:
        return found
    case_ids = {row.case_id for row in rows}
    held = in_force(Hold.objects.filter(account__in=nodes_of)) | Hold.objects.filter(
        account__in=nodes_of, status=Hold.Status.WAITING
    )
    for hold in held.filter(status__in=LIVE).select_related("order", "unit").order_by("created_at", "pk")[:MOST]:
        state = "waiting" if hold.status == Hold.Status.WAITING else "active"
        taken = Taken(
            hold.kind, state, hold.unit.title, hold.unit_id == user.institution_id, hold.legal_expires_at, hold.left_minor,
            hold.currency, hold.order.number, hold.order_id if hold.case_id in case_ids else None,
        )  # fmt: skip
        _note(found, nodes_of, hold.account_id, taken)
    sent = Q(kind__in=PLACES, status__in=ON_THE_WAY)
    own = Q(pk__in=policy.scope(user, Action.ORDER_VIEW, Order.objects.filter(case__in=case_ids)).values("pk"))
    orders = Order.objects.filter(account__in=nodes_of).filter(sent | (own & Q(status__in=OPEN)))
    for order in orders.select_related("unit").order_by("created_at", "pk")[:MOST]:
        taken = Taken(
            order.kind, "asked" if order.status in ON_THE_WAY else "drafted", order.unit.title,
            order.unit_id == user.institution_id, order.asked_expires_at, order.amount_minor, order.currency, order.number,
            order.id if order.case_id in case_ids else None,
        )  # fmt: skip
        _note(found, nodes_of, order.account_id, taken)
    running = (
        watches_running(Order.objects.filter(account__in=nodes_of)).select_related("unit").order_by("created_at", "pk")
    )
    for order in running[:MOST]:
        taken = Taken(
            order.kind, "active", order.unit.title, order.unit_id == user.institution_id, order.asked_expires_at, None,
            order.currency, order.number, order.id if order.case_id in case_ids else None,
        )  # fmt: skip
        _note(found, nodes_of, order.account_id, taken)
    return found


def _note(found: dict[int, list[Taken]], nodes_of: dict[UUID, set[int]], account_id: UUID, taken: Taken) -> None:
    for node in nodes_of[account_id]:
        found[node].append(taken)


def _accounts_of(rows: Sequence[LedgerAccount]) -> dict[UUID, set[int]]:
    """Involved account (with all that was merged into it) -> the ledger nodes that mean it."""
    by_index: dict[bytes, list[LedgerAccount]] = defaultdict(list)
    for row in rows:
        by_index[bytes(row.number_index)].append(row)
    named: dict[UUID, set[int]] = defaultdict(set)
    of_main: dict[int, list[LedgerAccount]] = defaultdict(list)
    for row in rows:  # a run from before a joining names second numbers too
        of_main[row.main or row.node].append(row)
    numbers = LedgerAccount.objects.filter(
        Q(AnyOf(F("node"), list(of_main))) | Q(AnyOf(F("main"), list(of_main))), case__in={row.case_id for row in rows}
    )
    for index, node, main, account in numbers.values_list("number_index", "node", "main", "account"):
        by_index[bytes(index)] += of_main[main or node]
        if account:
            named[account].update(row.node for row in of_main[main or node])
    named_here = AnyOf(F("number_index"), list(by_index))
    own = InvolvedAccount.objects.filter(named_here).values_list("pk", "number_index", "institution_id")
    other = AccountAlias.objects.filter(named_here, ended_at__isnull=True)
    for account_id, index, bank in (*own, *other.values_list("account_id", "number_index", "account__institution_id")):
        for row in by_index[bytes(index)]:
            if row.institution_id is None or bank is None or row.institution_id == bank:
                named[account_id].add(row.node)
    return _with_family(named)


def _with_family(named: dict[UUID, set[int]]) -> dict[UUID, set[int]]:
    if not named:
        return {}
    ids = list(named)
    roots = InvolvedAccount.objects.filter(pk__in=ids).values("merged_into")
    family = InvolvedAccount.objects.filter(
        Q(pk__in=ids) | Q(merged_into__in=ids) | Q(pk__in=roots) | Q(merged_into__in=roots)
    )
    root_of = {pk: into or pk for pk, into in family.values_list("pk", "merged_into")}
    nodes: dict[UUID, set[int]] = defaultdict(set)
    for account_id, mine in named.items():
        nodes[root_of[account_id]] |= mine
    return {account_id: nodes[root] for account_id, root in root_of.items() if root in nodes}
