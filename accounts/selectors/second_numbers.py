"""Claims that two numbers are one account: of committed files, and of officers (aliases, merges); which of them are disputed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from accounts.models import LedgerAccount
from accounts.policy import FlowAction
from accounts.rules.second_numbers import Joined, join_numbers
from antifraud import policy
from banks.models import User
from cases.models import Case

MOST_DISPUTED = 20
# Where the ledger knows another institution of the number than the account's, it is another account.
_CLAIMS = """
SELECT s.first, s.second FROM accounts_secondnumber s JOIN accounts_statementfile f ON f.id = s.file_id
WHERE s.case_id = %(case)s AND (f.status = 'committed' OR f.id = %(file)s)
UNION
SELECT t.first, t.second FROM (
  WITH roots AS (
    SELECT DISTINCT r.id, r.number_index, r.institution_id FROM accounts_involvement i
    JOIN accounts_involvedaccount a ON a.id = i.account_id
    JOIN accounts_involvedaccount r ON r.id = COALESCE(a.merged_into_id, a.id) WHERE i.case_id = %(case)s
  )
  SELECT r.institution_id, r.number_index AS first, a.number_index AS second FROM roots r
  JOIN accounts_involvedaccount a ON a.merged_into_id = r.id
  UNION ALL
  SELECT r.institution_id, r.number_index, s.number_index FROM roots r
  JOIN accounts_involvedaccount a ON a.id = r.id OR a.merged_into_id = r.id
  JOIN accounts_accountalias s ON s.account_id = a.id AND s.ended_at IS NULL
) t WHERE t.first <> t.second AND NOT EXISTS (
  SELECT FROM accounts_ledgeraccount l WHERE l.case_id = %(case)s AND l.number_index IN (t.first, t.second)
    AND l.institution_id <> t.institution_id)
"""
_PRESENT = """
SELECT number_index, node, main, institution_id FROM accounts_ledgeraccount
WHERE case_id = %s AND kind = 'account' AND (main IS NOT NULL OR number_index = ANY(%s))
"""
Standing = dict[bytes, tuple[int, int | None]]


@dataclass(frozen=True)
class Disputed:
    """A number of the ledger that several accounts claim; `claimants` as far as the ledger names them."""

    account: LedgerAccount
    claimants: list[LedgerAccount]


def numbers_meant(case_id: UUID, file_id: UUID | None = None) -> tuple[Joined, Standing]:
    """What is to be joined, and the numbers in question as they stand: number -> (node, main node).

    Claims of committed files count, those of `file_id` too: it is being committed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, {"case": case_id, "file": file_id})
        claims = [(bytes(first), bytes(second)) for first, second in cursor.fetchall()]
        cursor.execute(_PRESENT, [case_id, sorted({number for claim in claims for number in claim})])
        rows = [(bytes(row[0]), *row[1:]) for row in cursor.fetchall()]
    standing: Standing = {index: (node, main) for index, node, main, _keeper in rows}
    keepers = {index: keeper for index, _node, _main, keeper in rows if keeper is not None}
    return join_numbers(claims, standing.keys(), keepers), standing


def numbers_disputed(*, user: User, case: Case) -> list[Disputed]:
    """Numbers that stand for themselves because two accounts claim them, MOST_DISPUTED at most; three statements."""
    meant, _standing = numbers_meant(case.id)
    if not meant.disputed:
        return []
    wanted = {number for second, firsts in meant.disputed.items() for number in (second, *firsts)}
    rows = policy.scope(user, FlowAction.LEDGER_VIEW, LedgerAccount.objects.select_related("institution"))
    by_index = {bytes(row.number_index): row for row in rows.filter(case=case, number_index__in=wanted)}
    found = [
        Disputed(by_index[second], [by_index[first] for first in sorted(firsts) if first in by_index])
        for second, firsts in sorted(meant.disputed.items())
        if second in by_index
    ]
    return found[:MOST_DISPUTED]
