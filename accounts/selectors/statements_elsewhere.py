"""Committed statements of other cases that may be brought into a case: of its series, or of accounts that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from accounts.models import AccountAlias, InvolvedAccount, Involvement, LedgerAccount, SeriesMember, StatementFile
from accounts.policy import FlowAction
from accounts.selectors.identity import family
from antifraud import policy
from banks.models import User
from cases.models import Case

MOST_FILES = 50
ENDED = (StatementFile.Status.REFUSED, StatementFile.Status.DISCARDED)
GROUNDLESS = (Case.Status.WITHDRAWN, Case.Status.NOT_FRAUD)  # what was gathered for such a case serves no other
# Of the cases whose ledger has a statement of these nodes, the files that hold own rows of them.
_FILES_OF = """
SELECT f.id FROM accounts_statementfile f
WHERE f.status = 'committed' AND f.case_id IN (
  SELECT c.case_id FROM accounts_ledgerchain c WHERE c.node = ANY(%(nodes)s) AND c.covered_from IS NOT NULL
) AND EXISTS (
  SELECT FROM accounts_statementline l WHERE l.file_id = f.id AND l.node = ANY(%(nodes)s) AND l.left_out = '')
"""


@dataclass(frozen=True)
class Elsewhere:
    """A file of another case; `is_account`: it holds rows of an account that this case is about, else the series links them."""

    file: StatementFile
    is_account: bool


def statements_elsewhere(*, user: User, case: Case) -> list[Elsewhere]:
    """What the reader sees of both; without files that the case has already, that brought nothing, or of a case without ground.

    Newest first, MOST_FILES at most.
    """
    of_account = _files_of_accounts(user, case)
    linked = SeriesMember.objects.filter(series__members__case=case).values_list("case_id", flat=True)
    rows = _visible(user, case).select_related("case", "institution")
    found = rows.filter(pk__in=of_account) | rows.filter(case__in=list(linked))
    return [Elsewhere(file, file.pk in of_account) for file in found.order_by("-received_at", "-pk")[:MOST_FILES]]


def statement_is_related(*, user: User, case: Case, file: StatementFile) -> bool:
    """Whether the file is one that may be brought into the case; that it brought rows there, only the offer asks."""
    if file.case.status in GROUNDLESS:
        return False
    if SeriesMember.objects.filter(case=case, series__members__case=file.case_id).exists():
        return True
    return file.pk in _files_of_accounts(user, case)


def _visible(user: User, case: Case) -> QuerySet[StatementFile]:
    rows = StatementFile.objects.filter(status=StatementFile.Status.COMMITTED).exclude(case=case).exclude(taken=[])
    rows = rows.exclude(case__status__in=GROUNDLESS)
    here = StatementFile.objects.filter(case=case).exclude(status__in=ENDED)
    return policy.scope(user, FlowAction.STATEMENT_VIEW, rows.exclude(sha256__in=here.values("sha256")))


def _files_of_accounts(user: User, case: Case) -> set[UUID]:
    seen = policy.scope(user, FlowAction.LEDGER_VIEW, LedgerAccount.objects.exclude(case=case))
    rows = seen.filter(kind=LedgerAccount.Kind.ACCOUNT, number_index__in=_numbers(case))
    nodes = {main or node for node, main in rows.values_list("node", "main")}
    return _files_at(nodes)


def _numbers(case: Case) -> set[bytes]:
    """All numbers of the accounts that the case is about, dismissed ones left out."""
    involved = Involvement.objects.filter(case=case).exclude(state=Involvement.State.DISMISSED)
    ids = family(involved.values_list("account_id", flat=True))
    own = InvolvedAccount.objects.filter(pk__in=ids).values_list("number_index", flat=True)
    other = AccountAlias.objects.filter(account__in=ids, ended_at__isnull=True).values_list("number_index", flat=True)
    return {bytes(index) for index in (*own, *other)}


def _files_at(nodes: Iterable[int]) -> set[UUID]:
    wanted = sorted(nodes)
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_FILES_OF, {"nodes": wanted})
        return {row[0] for row in cursor.fetchall()}
