"""One return in words for its page: the rule's reasoning, rows with bars, steps, what may be done now; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from accounts.models import Objection, Refund, RefundRound, RefundShare
from accounts.models.refund import AT_BANK, UNDECIDED
from accounts.policy import RefundAction
from accounts.rules.refunds import BRANCH_LABELS, REASON_LABELS
from accounts.selectors.refund_parties import is_another_name, other_names, victims_left_out
from accounts.services.refunds.checks import OVER
from antifraud import policy
from antifraud.crypto.fields import preload_rows
from antifraud.money import format_minor
from banks.models import Institution, User
from banks.rules.legal_profile import public_language
from banks.selectors.institutions import superiors

S = Refund.Status
ORDER = {S.DRAFTED: 0, S.NOTICED: 1, S.OBJECTED: 1, S.DECIDED: 3, S.FAILED: 3, S.PAID: 4, S.CLOSED: 5}


@dataclass(frozen=True)
class Row:
    """One line of the worksheet with its share."""

    share: RefundShare
    figures: dict[str, Any]

    @property
    def is_other(self) -> bool:
        """Whether somebody of another name than the victim's is paid."""
        return is_another_name(self.share)

    @property
    def steps(self) -> str:
        """How the cents came about, as a sum; "" for a direct return."""
        figures = self.figures
        if not figures["quota_minor"] and not figures["extra"]:
            return ""
        return f"{figures['quota_minor']} + {figures['extra']}"


def refund_page_parts(refund: Refund, now: datetime) -> dict[str, Any]:
    """What the page shows of the present round, of the earlier ones and of the objections."""
    rounds = list(refund.rounds.all())
    current = next(each for each in rounds if each.number == refund.round_number)
    shares = [share for share in refund.shares.all() if share.round_id == current.pk]
    objections = list(refund.objections.all())
    preload_rows([*shares, *(share.victim for share in shares), *objections])
    figures = {row["victim"]: row for row in current.worksheet["rows"]}
    standing = [o for o in objections if _stands(o, current)]
    return {
        "current": current,
        "earlier": [each for each in rounds if each.number != refund.round_number],
        "rows": [Row(share, figures[str(share.victim_id)]) for share in shares],
        "other_names": [str(share.position) for share in other_names(shares)],
        "left_out": victims_left_out(refund, current),
        "totals": current.worksheet["totals"],
        "missing_minor": _missing_now(current, shares),
        "is_stopped": refund.status in UNDECIDED and refund.case.status in OVER,
        "claims": current.worksheet["facts"],
        "branch": _(BRANCH_LABELS[current.branch]),
        "reasons": [_(REASON_LABELS[code]) for code in current.worksheet["reasons"]],
        "passes": _passes(current, shares),
        "objections": objections,
        "standing": standing,
        "notice_runs": current.notice_ends_at is not None and current.notice_ends_at > now,
        "needs_notice": current.branch == RefundRound.Branch.PRO_RATA and current.noticed_at is None,
        "sha256": bytes(current.sha256).hex(),
        "steps": refund_steps(refund, current, now),
        "is_overdue": refund.status in AT_BANK and refund.payout_due_at is not None and refund.payout_due_at <= now,
        "is_submitted": refund.submitted_at is not None and refund.decided_at is None,
        "hold_ends_first": _hold_ends_first(refund, current),
        "to_settle": any(share.outcome in {"", "failed"} and share.share_minor for share in shares),
    }


def _missing_now(current: RefundRound, shares: list[RefundShare]) -> int:
    """What the victims miss after all that this return has paid so far; minor units."""
    paid = sum(share.share_minor for share in shares if share.outcome == RefundShare.Outcome.PAID)
    return int(current.worksheet["totals"]["open_minor"]) - paid


def _passes(current: RefundRound, shares: list[RefundShare]) -> list[str]:
    """Each round of the division in a sentence."""
    language = get_language() or "en"
    currency = current.worksheet["facts"]["currency"]
    places = {str(share.victim_id): share.position for share in shares}
    texts = []
    for each in current.worksheet["passes"]:
        pool, weight = (format_minor(each[name], currency, language) for name in ("pool_minor", "weight_minor"))
        text = _("{pool} are divided by losses of {weight} in all.").format(pool=pool, weight=weight)
        if each["capped"]:
            lines = ", ".join(str(places[victim]) for victim in each["capped"])
            text += " " + _("Lines that would get more than is missing get exactly that: {lines}.").format(lines=lines)
        texts.append(text)
    return texts


def _stands(objection: Objection, current: RefundRound) -> bool:
    """Undecided in any round, or upheld since the current one began."""
    if objection.decided_at is None:
        return True
    return objection.decision == Objection.Decision.UPHELD and objection.decided_at >= current.opened_at


