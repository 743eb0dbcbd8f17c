"""Which nodes and involved accounts are one account because a ledger joined their numbers; merges alone are `identity`."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from accounts.models import InvolvedAccount, LedgerAccount
from accounts.selectors.identity import family_rows


def account_nodes(case_id: UUID, account: InvolvedAccount) -> frozenset[int]:
    """The account's nodes in a case's ledger: those that lead to it, and those that stand for one of its numbers."""
    family = family_rows(account)
    numbers = InvolvedAccount.objects.filter(pk__in=family).values("number_index")
    joined = Q(number_index__in=numbers, main__isnull=False) & _of_bank(account)
    rows = LedgerAccount.objects.filter(Q(account__in=family) | joined, case=case_id)
    return frozenset(main or node for node, main in rows.values_list("node", "main"))


def accounts_joined(account: InvolvedAccount) -> set[UUID]:
    """The account's family, and those accounts of its institution that the ledger of any case holds for the same; four statements."""
    family = dict(InvolvedAccount.objects.filter(pk__in=family_rows(account)).values_list("pk", "number_index"))
    numbers = [bytes(index) for index in family.values()]
    known = LedgerAccount.objects.filter(_of_bank(account), number_index__in=numbers)
    nodes = {main or node for node, main in known.values_list("node", "main")}
    same = LedgerAccount.objects.filter(Q(main__in=nodes) | Q(node__in=nodes)).values_list("number_index", flat=True)
    others = {bytes(index) for index in same} - set(numbers)
    found = InvolvedAccount.objects.filter(number_index__in=others, institution=account.institution_id)
    roots = {into or pk for pk, into in found.values_list("pk", "merged_into")}
    merged = InvolvedAccount.objects.filter(Q(pk__in=roots) | Q(merged_into__in=roots)).values_list("pk", flat=True)
    return {*family, *(merged if roots else ())}


def _of_bank(account: InvolvedAccount) -> Q:
    return Q(institution__isnull=True) | Q(institution=account.institution_id)
