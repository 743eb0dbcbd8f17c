"""Compares what clients were told, what the database holds, what banks did and what the audit log says; pure functions.

Nothing here asks a server: `facts` collects, this judges. Every rule names what it found, so that a run that fails
says which order and why. The rules are tested against relays that are broken on purpose (test_checker).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# How far an order has come. A step to a lower or equal rank is a regression; `draft` again (a recall) is not played.
RANK = {
    "draft": 0, "awaiting_approval": 1, "issued": 2, "acknowledged": 3, "answered": 4, "rejected": 4, "cancelled": 4, "superseded": 5,
}  # fmt: skip
ISSUED_FROM = RANK["issued"]
FINISHED = "transported"
DISCARDED = "stale"  # a post that came back after its lease: told as evidence, without effect


@dataclass(frozen=True)
class Ack:
    """A 2xx that a submitting client was given: it asked for `order` under `key` and was told `said`."""

    order: str
    key: str
    said: str


@dataclass(frozen=True)
class DeliveryRow:
    """A row of the lane; times are seconds of the database's clock."""

    id: str
    institution: str
    topic: str
    subject: str
    state: str
    attempt: int
    created_at: float = 0.0
    available_at: float | None = None


@dataclass(frozen=True)
class AttemptRow:
    """A try that was written down; `place` is the order in which they were written."""

    delivery: str
    number: int
    outcome: str
    door: str
    place: int


@dataclass(frozen=True)
class Step:
    """An audited step of an order; `before` is empty for its beginning."""

    order: str
    verb: str
    before: str
    after: str


@dataclass(frozen=True)
class Received:
    """A bank's journal: what came to it, in the order in which it came."""

    bank: str
    order: str
    delivery: str
    topic: str
    attempt: int
    status: str


@dataclass(frozen=True)
class Facts:
    """Everything known about the orders of one run."""

    acks: Sequence[Ack] = ()
    orders: Mapping[str, str] = field(default_factory=dict)  # id → status
    deliveries: Sequence[DeliveryRow] = ()
    attempts: Sequence[AttemptRow] = ()
    steps: Sequence[Step] = ()
    answers: Sequence[str] = ()  # the order of each answer row that takes effect
    holds: Sequence[str] = ()  # the order of each hold row
    received: Sequence[Received] = ()
    effects: Sequence[str] = ()  # the order of each effect that a bank carried out
    told_answered: Sequence[str] = ()  # the order of each answer that a bank was given a 2xx for
    accepted_acks: Sequence[tuple[str, int]] = ()  # (delivery, attempt) whose queue ack was accepted


@dataclass(frozen=True)
class Finding:
    """One broken promise."""

    rule: str
    subject: str
    detail: str = ""


def check(facts: Facts, *, arrived: bool = True) -> list[Finding]:
    """Every broken promise. `arrived=False`: the run ended before the banks could have everything."""
    return [
        *absent(facts),
        *(lost(facts) if arrived else []),
        *doubled(facts),
        *regressed(facts),
        *stale(facts),
        *unaudited(facts),
        *unpaired(facts),
    ]


def absent(facts: Facts) -> list[Finding]:
    """Told 2xx, and not in the database: issued orders, answers, and a replay that names another order (I1, R8)."""
    found = []
    for ack in facts.acks:
        status = facts.orders.get(ack.order)
        if status is None or RANK[status] < ISSUED_FROM or status == "rejected":
            found.append(Finding("absent", ack.order, f"acknowledged under {ack.key}, but it is {status or 'missing'}"))
        if ack.said != ack.order:
            found.append(Finding("absent", ack.order, f"key {ack.key} was answered with {ack.said}"))
    kept = set(facts.answers)
    found += [
        Finding("absent", order, "the bank's answer was acknowledged")
        for order in set(facts.told_answered)
        if order not in kept
    ]
    return found


def lost(facts: Facts) -> list[Finding]:
    """Issued, and never in the hands of its bank: no delivery, one that did not end, or none of it in any journal."""
    came = {(line.order, line.topic) for line in facts.received}
    found = []
    rows = {row.subject for row in facts.deliveries if row.topic == "order.issued"}
    for order in sorted({ack.order for ack in facts.acks}):
        if order not in rows:
            found.append(Finding("lost", order, "it has no delivery"))
        elif (order, "order.issued") not in came:
            found.append(Finding("lost", order, "it is in no bank's journal"))
    found += [
        Finding("lost", row.subject, f"its delivery {row.id} is {row.state}")
        for row in facts.deliveries
        if row.state != FINISHED and row.topic == "order.issued"
    ]
    return found


