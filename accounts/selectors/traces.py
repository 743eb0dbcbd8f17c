"""What a trace begins with, and the seeds of an earlier one found again; choosing seeds by hand is in `flow_seeds`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import LedgerAccount, LedgerEntry, TraceRun
from accounts.rules.tracing import Seed
from accounts.rules.tracing.engine import MOST_SEEDS
from accounts.selectors.flow_seeds import victim_nodes, victims_among
from banks.models import User
from cases.models import Case

# What an entry is made of: it says which entry it is when it is made anew.
_PARTS = ("out_line", "in_line", "transfer")
_AT_ONCE = 20  # runs whose seeds are in memory


def trace_seeds(*, user: User, case: Case) -> dict[str, list[Seed]]:
    """By currency the payments out of the victims' accounts, and filed transfers whose payer nobody knows; at most 200 each."""
    victims = victim_nodes(user=user, case=case).values("node")
    theirs = Q(src__in=victims) | Q(src__isnull=True, transfer__source="filed")
    rows = (
        LedgerEntry.objects.filter(theirs, case=case, dst__isnull=False)
        .exclude(dst__in=victims)
        .order_by("out_at", "pk")
    )
    found: dict[str, list[Seed]] = {}
    for entry, amount, currency in rows.values_list("pk", "amount_minor", "currency"):
        mine = found.setdefault(currency, [])
        if len(mine) < MOST_SEEDS:
            mine.append(Seed(entry, 0, amount))
    return found


def seed_parts(case_id: UUID, seeds: Sequence[Seed]) -> list[dict[str, Any]]:
    """The seeds as they are stored: with what their entries are made of (ids only)."""
    rows = LedgerEntry.objects.filter(case_id=case_id, pk__in=[seed.entry for seed in seeds])
    parts = {row[0]: row[1:] for row in rows.values_list("pk", *(f"{name}_id" for name in _PARTS))}
    return [
        seed._asdict()
        | {name: str(part) for name, part in zip(_PARTS, parts[seed.entry], strict=True) if part is not None}
        for seed in seeds
    ]


def seeds_again(case_id: UUID, stored: Sequence[Mapping[str, Any]]) -> list[Seed]:
    """The seeds of an earlier run: where an entry was made anew since, the one that is made of the same row or transfer.

    A seed whose row and transfer are both gone is left out.
    """
    kept = set(
        LedgerEntry.objects.filter(case_id=case_id, pk__in=[each["entry"] for each in stored]).values_list(
            "pk", flat=True
        )
    )
    found = []
    for each in stored:
        entry = each["entry"] if each["entry"] in kept else _made_anew(case_id, each)
        if entry is not None:
            found.append(Seed(entry, each["from_minor"], each["to_minor"]))
    return found


def begin_with_victims(*, user: User, case: Case, asked: Sequence[Sequence[Mapping[str, Any]]]) -> list[bool]:
    """For each run's stored seeds whether all are payments of victims, as `trace_seeds` offers them.

    True for every run where no account in the ledger is a victim's: then nobody can tell. Three statements, and more for
    seeds whose entry was made anew.
    """
    return _begin(case.pk, set(victim_nodes(user=user, case=case).values_list("node", flat=True)), asked)


def victims_newest(runs: QuerySet[TraceRun], case_id: UUID) -> UUID | None:
    """Of these runs of one case the newest forward one that says amounts and begins with victims' payments alone.

    It leads to orders and is what a bank sees; one that was run of a single account's payments is neither. The caller
    has judged who reads; None where there is no such run.
    """
    rows = runs.filter(case=case_id, direction=TraceRun.Direction.FORWARD).exclude(method=TraceRun.Method.REACH)
    rows = rows.order_by("-number")
    victims = set(victims_among(LedgerAccount.objects.all(), case_id).values_list("node", flat=True))
    for at in itertools.count(0, _AT_ONCE):
        few = list(rows.values_list("pk", "seeds")[at : at + _AT_ONCE])
        begins = _begin(case_id, victims, [seeds for _pk, seeds in few])
        newest = next((pk for (pk, _seeds), is_theirs in zip(few, begins, strict=True) if is_theirs), None)
        if newest is not None or len(few) < _AT_ONCE:
            return newest
    return None


def _begin(case_id: UUID, victims: set[int], asked: Sequence[Sequence[Mapping[str, Any]]]) -> list[bool]:
    if not victims:
        return [True] * len(asked)
    named = {seed["entry"] for seeds in asked for seed in seeds}
    rows = LedgerEntry.objects.filter(case=case_id, pk__in=named)
    payers = {row[0]: row[1:] for row in rows.values_list("pk", "src", "transfer__source")}
    for seed in (seed for seeds in asked for seed in seeds if seed["entry"] not in payers):
        again = LedgerEntry.objects.filter(pk__in=[each.entry for each in seeds_again(case_id, [seed])])
        payers[seed["entry"]] = again.values_list("src", "transfer__source").first() or (0, "")
    theirs = {entry for entry, (src, told) in payers.items() if src in victims or (src is None and told == "filed")}
    return [all(seed["entry"] in theirs for seed in seeds) for seeds in asked]


def entry_currency(case_id: UUID, entry: int) -> str | None:
    """None where the case has no such entry."""
    return LedgerEntry.objects.filter(case_id=case_id, pk=entry).values_list("currency", flat=True).first()


def _made_anew(case_id: UUID, seed: Mapping[str, Any]) -> int | None:
    for name in _PARTS:
        if name in seed:
            entries = LedgerEntry.objects.filter(case_id=case_id, **{name: seed[name]})
            entry = entries.order_by("pk").values_list("pk", flat=True).first()
            if entry is not None:
                return entry
    return None
