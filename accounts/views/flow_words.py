"""The words of the fund flow: how a trace ends at an account, what holds an account, shapes for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import LedgerAccount
from accounts.selectors.flow import FlowNode
from accounts.selectors.held import Taken
from antifraud import money
from banks.templatetags.ui_words import KIND


@dataclass(frozen=True)
class End:
    """How a trace ends at an account: the words, what they mean, and a short word for the picture."""

    word: Any
    meaning: Any
    short: Any


ENDS: dict[str, End] = {
    "resting": End(
        gettext_lazy("Rests here"),
        gettext_lazy("Its statement shows that the money has not left."),
        gettext_lazy("rests"),
    ),
    "unknown": End(
        gettext_lazy("Unknown from here"),
        gettext_lazy("No statement of this account is known. Ask its bank for the transactions."),
        gettext_lazy("unknown"),
    ),
    "cash": End(
        gettext_lazy("Drawn in cash"), gettext_lazy("The money left the accounts as cash."), gettext_lazy("cash")
    ),
    "unnamed": End(
        gettext_lazy("Receiver not named"),
        gettext_lazy("The bank does not say who received the money."),
        gettext_lazy("not named"),
    ),
    "passed": End(gettext_lazy("Passed on"), gettext_lazy("All of it went on to others."), gettext_lazy("passed on")),
    "cut": End(
        gettext_lazy("Not followed further"),
        gettext_lazy("A limit of the trace was reached here. Run it with higher limits."),
        gettext_lazy("not followed"),
    ),
    "window": End(
        gettext_lazy("Left later"),
        gettext_lazy("It lay here longer than the hours that were given. Run it with a longer time."),
        gettext_lazy("left later"),
    ),
    "below_minimum": End(
        gettext_lazy("Small payments"),
        gettext_lazy("It left in payments below the smallest amount."),
        gettext_lazy("small sums"),
    ),
    "returned": End(
        gettext_lazy("Came back"),
        gettext_lazy("The money returned to an account where the trace began."),
        gettext_lazy("came back"),
    ),
    "opening": End(
        gettext_lazy("From the opening balance"),
        gettext_lazy("It was there before the first row of the statement."),
        gettext_lazy("from opening"),
    ),
    "reached": End(
        gettext_lazy("Reached"), gettext_lazy("Traced money can have come here in time."), gettext_lazy("reached")
    ),
    "converted": End(
        gettext_lazy("Changed into another currency"),
        gettext_lazy("Currencies are kept apart: follow the other currency in a trace of its own."),
        gettext_lazy("exchanged"),
    ),
}
UNKNOWN_END = End("", "", "")
KINDS: dict[str, Any] = {
    LedgerAccount.Kind.CASH: gettext_lazy("Cash"),
    LedgerAccount.Kind.UNNAMED: gettext_lazy("Not named"),
}
TAKEN: dict[str, Any] = {
    "active": gettext_lazy("Held"),
    "waiting": gettext_lazy("On the waiting list"),
    "asked": gettext_lazy("Asked for"),
    "drafted": gettext_lazy("Drafted"),
}
HOLDING = ("stop", "freeze")


def end_of(node: FlowNode) -> End:
    """How the trace ends at a node; an unknown word says nothing."""
    return ENDS.get(node.end, UNKNOWN_END)


def number_of(node: FlowNode) -> str:
    """The masked number, or what stands for one."""
    if node.row.kind in KINDS:
        return str(KINDS[node.row.kind])
    return node.row.number.masked() if node.row.number else _("Not known")


def bank_of(node: FlowNode) -> str:
    """The institution's name, or that nobody knows it."""
    if node.row.kind in KINDS:
        return ""
    return node.bank or _("Bank not known")


def level_of(node: FlowNode) -> str:
    """The victim, or how many payments away from one."""
    if node.is_seed:
        return pgettext("flow", "Start")
    return _("Level {n}").format(n=node.level)


def amount_text(amount: int, currency: str) -> str:
    """Money as people read it, without the currency's code."""
    return f"{money.from_minor(amount, currency):,f}"


def state_of(node: FlowNode) -> str:
    """The one word by which a node is drawn: seed, held, asked, then how the trace ends there."""
    if node.is_seed:
        return "seed"
    holding = {each.state for each in node.taken if each.kind in HOLDING}
    if "active" in holding:
        return "held"
    if holding & {"asked", "waiting", "drafted"}:
        return "asked"
    return "beyond" if node.is_beyond else node.end or "passed"


def taken_words(each: Taken, currency: str) -> str:
    """One hold or order in words: what, by whom, how much."""
    if each.kind not in HOLDING:
        return f"{KIND[each.kind].label if each.kind in KIND else each.kind} · {each.unit}"
    amount = amount_text(each.amount_minor, currency) if each.amount_minor is not None else _("the whole account")
    return f"{TAKEN[each.state]} · {each.unit} · {amount}"


def node_label(node: FlowNode, currency: str) -> str:
    """Everything that the picture shows of a node, in one sentence for those who hear it."""
    parts = [number_of(node), bank_of(node), level_of(node)]
    if node.is_beyond:
        parts.append(_("not part of the trace"))
    else:
        parts.append(_("traced in {amount}").format(amount=amount_text(node.came, currency)))
        if node.rest:
            parts.append(_("of it here {amount}").format(amount=amount_text(node.rest, currency)))
        parts.append(str(end_of(node).word))
    parts += [taken_words(each, currency) for each in node.taken if each.kind in HOLDING]
    if node.hidden:
        parts.append(_("{count} neighbours not shown").format(count=node.hidden))
    return ", ".join(part for part in parts if part)
