"""The fund flow as a bank may see it (domain.md §8): its own accounts, amounts in and out, the neighbours' institutions by name.

What leaves this module holds no foreign number, holder, victim, node, run or case: pages and the API only show it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import InvolvedAccount, LedgerAccount, Order, TraceRun
from accounts.policy import Action, FrontierAction
from accounts.selectors.flow import moment, traced_edges
from accounts.selectors.victims_traces import victims_traces
from antifraud import policy
from banks.models import User

MOST_ACCOUNTS = 100


@dataclass(frozen=True)
class BankNeighbour:
    """All payments with the accounts of one institution. `institution` "": one that is not known here."""

    institution: str
    is_own: bool
    came: int
    left: int
    payments: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class BankFlow:
    """Traced money through one account of the reader's institution, per currency."""

    account: InvolvedAccount
    currency: str
    came: int
    left: int
    neighbours: list[BankNeighbour]


def own_account(*, user: User, account_id: UUID) -> InvolvedAccount:
    """An account of the reader's institution that a live grant names; NotFound for every other one."""
    return policy.get(user, FrontierAction.OWN_FLOW, InvolvedAccount.objects.select_related("institution"), account_id)


def bank_flow(*, user: User, account_id: UUID) -> list[BankFlow]:
    """What went through an own account, by currency; [] where no trace of the orders' cases reached it.

    NotFound for an account of another institution, or without a live grant, as for one that does not exist. Of the
    cases only those count whose orders on this account the reader may see: of each the traces that stand for its
    victims' money (`victims_traces`), which share no payment.
    """
    account = policy.get(
        user, FrontierAction.OWN_FLOW, InvolvedAccount.objects.select_related("institution"), account_id
    )
    rows = _ledger_rows(user, account)
    mine = {row.node for row in rows}
    sums: dict[str, dict[UUID | None, list[tuple[int, int, int]]]] = defaultdict(lambda: defaultdict(list))
    names: dict[UUID, str] = {}
    for run in _runs({row.case_id for row in rows}):
        edges = [edge for edge in traced_edges(run) if (edge.src in mine) is not (edge.dst in mine)]
        others = {edge.dst if edge.src in mine else edge.src for edge in edges}
        banks: dict[int, UUID | None] = {}
        kept = LedgerAccount.objects.filter(case=run.case_id, node__in=others).select_related("institution")
        for row in kept.defer("number", "name", "institution_text"):
            banks[row.node] = row.institution_id
            if row.institution is not None:
                names[row.institution.id] = row.institution.title
        for edge in edges:
            other, sign = (edge.dst, -1) if edge.src in mine else (edge.src, 1)
            sums[run.currency][banks.get(other)].append((sign, edge.amount, edge.at))
    return [_flow(account, currency, found, names) for currency, found in sorted(sums.items())]


def _ledger_rows(user: User, account: InvolvedAccount) -> list[LedgerAccount]:
    """The account in the ledgers of those cases whose orders on it the reader may see."""
    orders = policy.scope(user, Action.ORDER_VIEW, Order.objects.filter(account=account))
    cases = set(orders.values_list("case_id", flat=True))
    same = Q(account=account) | Q(number_index=bytes(account.number_index), institution=account.institution_id)
    # Whatever a file or an officer has joined: nothing that the ledger knows to be another institution's.
    own = Q(institution__isnull=True) | Q(institution=account.institution_id)
    rows = LedgerAccount.objects.filter(own, case__in=cases, kind=LedgerAccount.Kind.ACCOUNT)
    rows = rows.filter(same | Q(node__in=rows.filter(same).values("main")))
    return list(rows.only("node", "case_id")[:MOST_ACCOUNTS])


def _runs(case_ids: set[UUID]) -> list[TraceRun]:
    """The traces that stand for the victims' money of these cases, the earliest run first."""
    found = (victims_traces(TraceRun.objects.all(), case_id).chosen for case_id in case_ids)
    return list(TraceRun.objects.filter(pk__in=[each.run_id for few in found for each in few]).order_by("run_at", "pk"))


def _flow(
    account: InvolvedAccount,
    currency: str,
    found: dict[UUID | None, list[tuple[int, int, int]]],
    names: dict[UUID, str],
) -> BankFlow:
    neighbours = []
    for bank, payments in found.items():
        times = [at for _sign, _amount, at in payments]
        neighbours.append(
            BankNeighbour(
                names[bank] if bank else "", bank is not None and bank == account.institution_id,
                sum(amount for sign, amount, _at in payments if sign > 0),
                sum(amount for sign, amount, _at in payments if sign < 0),
                len(payments), moment(min(times)), moment(max(times)),
            )
        )  # fmt: skip
    neighbours.sort(key=lambda each: (-(each.came + each.left), each.institution))
    return BankFlow(
        account, currency, sum(each.came for each in neighbours), sum(each.left for each in neighbours), neighbours
    )
