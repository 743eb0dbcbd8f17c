"""Property: the files of one set of statements, brought in any order, make one ledger: accounts, joins, matches, sums, traces."""

from __future__ import annotations

import io
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import LedgerAccount, LedgerChain, LedgerEntry, LedgerMatch, StatementFile, StatementLine
from accounts.rules.statements import Batch, Header, read
from accounts.services.statements import reading
from accounts.services.statements.files import statement_commit
from accounts.services.traces import trace_run
from antifraud import db
from antifraud.crypto.evidence import open_evidence
from cases.models import Case
from tests.accounts.factories import new_case
from tests.accounts.flow.second_numbers import ACCOUNT, BOTH, Both
from tests.accounts.flow.statement_files import A, B, C, D, csv_file, receive, work
from tests.cast import World

METHODS = ("fifo", "pro_rata", "libr")
CHAIN = ("opening_minor", "covered_from", "covered_to", "closing_minor", "entries_in", "entries_out", "in_minor", "out_minor",
         "top_up_minor", "breaks")  # fmt: skip


@dataclass(frozen=True)
class Paid:
    """One transfer between the small ledger's accounts; D's bank never sends a statement. `delay`: seconds until it arrives."""

    src: str
    dst: str
    amount: int
    at: int
    delay: int
    by_second: bool  # its other side names B by the second number


PAID = st.builds(
    Paid, st.sampled_from((A, B, C)), st.sampled_from((A, B, C, D)), st.sampled_from((100_00, 200_00)),
    st.integers(0, 6).map(lambda n: n * 300), st.sampled_from((0, 7)), st.booleans(),
).filter(lambda paid: paid.src != paid.dst)  # fmt: skip
Lines = list[Both]


def of_account(account: str, ledger: list[Paid], *, opening: int, has_serials: bool) -> Lines:
    """The account's own statement: its rows by time with the balance after each; of B with both numbers."""

    def named(number: str, paid: Paid) -> str:
        return ACCOUNT if number == B and paid.by_second else number

    rows = [(paid.at, 0, paid, "out") for paid in ledger if paid.src == account]
    rows += [(paid.at + paid.delay, 1, paid, "in") for paid in ledger if paid.dst == account]
    rows.sort(key=lambda row: row[:2])
    lines, balance = [], opening
    for place, (at, _side, paid, way) in enumerate(rows):
        balance += paid.amount if way == "in" else -paid.amount
        counter = named(paid.dst if way == "out" else paid.src, paid)
        serial = f"{account[-1]}{place:03}" if has_serials else ""
        number = ACCOUNT if account == B else ""
        lines.append(Both(account, way, paid.amount, at, counter, balance, serial, name="", number=number))
    return lines


@st.composite
def sets(draw: Any) -> tuple[list[Lines], list[int]]:
    """(files, another order of them): the three statements, each whole or in parts of which neighbours may share rows.

    Some banks number their rows. Two of the files may be one, with rows of several accounts and so both sides of a transfer.
    Left out: rows of one second without numbers that two files share. Their order is that of the file whose copy came first
    (docs/fund-flow/statements.md, repeats).
    """
    ledger = draw(st.lists(PAID, min_size=2, max_size=6))
    files: list[Lines] = []
    for account in (A, B, C):
        lines = of_account(account, ledger, opening=1_000_00, has_serials=draw(st.booleans()))
        is_clear = all(line.serial for line in lines) or len({line.at for line in lines}) == len(lines)
        cut = draw(st.integers(0, len(lines)))
        shared = draw(st.integers(0, 1)) if is_clear else 0
        files += [part for part in (lines[:cut], lines[max(0, cut - shared) :]) if part]
    if len(files) > 2 and draw(st.booleans()):
        files = [*files[1:-1], files[0] + files[-1]]
    # Two files of the same bytes are one file.
    different = list({str(part): part for part in files}.values())
    return different, draw(st.permutations(range(len(different))))


def parsed(name: str, **given_options: Any) -> Generator[Header | Batch]:
    """As the child reads, here: which process does it is no part of the property, and a child for each file is slow."""
    options = {key: value for key, value in given_options.items() if key != "leash"}
    with open_evidence(name) as file:
        yield from read(io.BytesIO(file.read()), **options)


