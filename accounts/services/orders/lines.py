"""Each line of a draft: the account or hold that it is about, its amount and its transfer; shared terms are in `checks`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Hold, InvolvedAccount, Involvement, Order, Transfer
from accounts.models.hold import IN_FORCE, LIVE
from accounts.rules.deadlines import freeze_allowed
from accounts.rules.order_kinds import OrderKind
from accounts.selectors.identity import root_id
from accounts.selectors.watches import watches_by_account
from accounts.services.orders.checks import Problems
from accounts.services.orders.inputs import OrderLine, OrderTerms
from antifraud import db, money
from banks.models import Institution
from banks.selectors.profiles import profile_of
from cases.models import Case

EXECUTING_FOR = {
    "account": frozenset({Institution.Kind.BANK, Institution.Kind.PAYMENT}),
    "phone": frozenset({Institution.Kind.TELECOM}),
}


@dataclass
class Target:
    """What one line turned out to mean."""

    account: InvolvedAccount
    institution: Institution
    involvement: Involvement | None
    original: Order | None = None
    transfer: Transfer | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class Known:
    """The rows of the case that lines may name, by id; read once for all lines."""

    involvements: dict[UUID, Involvement]
    by_account: dict[UUID, Involvement]
    holds: dict[UUID, Hold]
    transfers: dict[UUID, Transfer]
    latest_into: dict[UUID, Transfer]


def known_rows(case: Case, lines: list[OrderLine], given: Iterable[Involvement] = ()) -> Known:
    """Read what the lines name: five statements at most, whatever their number. Rows of other cases are not found.

    `given` are involvements that the caller has read with their accounts already.
    """
    rows = Involvement.objects.filter(case=case, account__merged_into__isnull=True).exclude(
        state=Involvement.State.DISMISSED
    )
    involvements = {row.id: row for row in given}
    missing = {line.involvement_id for line in lines if line.involvement_id} - involvements.keys()
    if missing:
        involvements |= {row.id: row for row in rows.filter(pk__in=missing).select_related("account__institution")}
    wanted = {line.hold_id for line in lines if line.hold_id}
    holds, by_account = _held(case, wanted, rows) if wanted else ({}, {})
    targets = {row.account_id for row in involvements.values()}
    incoming = Transfer.objects.filter(case=case, to_account__in=targets)
    into = list(incoming.order_by(F("at").asc(nulls_first=True), "recorded_at", "pk")) if targets else []
    return Known(
        involvements,
        by_account,
        holds,
        {transfer.id: transfer for transfer in into},
        {transfer.to_account_id: transfer for transfer in into},
    )


def _held(
    case: Case, wanted: set[UUID], rows: QuerySet[Involvement]
) -> tuple[dict[UUID, Hold], dict[UUID, Involvement]]:
    """The named holds, and the involvement of each account row that a hold stands on (a merged row leads to its root)."""
    related = ("account__institution", "institution", "order__transfer", "legal_profile")
    found = Hold.objects.filter(case=case, pk__in=wanted).select_related(*related)
    holds = {hold.id: hold for hold in found}
    roots = {hold.account_id: root_id(hold.account) for hold in holds.values()}
    by_root = {row.account_id: row for row in rows.filter(account__in=set(roots.values()))}
    return holds, {row: by_root[root] for row, root in roots.items() if root in by_root}


def read_lines(
    case: Case,
    row: OrderKind,
    lines: list[OrderLine],
    terms: OrderTerms,
    found: Problems,
    given: Iterable[Involvement] = (),
) -> list[Target]:
    """The targets of the lines; every problem is noted under `lines.<n>.<field>`. Lines with problems are left out."""
    if not lines:
        found["lines"].append(_("Choose at least one account."))
        return []
    known = known_rows(case, lines, given)
    watches = watches_by_account(case.id) if row.family == "watch" else {}
    targets: list[Target] = []
    seen: set[UUID] = set()
    for position, line in enumerate(lines):
        problems = LineProblems(found, position)
        target = _follow(row, line, known, problems) if row.references_original else _place(row, line, known, problems)
        if target is None:
            continue
        if row.family == "watch":
            _watch(row, target, watches, problems)
        _once(row, target, seen, problems)
        target.amount_minor = _amount(row, line, terms, problems)
        if terms.asked_expires_at and row.verb == "extend":
            _extension(known.holds.get(line.hold_id) if line.hold_id else None, terms.asked_expires_at, problems)
        targets.append(target)
    return targets


def _once(row: OrderKind, target: Target, seen: set[UUID], problems: LineProblems) -> None:
    """Each account stands in a draft once; where holds are followed, each hold does."""
    if row.references_original and target.original is not None:
        subject, text = target.original.id, _("This hold stands in the draft twice. Remove one of the lines.")
    else:
        subject, text = target.account.id, _("This account stands in the draft twice. Remove one of the lines.")
    if subject in seen:
        problems.note("hold" if row.references_original else "involvement", text)
    seen.add(subject)


class LineProblems:
    """Notes problems under the names of one line."""

    def __init__(self, found: Problems, position: int) -> None:
        self.found, self.prefix = found, f"lines.{position}"

    def note(self, name: str, text: Any) -> None:
        """One problem of this line's field."""
        self.found[f"{self.prefix}.{name}"].append(text)


