"""Which traces of a case stand for its victims' money: one rule for the frontier, the orders drafted from it and a bank's view.

The forward traces that say amounts and begin with victims' payments alone; in each currency the one that begins with most
of them, of equals the newest. Beside it stands every other one that begins with none of the same payments, in the same
order, so that no payment counts twice. A newer trace of one victim takes no other victim's money away (ADR 0021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import LedgerAccount, TraceRun
from accounts.selectors.flow_seeds import victims_among
from accounts.selectors.traces import begin_with_victims_of, entries_now, victims_entries


@dataclass(frozen=True)
class VictimsTrace:
    """One of them: `begins` are the ledger's entries that it begins with, `whole` the victims' payments that are in it whole."""

    run_id: UUID
    number: int
    currency: str
    begins: frozenset[int]
    whole: frozenset[int]


@dataclass(frozen=True)
class VictimsTraces:
    """`payments`: the victims' payments, entry -> (amount in minor units, currency); `chosen`: the traces, most payments first."""

    payments: Mapping[int, tuple[int, str]]
    chosen: list[VictimsTrace]

    @property
    def first(self) -> VictimsTrace | None:
        """The one whose frontier is shown unless another one is asked for."""
        return next(iter(self.chosen), None)

    @property
    def missing(self) -> dict[int, tuple[int, str]]:
        """The victims' payments that are whole in none of the traces."""
        found = {entry for each in self.chosen for entry in each.whole}
        return {entry: each for entry, each in self.payments.items() if entry not in found}

    def missing_sums(self) -> list[tuple[str, int]]:
        """What is missing: (currency, amount in minor units)."""
        sums: dict[str, int] = {}
        for amount, currency in self.missing.values():
            sums[currency] = sums.get(currency, 0) + amount
        return sorted(sums.items())


def victims_payments(case_id: UUID) -> dict[int, tuple[int, str]]:
    """What traces of victims' money begin with (`victims_entries`), by time: entry -> (amount, currency).

    Filed transfers whose payer nobody knows are among them. The caller has judged who reads.
    """
    found = victims_entries(case_id, victims_among(LedgerAccount.objects.all(), case_id))
    return {entry: (amount, currency) for entry, amount, currency in found}


def victims_traces(runs: QuerySet[TraceRun], case_id: UUID) -> VictimsTraces:
    """The rule of this module over these runs of one case; the caller has judged who reads. Eight statements at most."""
    payments = victims_payments(case_id)
    forward = runs.filter(case=case_id, direction=TraceRun.Direction.FORWARD).exclude(method=TraceRun.Method.REACH)
    # Of equal seeds the newest counts; a case may have hundreds of runs, a few questions.
    newest = forward.order_by("seeds", "-number").distinct("seeds")
    rows = list(newest.values_list("pk", "number", "currency", "seeds"))
    asked = [row[3] for row in rows]
    now = entries_now(case_id, asked)
    begins = begin_with_victims_of(case_id, asked, now)
    rows = [row for row, is_theirs in zip(rows, begins, strict=True) if is_theirs]
    found = [
        VictimsTrace(pk, number, currency, _entries(seeds, now), _whole(seeds, now, payments))
        for pk, number, currency, seeds in rows
    ]
    return VictimsTraces(payments, _chosen(sorted(found, key=_rank), payments.keys()))


def whole_in(run: TraceRun, traces: VictimsTraces) -> int:
    """How many of the victims' payments are whole in this run; what is known of the traces that stand is not read again."""
    known = next((each for each in traces.chosen if each.run_id == run.pk), None)
    if known is not None:
        return len(known.whole)
    return len(_whole(run.seeds, entries_now(run.case_id, [run.seeds]), traces.payments))


def _rank(each: VictimsTrace) -> tuple[int, int, int]:
    return -len(each.whole), -len(each.begins), -each.number


def _chosen(ranked: Sequence[VictimsTrace], payments: Any) -> list[VictimsTrace]:
    """Of each currency the first, then what shares no payment with those before and begins with a victim's."""
    taken: dict[str, set[int]] = {}
    found = []
    for each in ranked:
        if each.currency in taken and (each.begins & taken[each.currency] or not each.begins & payments):
            continue
        taken.setdefault(each.currency, set()).update(each.begins)
        found.append(each)
    return found


def _entries(seeds: Sequence[Mapping[str, Any]], now: Mapping[int, int]) -> frozenset[int]:
    return frozenset(now[seed["entry"]] for seed in seeds if seed["entry"] in now)


def _whole(
    seeds: Sequence[Mapping[str, Any]], now: Mapping[int, int], payments: Mapping[int, tuple[int, str]]
) -> frozenset[int]:
    """The parts of one payment never overlap: the engine refuses such seeds."""
    sums: dict[int, int] = {}
    for seed in seeds:
        entry = now.get(seed["entry"])
        if entry is not None and entry in payments:
            sums[entry] = sums.get(entry, 0) + seed["to_minor"] - seed["from_minor"]
    return frozenset(entry for entry, amount in sums.items() if amount >= payments[entry][0])
