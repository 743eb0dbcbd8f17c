"""What a trace begins with, and the seeds of an earlier one found again; choosing seeds by hand is in `flow_seeds`.

Which traces stand for the victims' money is in `victims_traces`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import LedgerAccount, LedgerEntry
from accounts.rules.tracing import Seed
from accounts.rules.tracing.engine import MOST_SEEDS
from accounts.selectors.flow_seeds import victim_nodes, victims_among
from banks.models import User
from cases.models import Case

# What an entry is made of: it says which entry it is when it is made anew.
_PARTS = ("out_line", "in_line", "transfer")
FILED = "filed"


def trace_seeds(*, user: User, case: Case) -> dict[str, list[Seed]]:
    """By currency the payments out of the victims' accounts, and filed transfers whose payer nobody knows; at most 200 each."""
    found: dict[str, list[Seed]] = {}
    for entry, amount, currency in victims_entries(case.pk, victim_nodes(user=user, case=case)):
        mine = found.setdefault(currency, [])
        if len(mine) < MOST_SEEDS:
            mine.append(Seed(entry, 0, amount))
    return found


def victims_entries(case_id: UUID, victims: QuerySet[LedgerAccount]) -> list[tuple[int, int, str]]:
    """What traces of the victims' money begin with, by time: (entry, amount, currency).

    Payments out of these accounts to others that are none, and filed transfers whose payer nobody knows.
    """
    nodes = victims.values("node")
    rows = LedgerEntry.objects.filter(case=case_id, dst__isnull=False).exclude(dst__in=nodes)
    kept = ("pk", "amount_minor", "currency", "out_at")
    own = rows.filter(src__in=nodes).values_list(*kept)
    filed = rows.filter(src__isnull=True, transfer__source=FILED).values_list(*kept)
    found = sorted(own.union(filed, all=True), key=lambda row: (row[3], row[0]))
    return [row[:3] for row in found]


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
    now = entries_now(case_id, [stored])
    return [Seed(now[each["entry"]], each["from_minor"], each["to_minor"]) for each in stored if each["entry"] in now]


def both_sides(case_id: UUID, seeds: Sequence[Seed]) -> tuple[int, int] | None:
    """The first seed that pays into an account which another seed is paid out of, and that other one; None where none does.

    Cash and what nobody names are no accounts: nothing that goes in there comes out of it.
    """
    rows = LedgerEntry.objects.filter(case=case_id, pk__in=[seed.entry for seed in seeds]).order_by("pk")
    sides = list(rows.values_list("pk", "src", "dst"))
    left: dict[int, int] = {}
    for entry, src, _dst in sides:
        if src is not None:
            left.setdefault(src, entry)
    met = {dst for _entry, _src, dst in sides if dst in left}
    if not met:
        return None
    accounts = LedgerAccount.objects.filter(case=case_id, node__in=met, kind=LedgerAccount.Kind.ACCOUNT)
    real = set(accounts.values_list("node", flat=True))
    return next(((entry, left[dst]) for entry, _src, dst in sides if dst in real), None)


def begin_with_victims(*, user: User, case: Case, asked: Sequence[Sequence[Mapping[str, Any]]]) -> list[bool]:
    """For each run's stored seeds whether all are payments of victims, as `trace_seeds` offers them.

    True for every run where no account in the ledger is a victim's: then nobody can tell. Six statements at most.
    """
    victims = set(victim_nodes(user=user, case=case).values_list("node", flat=True))
    return _begin(case.pk, victims, asked, entries_now(case.pk, asked) if victims else {})


def begin_with_victims_of(
    case_id: UUID, asked: Sequence[Sequence[Mapping[str, Any]]], now: Mapping[int, int]
) -> list[bool]:
    """The same where the caller has judged who reads; `now`: `entries_now` of these seeds. Two statements."""
    victims = victims_among(LedgerAccount.objects.all(), case_id).values_list("node", flat=True)
    return _begin(case_id, set(victims), asked, now)


def entries_now(case_id: UUID, asked: Sequence[Sequence[Mapping[str, Any]]]) -> dict[int, int]:
    """For each entry that stored seeds name the one that stands for its payment today; those that are gone left out.

    Four statements at most, however many entries were made anew.
    """
    seeds = {int(seed["entry"]): seed for seeds in asked for seed in seeds}
    rows = LedgerEntry.objects.filter(case_id=case_id)
    found = {entry: entry for entry in rows.filter(pk__in=list(seeds)).values_list("pk", flat=True)}
    gone = {entry: seed for entry, seed in seeds.items() if entry not in found}
    for name in _PARTS:
        wanted = {seed[name] for seed in gone.values() if name in seed}
        if not wanted:
            continue
        made = rows.filter(**{f"{name}__in": wanted}).order_by("-pk").values_list(f"{name}_id", "pk")
        again = {str(part): entry for part, entry in made}  # of several the first made
        found |= {entry: again[seed[name]] for entry, seed in gone.items() if seed.get(name) in again}
        gone = {entry: seed for entry, seed in gone.items() if entry not in found}
    return found


def _begin(
    case_id: UUID, victims: set[int], asked: Sequence[Sequence[Mapping[str, Any]]], now: Mapping[int, int]
) -> list[bool]:
    if not victims:
        return [True] * len(asked)
    rows = LedgerEntry.objects.filter(case=case_id, pk__in=set(now.values()))
    payers = {row[0]: row[1:] for row in rows.values_list("pk", "src", "transfer__source")}
    theirs = {
        entry
        for entry, today in now.items()
        for src, told in [payers[today]]
        if src in victims or (src is None and told == FILED)
    }
    return [all(seed["entry"] in theirs for seed in seeds) for seeds in asked]


def entry_currency(case_id: UUID, entry: int) -> str | None:
    """None where the case has no such entry."""
    return LedgerEntry.objects.filter(case_id=case_id, pk=entry).values_list("currency", flat=True).first()
