"""Statement files that a reader may see: of a case, one file, what was found in it, its remarks and its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from accounts.models import LedgerAccount, StatementFile, StatementIssue, StatementLine
from accounts.policy import FlowAction
from antifraud import policy
from antifraud.jobs import queue
from antifraud.jobs.models import Job
from banks.models import User
from cases.models import Case

KEYSET = ("-received_at", "-id")
LINE_KEYSET = ("row", "id")
ISSUE_KEYSET = ("row", "id")
SHOWN = (
    "case__unit",
    "institution",
    "attachment",
    "received_by",
    "committed_by",
    "answer__order",
    "adopted_from__case",
)
MOST_ACCOUNTS = 20
Left = StatementIssue.Severity


@dataclass(frozen=True)
class AccountFound:
    """One owner in a file and one currency: how many rows, what came in and went out, between which moments."""

    account: LedgerAccount | None
    currency: str
    rows: int
    in_minor: int
    out_minor: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class IssueCount:
    """How often one kind of remark was made; `field` "" means the row as a whole."""

    severity: str
    field: str
    code: str
    count: int


def case_statements(*, user: User, case: Case) -> QuerySet[StatementFile]:
    """The files of a case, newest first by KEYSET."""
    rows = policy.scope(user, FlowAction.STATEMENT_VIEW, StatementFile.objects.select_related(*SHOWN))
    return rows.filter(case=case).order_by(*KEYSET)


def statement_detail(*, user: User, file_id: UUID) -> StatementFile:
    """One file with its case, institution and stored original; NotFound out of reach."""
    return policy.get(user, FlowAction.STATEMENT_VIEW, StatementFile.objects.select_related(*SHOWN), file_id)


def statement_with_work(*, user: User, file_id: UUID, kinds: Iterable[str] = ()) -> tuple[StatementFile, Job | None]:
    """One file and its newest job of the kinds (none: of all); NotFound out of reach.

    The job is read first: work that ends between the two reads would else stand as ended beside the file before it.
    """
    job = queue.latest(file_id, *kinds)
    return statement_detail(user=user, file_id=file_id), job


def statement_issues(*, user: User, file: StatementFile, severity: str = "") -> QuerySet[StatementIssue]:
    """What was found wrong or doubtful, by row; `severity` narrows."""
    policy.require(user, FlowAction.STATEMENT_VIEW, file)
    rows = StatementIssue.objects.filter(file=file).order_by(*ISSUE_KEYSET)
    return rows.filter(severity=severity) if severity else rows


def issue_counts(*, user: User, file: StatementFile) -> list[IssueCount]:
    """Each kind of remark once, the most frequent first."""
    rows = statement_issues(user=user, file=file).order_by().values_list("severity", "field", "code")
    return [IssueCount(*row) for row in rows.annotate(count=Count("id")).order_by("-count", "code")]


def statement_lines(*, user: User, file: StatementFile, left_out: str = "") -> QuerySet[StatementLine]:
    """The good rows of a file by row number; `left_out` narrows to rows that were left out for that reason."""
    rows = policy.scope(user, FlowAction.LINE_VIEW, StatementLine.objects.filter(file=file))
    rows = rows.filter(left_out=left_out) if left_out else rows
    return rows.order_by(*LINE_KEYSET)


def statement_accounts(*, user: User, file: StatementFile) -> list[AccountFound]:
    """Whose rows the file holds, the busiest first, MOST_ACCOUNTS at most."""
    policy.require(user, FlowAction.STATEMENT_VIEW, file)
    lines = StatementLine.objects.filter(file=file).order_by()
    came = Sum("amount_minor", filter=Q(direction="in"), default=0)
    went = Sum("amount_minor", filter=Q(direction="out"), default=0)
    sums = lines.values_list("node", "currency").annotate(
        rows=Count("id"), came=came, went=went, first_at=Min("at"), last_at=Max("at")
    )
    found = list(sums.order_by("-rows", "node")[:MOST_ACCOUNTS])
    parties = ledger_parties(user=user, nodes=[row[0] for row in found])
    return [AccountFound(parties.get(node), *rest) for node, *rest in found]


def statement_counted(*, user: User, file: StatementFile, left_out: str = "") -> dict[tuple[str, str], tuple[int, int]]:
    """What the ledger counts of a file now, or what is marked `left_out`: (currency, direction) -> (rows, sum in minor units)."""
    policy.require(user, FlowAction.STATEMENT_VIEW, file)
    rows = StatementLine.objects.filter(file=file, left_out=left_out).order_by().values_list("currency", "direction")
    return {tuple(row[:2]): tuple(row[2:]) for row in rows.annotate(count=Count("id"), total=Sum("amount_minor"))}


def ledger_parties(*, user: User, nodes: Iterable[int | None]) -> dict[int, LedgerAccount]:
    """The accounts behind ledger keys, as far as the reader may see them; one statement."""
    wanted = {node for node in nodes if node is not None}
    rows = LedgerAccount.objects.filter(node__in=wanted).select_related("institution")
    return {row.node: row for row in policy.scope(user, FlowAction.LEDGER_VIEW, rows)} if wanted else {}
