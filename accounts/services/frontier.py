"""From the frontier to orders: ledger accounts become involved accounts of the case, the hop a transfer, then drafts.

What an order may ask for is judged by `orders.draft`; ranking is in `selectors.frontier`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Involvement, LedgerAccount, LedgerEntry, Order, TraceRun, Transfer
from accounts.models.involvement import Involvement as Part
from accounts.policy import Action, FlowAction
from accounts.rules.frontier import PLACES
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.selectors.flow import FlowEdge, ledger_rows, traced_edges
from accounts.services.accounts import account_involve
from accounts.services.orders.draft import orders_draft
from accounts.services.orders.inputs import OrderLine, OrderTerms
from accounts.services.transfers import transfer_note
from antifraud import db, money, policy
from antifraud.audit import diary
from antifraud.errors import Invalid
from banks.models import Institution, User
from cases.models import Case

KINDS = ("stop", "freeze", "query_transactions", "watch")
SOURCE = "trace"
MOST_PICKS = 100
HIGHEST_LEVEL = 30


@dataclass(frozen=True)
class Pick:
    """One ticked place. `amount_minor` None: the traced amount; `institution` only where the ledger names none.

    `may_exceed`: somebody says that more than was traced is meant.
    """

    node: int
    amount_minor: int | None = None
    institution: Institution | None = None
    may_exceed: bool = False


def frontier_draft(*, by: User, run_id: UUID, nodes: Sequence[Pick], kind: str, terms: OrderTerms) -> list[Order]:
    """Draft an order of `kind` to the bank of each ticked account, with the traced amount and the payment into it.

    Everything or nothing, in the trace's currency. Raises Invalid: `lines.<n>.institution` where nobody said which bank
    keeps it, `lines.<n>.amount` where more than was traced is asked for and nobody says that it is meant, and every
    problem of `orders_draft` (its lines are the picks in their order); Conflict like it; NotFound out of reach.
    """
    run = policy.get(by, FlowAction.TRACE_VIEW, TraceRun.objects.select_related("case"), run_id)
    case = policy.get(by, Action.ORDER_DRAFT, Case.objects.all(), run.case_id, lock=True)
    if kind not in KINDS:
        raise Invalid(fields={"kind": [_("Choose one of the order kinds in the list.")]})
    rests = {int(each["node"]): each for each in run.result["nodes"] if amount_here(each) > 0}
    hops = _hops(run)
    payers = {hops[pick.node].src for pick in nodes if pick.node in hops}
    rows = ledger_rows(user=by, case_id=case.id, nodes={pick.node for pick in nodes} | payers)
    row = ORDER_KINDS[kind]
    _check(nodes, rests, rows)
    if row.needs_mode:
        _check_money(nodes, rests, run.currency, row.needs_amount(terms.mode), terms.currency)
    levels = {int(each["node"]): int(each["level"]) for each in run.result["nodes"]}
    # All places before the payments into them: one place's payer may be another one, whose bank stands in its own line.
    parts = [
        account_promote(
            by=by, case=case, row=rows[pick.node], level=max(levels[pick.node], 1), institution=pick.institution
        )
        for pick in nodes
    ]
    lines = []
    for pick, involved in zip(nodes, parts, strict=True):
        place = rests[pick.node]
        hop = _hop_transfer(by, case, run, hops.get(pick.node), involved, rows, levels)
        amount = (pick.amount_minor or amount_here(place)) if row.needs_amount(terms.mode) else None
        lines.append(OrderLine(involvement_id=involved.id, amount_minor=amount, transfer_id=hop.id if hop else None))
    made = orders_draft(by=by, case=case, kind=kind, lines=lines, terms=terms)
    diary.record(
        "trace.draft_orders", by=by, obj=run, case_id=case.id,
        detail={"kind": kind, "orders": [order.id for order in made], "nodes": [pick.node for pick in nodes]},
    )  # fmt: skip
    return made


def account_promote(
    *, by: User, case: Case, row: LedgerAccount, level: int, institution: Institution | None = None
) -> Involvement:
    """Make a ledger account an involved account of its case; done twice, the case keeps one. The caller has authorised.

    `institution` fills in where the ledger names none. Level 0 is a victim's account. A second number, which a run from before
    its joining may name, stands for its account.
    """
    row = _main(row)
    involved = _known(case, row)
    if involved is None:
        involved = _enter(by, case, row, level, row.institution or institution)
    bank = involved.account.institution
    if row.account_id != involved.account_id or row.institution_id != (bank.id if bank else None):
        row.account, row.institution = involved.account, bank
        row.save(update_fields=["account", "institution"])
    return involved


def _main(row: LedgerAccount) -> LedgerAccount:
    if row.main is None:
        return row
    return LedgerAccount.objects.select_related("institution", "account").get(case=row.case_id, node=row.main)


def _known(case: Case, row: LedgerAccount) -> Involvement | None:
    """The case's own account of this number or a second one of its, where its bank is known and not another one.

    Where the case has an account for either number, it is the first one's.
    """
    seconds = LedgerAccount.objects.filter(case=case, main=row.node).values_list("number_index", flat=True)
    numbers = [bytes(index) for index in (row.number_index, *seconds)]
    rows = Involvement.objects.filter(
        case=case, account__merged_into__isnull=True, account__institution__isnull=False,
        account__number_index__in=numbers, state=Part.State.CONFIRMED,
    ).select_related("account__institution")  # fmt: skip
    fitting = [each for each in rows if row.institution_id in {None, each.account.institution_id}]
    firsts = [each for each in fitting if bytes(each.account.number_index) == numbers[0]]
    return next((found[0] for found in (fitting, firsts) if len(found) == 1), None)


def _enter(by: User, case: Case, row: LedgerAccount, level: int, bank: Institution | None) -> Involvement:
    return account_involve(
        by=by, case=case, number=row.number.open() if row.number else "", institution=bank, kind="",
        holder_name=row.name.open() if row.name else "", level=min(level, HIGHEST_LEVEL),
        role=Part.Role.VICTIM if level == 0 else Part.Role.INVOLVED, state=Part.State.CONFIRMED, source=SOURCE,
    )  # fmt: skip


def amount_here(place: Mapping[str, Any]) -> int:
    """Traced money of one account of a result that is, or may be, on it now; minor units."""
    ends = place.get("ends") or {place["end"]: place["rest"]}
    return sum(int(amount) for end, amount in ends.items() if end in PLACES)


def _hops(run: TraceRun) -> dict[int, FlowEdge]:
    """The newest traced payment into each account."""
    return {edge.dst: edge for edge in traced_edges(run)}


def _check(nodes: Sequence[Pick], rests: dict[int, dict[str, Any]], rows: dict[int, LedgerAccount]) -> None:
    problems: dict[str, list[Any]] = {}
    if not nodes or len(nodes) > MOST_PICKS:
        problems["lines"] = [_("Choose at least one account and at most a hundred.")]
    for at, pick in enumerate(nodes):
        account = rows.get(pick.node)
        if account is None or pick.node not in rests or account.kind != LedgerAccount.Kind.ACCOUNT:
            problems[f"lines.{at}.node"] = [_("No traced money rests on this account. Choose one of the list.")]
            continue
        if account.institution is None and pick.institution is None:
            problems[f"lines.{at}.institution"] = [_("The bank of this account is not known. Choose it in the list.")]
        if pick.amount_minor is not None and not 0 < pick.amount_minor <= money.MAX_MINOR:
            problems[f"lines.{at}.amount"] = [
                _("A limited measure names an amount above zero. Enter what is to be held.")
            ]
    if problems:
        raise Invalid(fields=problems)


def _check_money(
    nodes: Sequence[Pick], rests: dict[int, dict[str, Any]], currency: str, with_amount: bool, said: str
) -> None:
    """Orders are in the trace's currency; more than was traced to an account only where that is said to be meant."""
    problems: dict[str, list[Any]] = {}
    if said != currency:
        text = _("The trace is in {currency}. Order in its currency.")
        problems["currency"] = [text.format(currency=currency)]
    for at, pick in enumerate(nodes):
        traced = amount_here(rests[pick.node])
        if with_amount and not pick.may_exceed and (pick.amount_minor or 0) > traced:
            lang = get_language() or "en"
            asked, here = (money.format_minor(each, currency, lang) for each in (pick.amount_minor or 0, traced))
            text = _(
                "{asked} is more than the {traced} traced to this account. Enter less, or tick that more is meant."
            )
            problems[f"lines.{at}.amount"] = [text.format(asked=asked, traced=here)]
    if problems:
        raise Invalid(fields=problems)


def _hop_transfer(
    by: User,
    case: Case,
    run: TraceRun,
    hop: FlowEdge | None,
    target: Involvement,
    rows: dict[int, LedgerAccount],
    levels: dict[int, int],
) -> Transfer | None:
    """The payment into the account as a transfer of the case, tied to its ledger entry so that it is not counted twice."""
    if hop is None or hop.entry is None:
        return None
    entry = db.lock(LedgerEntry.objects.filter(pk=hop.entry, case=case)).select_related("transfer").first()
    if entry is None:
        return None
    if entry.transfer is not None and entry.transfer.to_account_id == target.account_id:
        return entry.transfer
    payer = rows.get(hop.src)
    origin = None
    if payer is not None and payer.kind == LedgerAccount.Kind.ACCOUNT and payer.number:
        origin = account_promote(by=by, case=case, row=payer, level=levels.get(payer.node, 0)).account
    made = transfer_note(
        by=by, case=case, to_account=target.account, amount_minor=entry.amount_minor, currency=run.currency,
        at=entry.in_at, from_account=origin, channel="", reference="", source=SOURCE,
    )  # fmt: skip
    if entry.transfer_id is None:
        entry.transfer = made
        entry.save(update_fields=["transfer"])
    return made
