"""The facts of a return, read from holds, ledger, traces and earlier returns, and the worksheet that follows from them.

Nothing is written here. The same facts are read again when the return is submitted and when it is approved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from accounts.models import CaseLedger, Hold, LedgerChain, Refund, RefundShare, TraceRun, Transfer
from accounts.rules.refunds import Claim, Facts, build
from accounts.rules.refunds.shapes import UNCERTAIN
from accounts.rules.tracing.result import RESTING
from accounts.selectors.holds import in_force
from accounts.selectors.holds_beside import committed, is_held_for_others, left_besides, same_money
from accounts.selectors.joined_accounts import account_nodes, accounts_joined
from accounts.selectors.trace_checks import versions_stood_on
from antifraud.crypto.blind import blind_index
from antifraud.crypto.normal import normal_account, normal_name

PAYEE = "refund.payee"


@dataclass(frozen=True)
class Source:
    """What is known of the payments into the held account, and the nodes that it has in the case's ledger.

    `has_statement`: its own statement is in the ledger, be it with gaps; then nobody's word stands for it.
    """

    nodes: frozenset[int]
    payments: int
    is_covered: bool
    has_statement: bool


def is_in_force(hold: Hold) -> bool:
    """Whether the hold binds the bank now, by the database's clock."""
    return in_force(Hold.objects.filter(pk=hold.pk)).exists()


def held_left(hold: Hold, *, but: UUID | None = None) -> int:
    """What of the hold no other decided return has taken, from it or from the same money; `but` is the return that asks.

    What was paid out of a stop before the freeze took effect is not in the freeze's own sum and is not taken twice. Other
    holds of the account, of whatever unit, count as `left_besides` says.
    """
    rows = committed(RefundShare.objects.filter(refund__hold__in=same_money(hold))).exclude(refund=but)
    if hold.effective_from is not None:
        gone = Q(outcome=RefundShare.Outcome.PAID, paid_at__lt=hold.effective_from)
        rows = rows.exclude(gone & ~Q(refund__hold=hold))
    return left_besides(hold, int(rows.aggregate(total=Sum("share_minor"))["total"] or 0))


def returned_to(victim_ids: Iterable[UUID], currency: str, *, but: UUID | None = None) -> dict[UUID, int]:
    """What other decided returns give back to each victim."""
    rows = committed(RefundShare.objects.filter(victim__in=list(victim_ids), refund__currency=currency))
    sums = rows.exclude(refund=but).order_by().values("victim").annotate(total=Sum("share_minor"))
    return {row["victim"]: int(row["total"]) for row in sums}


def source_of(hold: Hold) -> Source:
    """Payments into the account: from its own statement where the ledger has it, else those that the case knows."""
    nodes = account_nodes(hold.case_id, hold.account)
    chains = LedgerChain.objects.filter(node__in=nodes, currency=hold.currency)
    covered = [chain for chain in chains if chain.covered_from is not None]
    if covered:
        payments = sum(
            chain.entries_in + int(chain.opening_minor > 0) + int(chain.top_up_minor > 0) for chain in covered
        )
        return Source(nodes, payments, not any(chain.breaks for chain in covered), has_statement=True)
    told = Transfer.objects.filter(case=hold.case_id, to_account__in=accounts_joined(hold.account))
    seen = sum(chain.entries_in for chain in chains)  # on the payers' statements; the same payment may be told as well
    return Source(nodes, max(told.count(), seen), is_covered=False, has_statement=False)


def traced_rest(run: TraceRun, nodes: frozenset[int]) -> int | None:
    """What the run leaves on the account; None where a limit or a missing statement keeps it from saying."""
    totals = run.result["totals"]
    if run.is_cut or run.params.get("until") or not nodes or any(totals.get(end) for end in UNCERTAIN):
        return None
    here = [row["ends"] for row in run.result["nodes"] if row["node"] in nodes]
    return sum(int(ends.get(RESTING, 0)) for ends in here)


def payee_mark(name: str, account: str, bank: str) -> str:
    """A keyed hash of whom the share goes to: the worksheet's digest covers it without naming anybody."""
    form = "|".join((normal_name(name), normal_account(account), normal_name(bank)))
    return blind_index(PAYEE, form).hex()


def claim_of(share: RefundShare, *, returned_minor: int, source: Source, payee: str, ledger: int | None) -> Claim:
    """One victim's line of the facts; `returned_minor` is what other returns give back, `ledger` the version of the
    ledger that its trace stands on."""
    run = share.run
    return Claim(
        victim=str(share.victim_id),
        reported_at=_time(share.reported_at),
        loss_minor=share.loss_minor,
        returned_minor=returned_minor + share.elsewhere_minor,
        traced_minor=traced_rest(run, source.nodes) if run else None,
        run=str(run.id) if run else "",
        method=run.method if run else "",
        ledger="" if ledger is None else str(ledger),
        payee=payee,
    )


def worksheet_of(
    refund: Refund, shares: list[RefundShare], *, round_number: int, is_stated_single: bool
) -> dict[str, Any]:
    """The worksheet of these claims by what the tables say now. Raises RefundError."""
    return build(facts_of(refund, shares, round_number=round_number, is_stated_single=is_stated_single))


def facts_of(refund: Refund, shares: list[RefundShare], *, round_number: int, is_stated_single: bool) -> Facts:
    """What the tables say now about these claims."""
    source = source_of(refund.hold)
    returned = returned_to([share.victim_id for share in shares], refund.currency, but=refund.id)
    stood_on = versions_stood_on(share.run for share in shares if share.run is not None)
    claims = [
        claim_of(
            share,
            returned_minor=returned.get(share.victim_id, 0),
            source=source,
            payee=payee_mark(share.payee_name.open(), share.payee_account.open(), share.payee_bank),
            ledger=stood_on.get(share.run_id) if share.run_id else None,
        )
        for share in shares
    ]
    about: dict[str, str | int] = {
        "refund": str(refund.id), "number": refund.number, "round": round_number, "case": str(refund.case_id),
        "hold": str(refund.hold_id), "legal_profile": str(refund.legal_profile), "legal_basis": refund.legal_basis,
    }  # fmt: skip
    held = held_left(refund.hold, but=refund.id)
    version = CaseLedger.objects.filter(case=refund.case_id).values_list("version", flat=True).first()
    return Facts(
        refund.currency,
        held,
        source.payments,
        source.is_covered,
        is_stated_single and not source.has_statement and not is_held_for_others(refund.hold),
        tuple(claims),
        about,
        "" if version is None else str(version),
    )


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
