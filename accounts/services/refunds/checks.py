"""Whether a return may be drafted: hold, unit, and each line of the claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Hold, Order, Refund, RefundShare, TraceRun
from accounts.models.order import OPEN
from accounts.policy import FlowAction
from accounts.selectors.holds_beside import RETURNABLE
from accounts.selectors.refund_payees import HELD, INVOLVED, payees_barred
from accounts.services.refunds.facts import held_left, is_in_force
from accounts.services.refunds.inputs import ClaimInput
from antifraud import db, money, policy
from antifraud.crypto.forbidden import reject_forbidden
from antifraud.crypto.normal import normal_account
from antifraud.errors import Conflict, Forbidden, Invalid, WrongState
from banks.models import User
from cases.models import Case, Victim
from cases.policy import Action as CaseAction

Problems = dict[str, list[Any]]
SHORTEST_ACCOUNT = 4
# What is held in such a case is on its way back to the holder, not to a victim.
OVER = frozenset({Case.Status.NOT_FILED, Case.Status.WITHDRAWN, Case.Status.NOT_FRAUD, Case.Status.CLOSED})
BARRED = {
    HELD: _("This is the account on which the money is held. Enter the victim's own account."),
    INVOLVED: _(
        "This account is involved in the case. Enter the victim's own account; if it is theirs, dismiss its involvement first."
    ),
}
RELEASES = (Order.Kind.STOP_RELEASE, Order.Kind.FREEZE_RELEASE)


def require_unit(by: User, *unit_ids: UUID) -> None:
    """Raise Forbidden for officers of other units than the one that drafted it or that the case belongs to."""
    if by.institution_id not in unit_ids:
        raise Forbidden(_("Only officers of the issuing unit may do this."))


def require_holdable(hold: Hold) -> None:
    """Raise where nothing can be returned out of the hold: no filed case, or one that is over, a release under way, no
    sum, no measure in force. The case stays locked, so that neither it nor its orders change before the act is written.
    """
    case = db.lock(Case.objects.filter(pk=hold.case_id)).only("pk", "status", "filed_on").get()
    if case.filed_on is None:
        raise WrongState(_("Money is returned in a filed case only. Record the case filing first."))
    if case.status in OVER or Order.objects.filter(original=hold.order_id, kind__in=RELEASES, status__in=OPEN).exists():
        raise WrongState(
            _("The case is over, or a release of this hold is under way: nothing is returned out of it."),
            extra={"state": case.status},
        )
    if hold.kind not in RETURNABLE or not hold.amount_minor:
        raise Invalid(fields={"hold": [_("This hold names no sum of money. Choose another one.")]})
    if not is_in_force(hold):
        raise Conflict(
            _("The hold is not in force any more: nothing is there to be returned. Ask for a new measure."),
            code="hold_ended",
        )
    if held_left(hold) <= 0:
        raise Invalid(fields={"hold": [_("All of this hold is returned already. Choose another one.")]})


def claim_rows(by: User, refund: Refund, claims: Iterable[ClaimInput], found: Problems) -> list[RefundShare]:
    """Unsaved shares without amounts; every problem is noted under the line's place. Foreign ids are not found."""
    given = list(claims)
    rows = policy.scope(by, CaseAction.VICTIM_VIEW, Victim.objects.filter(case=refund.case_id))
    victims = {victim.id: victim for victim in rows.filter(pk__in=[claim.victim_id for claim in given])}
    wanted = {claim.run_id for claim in given if claim.run_id}
    runs = policy.scope(by, FlowAction.TRACE_VIEW, TraceRun.objects.filter(case=refund.case_id, pk__in=wanted))
    known = {run.id: run for run in runs}
    shares = []
    for at, claim in enumerate(given):
        place = claim.place or f"claims.{at}"
        _line(claim, place, victims, found)
        run = known.get(claim.run_id) if claim.run_id else None
        _trace(claim, place, run, refund, found)
        victim = victims.get(claim.victim_id)
        if victim is None:
            continue
        shares.append(
            RefundShare(
                case=refund.case,
                refund=refund,
                victim=victim,
                run=run,
                reported_at=claim.reported_at,
                loss_minor=claim.loss_minor,
                elsewhere_minor=claim.elsewhere_minor,
                share_minor=0,
                payee_name=claim.payee_name.strip(),
                payee_account=normal_account(claim.payee_account),
                payee_bank=claim.payee_bank.strip(),
            )
        )
    _seeds_apart(given, known, found)
    _payees_apart(given, refund, found)
    return shares