def doubled(facts: Facts) -> list[Finding]:
    """One order, two of something that may be only one: effects, answers, holds, deliveries, issues (I2, R7)."""
    counts: dict[str, Counter[Any]] = {
        "effects": Counter(facts.effects),
        "answers": Counter(facts.answers),
        "holds": Counter(facts.holds),
        "deliveries": Counter((row.subject, row.institution, row.topic) for row in facts.deliveries),
        "orders under one key": _orders_by_key(facts.acks),
        "issues": Counter(step.order for step in facts.steps if step.after == "issued"),
    }
    return [
        Finding("doubled", str(subject), f"{number} {what}")
        for what, counted in counts.items()
        for subject, number in counted.items()
        if number > 1
    ]


def _orders_by_key(acks: Iterable[Ack]) -> Counter[str]:
    said: dict[str, set[str]] = defaultdict(set)
    for ack in acks:
        said[ack.key].add(ack.said)
    return Counter({key: len(orders) for key, orders in said.items()})


def redeliveries(facts: Facts) -> dict[str, int]:
    """Delivery → how often it came again after the first time (allowed, but bounded: the receiver dedupes)."""
    return {delivery: count - 1 for delivery, count in Counter(line.delivery for line in facts.received).items()}


def regressed(facts: Facts) -> list[Finding]:
    """Backward steps: in the audited history, in what one bank was shown, in the attempts' numbers it saw."""
    found = [
        Finding("regressed", step.order, f"{step.verb}: {step.before} to {step.after}")
        for step in facts.steps
        if step.before and RANK[step.after] <= RANK[step.before]
    ]
    shown: dict[tuple[str, str], str] = {}
    tried: dict[tuple[str, str], int] = {}
    for line in facts.received:
        status, attempt = shown.get((line.bank, line.order)), tried.get((line.bank, line.delivery), 0)
        if status is not None and RANK[line.status] < RANK[status]:
            found.append(Finding("regressed", line.order, f"{line.bank} saw {status}, then {line.status}"))
        if line.attempt <= attempt:
            found.append(Finding("regressed", line.order, f"{line.bank} saw attempt {attempt}, then {line.attempt}"))
        shown[(line.bank, line.order)], tried[(line.bank, line.delivery)] = line.status, line.attempt
    return found


def stale(facts: Facts) -> list[Finding]:
    """A result that was taken from somebody who had lost the lease (R2): it must have been discarded."""
    rows = {row.id: row for row in facts.deliveries}
    ended: dict[str, AttemptRow] = {}
    found = []
    for attempt in sorted(facts.attempts, key=lambda one: one.place):
        before = ended.get(attempt.delivery)
        if before is not None and attempt.outcome != DISCARDED:
            found.append(
                Finding(
                    "stale", attempt.delivery, f"attempt {attempt.number} was written after the end ({before.number})"
                )
            )
        if attempt.outcome == FINISHED:
            ended[attempt.delivery] = attempt
    for delivery, attempt_row in ended.items():
        row = rows.get(delivery)
        if row is not None and row.state != FINISHED:
            found.append(
                Finding("stale", delivery, f"it was finished by attempt {attempt_row.number}, now it is {row.state}")
            )
    for delivery, number in facts.accepted_acks:
        row = rows.get(delivery)
        if row is not None and number != row.attempt:
            found.append(
                Finding("stale", delivery, f"the receipt of attempt {number} was accepted, the last is {row.attempt}")
            )
    return found


def unaudited(facts: Facts) -> list[Finding]:
    """The audited steps of an order must lead, one from the other, from its beginning to where it stands (I6)."""
    steps: dict[str, list[Step]] = defaultdict(list)
    for step in facts.steps:
        steps[step.order].append(step)
    found = []
    for order, status in facts.orders.items():
        reached, left = _walk(steps[order])
        if left:
            found.append(
                Finding("unaudited", order, f"steps that nothing leads to: {sorted(step.verb for step in left)}")
            )
        if reached != status:
            found.append(Finding("unaudited", order, f"the log ends at {reached or 'nothing'}, the order is {status}"))
    return found


def _walk(steps: list[Step]) -> tuple[str, list[Step]]:
    """Follow the steps from the beginning; where that leads, and the steps that are left over."""
    left, at = list(steps), ""
    while True:
        following = next((step for step in left if step.before == at), None)
        if following is None:
            return at, left
        left.remove(following)
        at = following.after


def unpaired(facts: Facts) -> list[Finding]:
    """An answer without an effect at the bank, or an effect that the platform has no answer for (after the drain)."""
    effects, answers = set(facts.effects), set(facts.answers)
    found = [Finding("unpaired", order, "answered, but the bank did nothing") for order in sorted(answers - effects)]
    return found + [
        Finding("unpaired", order, "the bank acted, but its answer is missing")
        for order in sorted(effects - answers)
        if facts.orders.get(order) in {"issued", "acknowledged"}
    ]


def late(facts: Facts, seconds: float) -> list[Finding]:
    """Deliveries that took longer than `seconds` from the commit into their bank's reach."""
    return [
        Finding("late", row.subject, f"available {row.available_at - row.created_at:.1f} s after its commit")
        for row in facts.deliveries
        if row.available_at is not None and row.available_at - row.created_at > seconds
    ]