def _place(row: OrderKind, line: OrderLine, known: Known, problems: LineProblems) -> Target | None:
    involvement = known.involvements.get(line.involvement_id) if line.involvement_id else None
    if involvement is None:
        problems.note("involvement", _("This account is not part of the case. Choose one of its accounts."))
        return None
    account = involvement.account
    if account.institution is None:
        problems.note("institution", _("The institution of this account is unknown. Correct the account first."))
        return None
    if not addressable(row, account, account.institution):
        problems.note(
            "institution", _("This kind of order cannot be sent to the account's institution. Choose another kind.")
        )
        return None
    transfer = known.latest_into.get(account.id)
    if line.transfer_id:
        transfer = known.transfers.get(line.transfer_id)
        if transfer is None or transfer.to_account_id != account.id:
            problems.note("transfer", _("This transfer does not lead into the account. Choose one that does."))
    elif transfer is None and row.name == "stop" and involvement.level >= 2:
        problems.note(
            "transfer", _("From level 2 on a stop names the transfer into the account. Record it on the case first.")
        )
    return Target(account, account.institution, involvement, transfer=transfer)


def _watch(row: OrderKind, target: Target, watches: dict[UUID, Order], problems: LineProblems) -> None:
    """An account is watched once in a case; what ends a watch refers to the order that asked for it."""
    running = watches.get(target.account.id)
    if row.name == "watch" and running is not None:
        problems.note("involvement", _("This account is watched already. Wait for its end, or end that watch first."))
    elif row.name == "watch_end":
        if running is None:
            problems.note("involvement", _("No watch of this account runs in this case. There is nothing to end."))
        target.original = running


def _follow(row: OrderKind, line: OrderLine, known: Known, problems: LineProblems) -> Target | None:
    hold = known.holds.get(line.hold_id) if line.hold_id else None
    if hold is None:
        problems.note("hold", _("This hold is not part of the case. Choose one of its holds."))
        return None
    if hold.order.kind not in row.originals:
        problems.note("hold", _("This kind of order does not fit the hold. Choose the kind that does."))
    elif not follows(row, hold, db.require_unit_of_work().now):
        problems.note("hold", _("This hold has ended, or does not run yet. There is nothing left to change."))
    elif row.name == "freeze_extend" and not freeze_allowed(1 + hold.extensions, profile_of(hold.legal_profile)):
        problems.note("hold", _("The law allows no further term of this freeze. Release it, or ask for a new one."))
    involvement = known.by_account.get(hold.account_id)
    return Target(hold.account, hold.institution, involvement, original=hold.order, transfer=hold.order.transfer)


def follows(row: OrderKind, hold: Hold, now: datetime) -> bool:
    """Whether the hold can still be released, or extended: only while it is in force by the clock (domain.md §4)."""
    in_force = hold.status in IN_FORCE and (hold.legal_expires_at is None or hold.legal_expires_at > now)
    return in_force or (row.verb == "release" and hold.status in LIVE and hold.status not in IN_FORCE)


def addressable(row: OrderKind, account: InvolvedAccount, institution: Institution) -> bool:
    """Whether this kind of order can be sent for such an account to such an institution."""
    is_phone = account.kind == InvolvedAccount.Kind.PHONE
    fits = institution.kind in EXECUTING_FOR[row.target] and is_phone == (row.target == "phone")
    return fits and institution.is_active


def _amount(row: OrderKind, line: OrderLine, terms: OrderTerms, problems: LineProblems) -> int | None:
    amount = line.amount_minor
    if row.needs_amount(terms.mode):
        if amount is None or not 0 < amount <= money.MAX_MINOR:
            problems.note("amount", _("A limited measure names an amount above zero. Enter what is to be held."))
    elif amount is not None and (terms.mode or not row.needs_mode):  # a missing mode is told once, on its own field
        problems.note("amount", _("An amount belongs to a limited measure only. Leave it empty."))
    return amount


def _extension(hold: Hold | None, asked: datetime, problems: LineProblems) -> None:
    if hold is not None and hold.legal_expires_at and asked <= hold.legal_expires_at:
        problems.note(
            "hold", _("The end that is asked for is not later than the hold's present end. Choose a later one.")
        )