def require_payees(refund: Refund, shares: Iterable[RefundShare]) -> None:
    """Raise Invalid, by line, where a payee has turned out to be the held account or an involved one since the draft."""
    paid = [share for share in shares if share.share_minor]
    numbers = {share.position: share.payee_account.open() for share in paid}
    barred = payees_barred(refund.hold, numbers.values())
    texts = [
        _("Line {number}: {problem}").format(number=position, problem=BARRED[barred[number]])
        for position, number in numbers.items()
        if number in barred
    ]
    if texts:
        raise Invalid(fields={"claims": texts})


def _line(claim: ClaimInput, place: str, victims: dict[UUID, Victim], found: Problems) -> None:
    problems: defaultdict[str, list[Any]] = defaultdict(list)
    if claim.victim_id not in victims:
        problems["victim"].append(_("This victim does not belong to the case. Choose one of its victims."))
    _amounts(claim, problems)
    if claim.reported_at > db.require_unit_of_work().now:
        problems["reported_at"].append(_("The report lies in the future. Enter when the victim reported."))
    if not claim.payee_name.strip():
        problems["payee_name"].append(_("Name the holder of the account that is paid."))
    if len(normal_account(claim.payee_account)) < SHORTEST_ACCOUNT:
        problems["payee_account"].append(_("Enter the number of the account that is paid."))
    if not claim.payee_bank.strip():
        problems["payee_bank"].append(_("Name the bank of the account that is paid."))
    try:
        reject_forbidden(claim.payee_name, field="payee_name")
    except Invalid as refused:
        problems["payee_name"] += refused.fields["payee_name"]
    for name, texts in problems.items():
        found[f"{place}.{name}"] = texts


def _payees_apart(claims: list[ClaimInput], refund: Refund, found: Problems) -> None:
    """Money goes back to victims, not to where it is held or to another account of the case."""
    barred = payees_barred(refund.hold, [claim.payee_account for claim in claims])
    for at, claim in enumerate(claims):
        if claim.payee_account in barred:
            name = f"{claim.place or f'claims.{at}'}.payee_account"
            found[name] = [*found.get(name, []), BARRED[barred[claim.payee_account]]]


def _amounts(claim: ClaimInput, problems: defaultdict[str, list[Any]]) -> None:
    if not 0 < claim.loss_minor <= money.MAX_MINOR:
        problems["loss"].append(_("Enter the victim's loss, an amount above zero."))
    if not 0 <= claim.elsewhere_minor <= money.MAX_MINOR:
        problems["elsewhere"].append(_("What came back already cannot be negative. Correct it or leave it empty."))
    elif claim.elsewhere_minor > claim.loss_minor > 0:
        problems["elsewhere"].append(_("More came back than was lost. Correct the loss or what came back."))


def _trace(claim: ClaimInput, place: str, run: TraceRun | None, refund: Refund, found: Problems) -> None:
    if claim.run_id is None:
        return
    if run is None or run.direction != TraceRun.Direction.FORWARD or run.currency != refund.currency:
        found[f"{place}.run"] = [_("Choose a forward trace of this case in the hold's currency, or leave it empty.")]


def _seeds_apart(claims: list[ClaimInput], runs: dict[UUID, TraceRun], found: Problems) -> None:
    """Two victims' traces must not start from the same money."""
    seen: set[Any] = set()
    for at, claim in enumerate(claims):
        run = runs.get(claim.run_id) if claim.run_id else None
        entries = {seed["entry"] for seed in run.seeds} if run else set()
        if entries & seen:
            found[f"{claim.place or f'claims.{at}'}.run"] = [
                _("This trace starts from a payment that another victim's trace starts from. Choose each victim's own.")
            ]
        seen |= entries
