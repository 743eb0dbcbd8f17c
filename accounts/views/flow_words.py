"""The words of the fund flow: how a trace ends at an account, what holds an account, shapes for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

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
# What an account with several ends is drawn as: where the money may be somewhere else before what is known to be here.
WORST = (
    "unknown", "cut", "unnamed", "opening", "cash", "window", "resting", "converted", "returned", "below_minimum", "reached",
)  # fmt: skip
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


class Labels:
    """What is said of every account, in one language: a picture asks for each of these texts hundreds of times."""

    def __init__(self) -> None:
        self.kinds = {kind: str(word) for kind, word in KINDS.items()}
        self.ends = {word: str(end.word) for word, end in ENDS.items()}
        self.shorts = {word: str(end.short) for word, end in ENDS.items()}
        self.several = pgettext("flow", "in parts")
        self.no_number, self.no_bank = _("Not known"), _("Bank not known")
        self.start, self.depth = pgettext("flow", "Start"), _("Level {n}")
        self.beyond, self.not_traced = _("not part of the trace"), _("not traced")
        self.came, self.rest = _("traced in {amount}"), _("of it here {amount}")
        self.is_return = _("return")
        self.hidden: dict[int, str] = {}
        self.one_payment = ngettext("{count} payment", "{count} payments", 1).format(count=1)

    def payments(self, count: int) -> str:
        """How many."""
        if count == 1:
            return self.one_payment
        return ngettext("{count} payment", "{count} payments", count).format(count=count)

    def number(self, node: FlowNode) -> str:
        """The masked number, or what stands for one."""
        return self.kinds.get(node.row.kind) or node.masked or self.no_number

    def bank(self, node: FlowNode) -> str:
        """The institution's name, or that nobody knows it."""
        return "" if node.row.kind in self.kinds else node.bank or self.no_bank

    def level(self, node: FlowNode) -> str:
        """The victim, or how many payments away from one."""
        return self.start if node.is_seed else self.depth.format(n=node.level)

    def ending(self, node: FlowNode, currency: str) -> str:
        """How the trace ends here; each part with its amount where there are several."""
        parts = ends_in_order(node.ends)
        if len(parts) < 2:
            return self.ends.get(parts[0][0] if parts else node.end, "")
        return " · ".join(f"{amount_text(amount, currency)} {self.ends[word]}" for word, amount in parts)

    def short_ending(self, node: FlowNode) -> str:
        """The same in a word, to stand behind the sum: of several parts none is named for all."""
        parts = ends_in_order(node.ends)
        return self.several if len(parts) > 1 else self.shorts.get(parts[0][0] if parts else node.end, "")

    def sentence(self, node: FlowNode, currency: str) -> str:
        """Everything that the picture shows of a node, for those who hear it."""
        parts = [self.number(node), self.bank(node), self.level(node)]
        if node.is_beyond:
            parts.append(self.beyond)
        else:
            parts.append(self.came.format(amount=amount_text(node.came, currency)))
            if node.rest:
                parts.append(self.rest.format(amount=amount_text(node.rest, currency)))
            parts.append(self.ending(node, currency))
        parts += [taken_words(each, currency) for each in node.taken if each.kind in HOLDING]
        if node.hidden:
            parts.append(self._hidden(node.hidden))
        return ", ".join(filter(None, parts))

    def _hidden(self, count: int) -> str:
        """How many neighbours are not shown; a few counts come again and again."""
        if count not in self.hidden:
            text = ngettext("{count} neighbour not shown", "{count} neighbours not shown", count)
            self.hidden[count] = text.format(count=count)
        return self.hidden[count]


@lru_cache(maxsize=8)
def _labels(language: str | None) -> Labels:
    return Labels()


def labels() -> Labels:
    """The texts in the reader's language; the catalogues do not change while a process runs."""
    return _labels(get_language())


def ends_in_order(ends: Mapping[str, int]) -> list[tuple[str, int]]:
    """The parts of what is left, the largest first; what no word is known for is left out."""
    found = [(word, amount) for word, amount in ends.items() if amount and word in ENDS]
    return sorted(found, key=lambda each: -each[1])


def parts_of(ends: Mapping[str, int], end: str = "") -> list[tuple[End, int]]:
    """The same with their texts; where nothing is left, how the trace ends all the same (as passed on)."""
    parts = [(ENDS[word], amount) for word, amount in ends_in_order(ends)]
    return parts or ([(ENDS[end], 0)] if end in ENDS else [])


def ends_text(node: FlowNode, currency: str) -> str:
    """How the trace ends at a node, part by part."""
    return labels().ending(node, currency)


def _drawn_end(node: FlowNode) -> str:
    parts = [word for word, amount in node.ends.items() if amount]
    return next((word for word in WORST if word in parts), node.end or "passed")


def number_of(node: FlowNode) -> str:
    """The masked number, or what stands for one."""
    return labels().number(node)


def bank_of(node: FlowNode) -> str:
    """The institution's name, or that nobody knows it."""
    return labels().bank(node)


def level_of(node: FlowNode) -> str:
    """The victim, or how many payments away from one."""
    return labels().level(node)


@lru_cache(maxsize=8192)
def amount_text(amount: int, currency: str) -> str:
    """Money as people read it, without the currency's code."""
    return f"{money.from_minor(amount, currency):,f}"


def state_of(node: FlowNode) -> str:
    """The one word by which a node is drawn: seed, held, asked, then the worst of how the trace ends there."""
    if node.is_seed:
        return "seed"
    if not node.taken:
        return "beyond" if node.is_beyond else _drawn_end(node)
    # A hold whose money went back keeps nothing.
    holding = {each.state for each in node.taken if each.kind in HOLDING and each.amount_minor != 0}
    if "active" in holding:
        return "held"
    if holding & {"asked", "waiting", "drafted"}:
        return "asked"
    return "beyond" if node.is_beyond else _drawn_end(node)


def taken_words(each: Taken, currency: str) -> str:
    """One hold or order in words: what, by whom, how much."""
    if each.kind not in HOLDING:
        return f"{KIND[each.kind].label if each.kind in KIND else each.kind} · {each.unit}"
    amount = amount_text(each.amount_minor, currency) if each.amount_minor is not None else _("the whole account")
    return f"{TAKEN[each.state]} · {each.unit} · {amount}"