def brought(world: World, files: list[Lines]) -> dict[str, Any]:
    """A new case with the files in this order, and all that is to be the same, by numbers and serials."""
    case = new_case(world.analyst_a)
    for lines in files:
        file = receive(world.analyst_a, case, csv_file(lines, headings=BOTH), institution=world.bank_a)
        assert work("statement.read", file.pk) == "done"
        file.refresh_from_db()
        assert file.status == "preview", file.refusal
        take(world, file)
    return told(world, case)


def take(world: World, file: StatementFile) -> None:
    """Commit it without what looks repeated; shown again for repeats that the preview did not know of, once more."""
    for _try in range(2):
        with db.unit_of_work(world.analyst_a):
            statement_commit(by=world.analyst_a, file_id=file.pk, leave_out_repeats=True)
        if work("statement.commit", file.pk) == "done":
            return
    raise AssertionError("the file comes back again and again")


def told(world: World, case: Case) -> dict[str, Any]:
    accounts = {row.node: row for row in LedgerAccount.objects.filter(case=case)}
    number: dict[int | None, str] = {
        node: row.number.open() if row.number else row.kind for node, row in accounts.items()
    }
    number[None] = ""
    lines = {row.pk: row for row in StatementLine.objects.filter(case_id=case.pk)}
    row: dict[Any, tuple[str, str]] = {
        pk: (number[line.node], line.serial or f"{line.at:%H%M%S} {line.balance_minor}") for pk, line in lines.items()
    }
    row[None] = ("", "")
    entries = {
        e.pk: (number[e.src], number[e.dst], e.out_at, e.in_at, e.amount_minor, row[e.out_line_id], row[e.in_line_id])
        for e in LedgerEntry.objects.filter(case=case)
    }
    sums = LedgerEntry.objects.filter(case=case).values_list("pk", "co", "ci", "src_before", "dst_before")
    matches = LedgerMatch.objects.filter(case=case, entry__isnull=False)
    return {
        "accounts": sorted((number[node], number[each.main]) for node, each in accounts.items()),
        "counting": sorted(row[pk] for pk, line in lines.items() if line.left_out == ""),
        "named": sorted(
            (*row[pk], number[line.named_node], number[line.named_counter], number[line.counter])
            for pk, line in lines.items() if line.left_out == ""
        ),
        "entries": sorted((*entries[pk], *more) for pk, *more in sums),
        "matches": sorted((row[m.out_line], row[m.in_line], m.rule, m.seconds_apart) for m in matches),
        "chains": sorted(
            (number[each.node], *(str(getattr(each, name)) for name in CHAIN)) for each in LedgerChain.objects.filter(case=case)
        ),
        "traces": traces(world, case, entries, number),
    }  # fmt: skip


def traces(world: World, case: Case, entries: dict[int, Any], number: dict[Any, str]) -> list[Any]:
    """From the first payment out of A, or else the first of all, by each method."""
    first = min(entries, key=lambda pk: (entries[pk][0] != A, entries[pk][2:3], entries[pk]))
    found = []
    for method in METHODS:
        with db.unit_of_work(world.analyst_a):
            seeds = [{"entry": first, "from_minor": 0, "to_minor": entries[first][4]}]
            run = trace_run(
                by=world.analyst_a, case_id=case.pk, seeds=seeds, params={"method": method, "min_amount_minor": 0}
            )
        edges = sorted((*entries[each["entry"]], each["hop"], each["amount"]) for each in run.result["edges"])
        nodes = sorted((number.get(each["node"], ""), str(each["ends"]), each["level"]) for each in run.result["nodes"])
        found.append((method, edges, nodes, run.result["totals"]))
    return found


@pytest.mark.django_db(transaction=True)
@given(sets())
@settings(
    max_examples=10, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
def test_in_any_order_one_ledger(world: World, given_sets: tuple[list[Lines], list[int]]) -> None:
    files, order = given_sets
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "parsed", parsed)
        first = brought(world, files)
        second = brought(world, [files[place] for place in order])
    for what, value in first.items():
        assert second[what] == value, what
