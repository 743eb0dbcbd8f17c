"""The payments with which a trace may begin: the victims' own, or those of one account of the ledger that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import CaseLedger, Involvement, LedgerAccount, LedgerEntry, TraceRun
from accounts.policy import Action, FlowAction
from accounts.selectors.flow import ledger_rows
from antifraud import policy
from banks.models import User
from cases.models import Case

MOST_SEEDS = 200


@dataclass(frozen=True)
class SeedChoice:
    """One payment to begin with; numbers are masked. Amount in minor units. `direction`: the only one it is offered for, or ""."""

    entry: int
    at: datetime
    payer: str
    payee: str
    amount_minor: int
    currency: str
    direction: str = ""


def seed_choices(*, user: User, case: Case, node: int | None = None) -> list[SeedChoice]:
    """The victims' payments by time, at most 200; with `node` those of that account instead, the largest 200 of each side.

    Of an account the payments out of it are offered forward, those into it backward: begun with both, a trace would
    count the same money twice. Empty where no statement or told transfer of a victim is in the ledger yet. Five statements.
    """
    entries = LedgerEntry.objects.filter(case=case, src__isnull=False, dst__isnull=False)
    out: set[int] = set()
    if node is not None:
        mine = policy.scope(user, FlowAction.LEDGER_VIEW, LedgerAccount.objects.filter(case=case, node=node))
        known = mine.values("node")
        left = list(entries.filter(src__in=known).order_by("-amount_minor", "pk")[:MOST_SEEDS])
        came = entries.filter(dst__in=known).exclude(src__in=known).order_by("-amount_minor", "pk")[:MOST_SEEDS]
        out = {entry.pk for entry in left}
        found = sorted([*left, *came], key=lambda entry: (entry.pk not in out, entry.out_at, entry.pk))
    else:
        victims = victim_nodes(user=user, case=case).values("node")
        found = list(entries.filter(src__in=victims).exclude(dst__in=victims).order_by("out_at", "pk")[:MOST_SEEDS])
    rows = ledger_rows(user=user, case_id=case.id, nodes={each for entry in found for each in _sides(entry)})
    return [
        SeedChoice(
            entry.pk, entry.out_at, _masked(rows.get(entry.src or 0)), _masked(rows.get(entry.dst or 0)),
            entry.amount_minor, entry.currency, "" if node is None else _direction(entry.pk in out),
        )
        for entry in found
    ]  # fmt: skip


def has_victim_account(*, user: User, case: Case) -> bool:
    """Whether a victim's account is entered in the case at all."""
    rows = policy.scope(user, Action.INVOLVEMENT_VIEW, Involvement.objects.filter(case=case))
    return rows.filter(role=Involvement.Role.VICTIM).exclude(state=Involvement.State.DISMISSED).exists()


def ledger_version(*, user: User, case: Case) -> int:
    """How often the ledger of the case has changed; 0 where there is none, or none for the reader."""
    if not policy.can(user, FlowAction.TRACE_VIEW):
        return 0
    return CaseLedger.objects.filter(case=case).values_list("version", flat=True).first() or 0


def victim_nodes(*, user: User, case: Case) -> QuerySet[LedgerAccount]:
    """The victims' accounts in the ledger of the case, as far as the reader may see it."""
    return victims_among(policy.scope(user, FlowAction.LEDGER_VIEW, LedgerAccount.objects.all()), case.pk)


def victims_among(rows: QuerySet[LedgerAccount], case_id: UUID) -> QuerySet[LedgerAccount]:
    """Of these accounts the victims' in the case: linked to them, or of the same number. The caller has judged the reader."""
    victims = Involvement.objects.filter(case=case_id, role=Involvement.Role.VICTIM)
    victims = victims.exclude(state=Involvement.State.DISMISSED)
    rows = rows.filter(case=case_id)
    named = rows.filter(
        Q(account__in=victims.values("account")) | Q(number_index__in=victims.values("account__number_index"))
    )
    return rows.filter(Q(pk__in=named.values("pk")) | Q(node__in=named.values("main")))


def _direction(is_out: bool) -> str:
    return TraceRun.Direction.FORWARD if is_out else TraceRun.Direction.BACKWARD


def _sides(entry: LedgerEntry) -> set[int]:
    return {side for side in (entry.src, entry.dst) if side is not None}


def _masked(row: LedgerAccount | None) -> str:
    return row.number.masked() if row is not None and row.number else "—"