def _hold_ends_first(refund: Refund, current: RefundRound) -> bool:
    """Whether the measure runs out before the notice or the payout does: then nothing is left to be returned."""
    end = refund.hold.legal_expires_at
    over = refund.payout_due_at if refund.status in AT_BANK else current.notice_ends_at
    return refund.status not in {S.PAID, S.CLOSED} and end is not None and over is not None and end <= over


def refund_steps(refund: Refund, current: RefundRound, now: datetime) -> list[dict[str, Any]]:
    """Drafted → notice → approval → at the bank → paid → closed for the component `steps`."""
    direct = current.branch != RefundRound.Branch.PRO_RATA
    marks: list[tuple[str, datetime | None]] = [
        (_("Drafted"), current.opened_at),
        (_("No notice needed") if direct else _("Public notice"), current.noticed_at),
        (_("Awaiting approval"), refund.submitted_at),
        (_("Decided"), refund.decided_at),
        (_("Paid"), refund.paid_at),
        (_("Ended"), refund.closed_at),
    ]
    at = ORDER[S(refund.status)]
    if refund.status in UNDECIDED and refund.submitted_at is not None:
        at = 2
    given_up = refund.status == S.CLOSED and refund.decided_at is None
    items = []
    for position, (label, moment) in enumerate(marks):
        state = "done" if position < at and (moment or (position == 1 and direct)) else "todo"
        if position == at:
            state = "problem" if refund.status in {S.FAILED, S.OBJECTED} else "current"
            state = "done" if refund.status in {S.CLOSED, S.PAID} else state
        if given_up and position == 5:
            state, label = "problem", _("Given up")
        hint = timezone.localtime(moment).strftime("%m-%d %H:%M") if moment and state != "todo" else ""
        items.append({"label": label, "state": state, "hint": hint})
    return items


def refund_actions(user: User, refund: Refund, parts: dict[str, Any]) -> dict[str, bool]:
    """Role, unit and state decide what is offered. The services ask all again."""
    own = user.institution_id in {refund.unit_id, refund.case.unit_id}
    undecided = refund.status in UNDECIDED
    submitted, goes_on = parts["is_submitted"], not parts["is_stopped"]

    def may(action: RefundAction) -> bool:
        return policy.can(user, action)

    people = {refund.operator_id, refund.second_officer_id, refund.drafted_by_id}
    deciders = {refund.operator_id, refund.second_officer_id, refund.approver_id}
    on_paper = own and refund.status in AT_BANK and not refund.institution.connected and user.id not in deciders
    ripe = goes_on and not (parts["needs_notice"] or parts["notice_runs"] or parts["standing"])
    return {
        "renew": own and undecided and goes_on and may(RefundAction.REFUND_RENEW),
        "notice": own and goes_on and refund.status == S.DRAFTED and parts["needs_notice"] and may(RefundAction.REFUND_NOTICE),
        "object": refund.status in {S.NOTICED, S.OBJECTED} and may(RefundAction.REFUND_OBJECT),
        "submit": own and undecided and not submitted and ripe and may(RefundAction.REFUND_SUBMIT),
        "recall": own and undecided and submitted and may(RefundAction.REFUND_RECALL),
        "withdraw": own and undecided and may(RefundAction.REFUND_WITHDRAW),
        "decide": submitted and user.id not in people and may(RefundAction.REFUND_APPROVE) and _above(user, refund),
        "close": own and refund.status in {S.PAID, S.FAILED} and not parts["to_settle"] and may(RefundAction.REFUND_CLOSE),
        "give_up": own and refund.status == S.FAILED and may(RefundAction.REFUND_GIVE_UP),
        "decide_objection": undecided and may(RefundAction.OBJECTION_DECIDE),
        "record": on_paper and may(RefundAction.REFUND_REPORT),
        "export": may(RefundAction.REFUND_EXPORT),
        "export_clear": may(RefundAction.REFUND_EXPORT) and may(RefundAction.REFUND_REVEAL),
        "paper": refund.decided_at is not None,
    }  # fmt: skip


def notice_draft(refund: Refund) -> str:
    """A first text of the public notice, to be edited; it names nobody. In the language of the legal profile's public."""
    with override(public_language(refund.legal_profile.code)):
        return _(
            "In case {case} money on an account at {bank} is to be returned to those who were defrauded. Whoever paid into "
            "this account as a victim, or has another claim to the money, may object or report at {unit} within the term."
        ).format(case=refund.case.number, bank=refund.institution.title, unit=refund.unit.title)


def _above(user: User, refund: Refund) -> bool:
    """Of the unit that drafted it, a body above that one, or a centre: whose case it is by now does not count."""
    return user.institution.kind == Institution.Kind.CENTRE or user.institution_id in superiors(refund.unit)
