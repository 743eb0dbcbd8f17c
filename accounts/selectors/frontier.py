"""Where traced money is now: the accounts to act on next, ranked, with what is known to be held or asked for already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import LedgerAccount, TraceRun
from accounts.rules import frontier as rules
from accounts.selectors.flow import FlowEdge, FlowNode, flow_graph, microseconds, moment
from accounts.selectors.held import Taken
from accounts.selectors.paid_back import paid_back
from antifraud import db
from banks.models import Institution, User
from banks.selectors.prefixes import Bank, banks_of_numbers, institutions_by_text

HOLDING = frozenset({"stop", "freeze"})


@dataclass
class FrontierRow:
    """One account. `amount` is the traced money on it (mainly `end`; `ends` are its parts), `hop` the newest traced
    payment into it, `score` its rank.

    `held` is what holds in force cover of it, `asked` what orders on their way to the bank would add; see `_covered`.
    `paid`: what returns of the case paid out of it while no statement shows it (`paid_back`): it is there no more.
    `candidates` are the banks that a number's prefix may mean, `stated` the institution that the statement's words mean, where
    none is known for sure; `contradicted_by`: the bank of the prefix where the statement names another one. `advice`: done (held
    and asked for in full), watch (held in part), watched, query_transactions, stop.
    """

    flow: FlowNode
    amount: int
    end: str
    came_at: datetime
    freshness: float
    score: float
    hop: FlowEdge | None
    held: int = 0
    asked: int = 0
    paid: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    candidates: list[Bank] = field(default_factory=list)
    stated: Institution | None = None
    contradicted_by: str = ""

    @property
    def node(self) -> int:
        """Its key in the ledger."""
        return self.flow.node

    @property
    def institution(self) -> Institution | None:
        """Who keeps the account, as far as known."""
        return self.flow.row.institution

    @property
    def proposed(self) -> Institution | None:
        """The bank to begin with where none is known: the stated one, else the only one of the prefix; None where they differ."""
        if self.contradicted_by:
            return None
        return self.stated or (self.candidates[0][0] if len(self.candidates) == 1 else None)

    @property
    def is_certain(self) -> bool:
        """Whether its own statement says that the money is there; else only that it came."""
        return self.end in rules.CERTAIN

    @property
    def left(self) -> int:
        """Traced money less what was paid back."""
        return self.amount - self.paid

    @property
    def missing(self) -> int:
        """Traced money, not paid back, that no hold covers."""
        return max(self.left - self.held, 0)

    @property
    def advice(self) -> str:
        """What to do next."""
        if self.held + self.asked >= self.left:
            return "done"
        if self.held:
            return "watched" if any(each.kind == "watch" and each.is_own for each in self.flow.taken) else "watch"
        return "stop" if self.is_certain or not self.flow.is_covered else "query_transactions"


@dataclass
class Frontier:
    """The rows, best first, and what left the reach of orders (`gone`: sums by end, as cash or unnamed)."""

    run: TraceRun
    rows: list[FrontierRow]
    gone: dict[str, int]
    total: int


def frontier(*, user: User, run: TraceRun) -> Frontier:
    """The places of a forward trace at which money is or may be, ranked by amount x freshness (`rules.frontier`).

    NotFound out of reach. Some fifteen statements, whatever the number of places; two more for each account that a
    return of the case was paid out of.
    """
    graph = flow_graph(user=user, run=run)
    now = microseconds(db.app_now())
    hops: dict[int, list[FlowEdge]] = defaultdict(list)
    for edge in graph.edges:
        hops[edge.dst].append(edge)
    rows, gone = [], dict[str, int]()
    for each in graph.nodes.values():
        is_account = each.row.kind == LedgerAccount.Kind.ACCOUNT
        here = {end: amount for end, amount in each.ends.items() if is_account and end in rules.PLACES}
        for end in each.ends.keys() - here.keys():
            gone[end] = gone.get(end, 0) + each.ends[end]
        if sum(here.values()) > 0:
            rows.append(_row(each, here, hops[each.node], now, run.currency))
    _note_paid(run, rows)
    _name_banks([row for row in rows if row.institution is None])
    rows.sort(key=lambda row: (-row.score, -row.amount, row.node))
    return Frontier(run, rows, gone, sum(row.amount for row in rows))


def _note_paid(run: TraceRun, rows: Sequence[FrontierRow]) -> None:
    """Numbers that are one account by now share what was paid out of it."""
    left = paid_back(run.case_id, run.currency)
    for row in rows:
        node = row.flow.row.main or row.node
        row.paid = min(left.get(node, 0), row.amount)
        left[node] = left.get(node, 0) - row.paid


def _name_banks(rows: Sequence[FrontierRow]) -> None:
    """What may be known of banks that the ledger does not know: the statement's words first, then the card prefix.

    Words that mean no institution, beside a prefix that means one, contradict it like those of another one.
    """
    numbers = {row.node: row.flow.row.number.open() for row in rows if row.flow.row.number}
    by_prefix = banks_of_numbers(numbers.values())
    by_text = institutions_by_text({row.flow.row.institution_text for row in rows} - {""}) if rows else {}
    for row in rows:
        found = by_prefix.get(numbers.get(row.node, ""), [])
        row.candidates = [bank for bank in found if bank[0] is not None]
        text = row.flow.row.institution_text
        row.stated = by_text.get(text)
        codes = {code for _bank, code, _name, _sure in found}
        if text and found and (row.stated is None or _code(row.stated) not in codes):
            first = found[0]
            row.contradicted_by = first[0].title if first[0] is not None else first[2]


def _code(bank: Institution) -> str:
    """The code of the bank, also of one of its branches."""
    return bank.bank_code or (bank.parent.bank_code if bank.parent is not None else "")


def _row(each: FlowNode, here: dict[str, int], hops: list[FlowEdge], now: int, currency: str) -> FrontierRow:
    came, amount = each.last_in_at or each.first_at, sum(here.values())
    hop = max(hops, key=lambda edge: (edge.when, edge.entry or 0), default=None)
    held, asked = _covered(amount, [taken for taken in each.taken if taken.currency == currency])
    end = max(here, key=lambda word: (here[word], word in rules.CERTAIN))
    fresh, score = rules.freshness(now, came), rules.rank(amount, now, came)
    return FrontierRow(each, amount, end, moment(came), fresh, score, hop, held, asked, ends=here)


def _covered(amount: int, taken: Sequence[Taken]) -> tuple[int, int]:
    """Of the traced amount: what holds in force cover, what orders on their way would add. All in one currency.

    A hold of the whole account covers all of its money in the hold's own currency and nothing in another: an order
    names a currency and a bank answers for that one (domain.md §4), so money in another one may still leave. Drafts have
    reached nobody, a waiting hold keeps nothing: neither counts. A freeze takes over the stop of its case, so of the
    two the larger counts; of other cases, which the reader is not told, that is assumed of each unit's.
    """
    held, asked, stops, freezes = 0, 0, defaultdict[str, int](int), defaultdict[str, int](int)
    for each in taken:
        if each.kind not in HOLDING:
            continue
        part = amount if each.amount_minor is None else each.amount_minor
        whose = "" if each.order_id else each.unit
        if each.state == "active":
            held += part
            stops[whose] += part if each.kind == "stop" else 0
        elif each.state == "asked" and each.kind == "freeze":
            freezes[whose] += part
        elif each.state == "asked":
            asked += part
    asked += sum(max(part - stops[whose], 0) for whose, part in freezes.items())
    return min(held, amount), min(asked, amount)
