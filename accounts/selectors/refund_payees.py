"""Whether a payee's number is one to which nothing may go back: the held account, or another involved account of the case.

By every number that is known of an account: its own, those of merged rows, aliases, second numbers that a ledger joined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from accounts.models import AccountAlias, Hold, InvolvedAccount, Involvement, LedgerAccount, Transfer
from accounts.selectors.identity import family, indexes_of
from accounts.selectors.joined_accounts import accounts_joined

HELD, INVOLVED = "held", "involved"


def payees_barred(hold: Hold, numbers: Iterable[str]) -> dict[str, str]:
    """Those of the numbers (clear, as entered) that may not be paid -> HELD or INVOLVED; a dozen statements for all.

    A dismissed account is none of the case's any more, and a victim's own is no involved one. Nor is one that was only
    proposed as a payer: a bank that watches an account tells who pays into it, and that may be a further victim.
    """
    indexes = {number: indexes_of(number) for number in set(numbers)}
    meant = _accounts_meant(hold.case_id, {index for each in indexes.values() for index in each})
    rows = Involvement.objects.filter(case=hold.case_id, role=Involvement.Role.INVOLVED)
    rows = rows.exclude(state=Involvement.State.DISMISSED)
    transfers = Transfer.objects.filter(case=hold.case_id)
    only_pays = Q(account__in=transfers.filter(from_account__isnull=False).values("from_account"))
    only_pays &= ~Q(account__in=transfers.values("to_account"))
    involved = set(rows.exclude(only_pays, state=Involvement.State.PROPOSED).values_list("account", flat=True))
    held = accounts_joined(hold.account)
    roots = family({*involved, *held, *(account for each in meant.values() for account in each)})
    barred_held, barred = ({roots.get(pk, pk) for pk in each} for each in (held, involved))
    found = {}
    for number, mine in indexes.items():
        accounts = {roots.get(pk, pk) for index in mine for pk in meant.get(index, ())}
        if accounts & barred_held:
            found[number] = HELD
        elif accounts & barred:
            found[number] = INVOLVED
    return found


def _accounts_meant(case_id: UUID, indexes: set[bytes]) -> dict[bytes, set[UUID]]:
    """Index -> the accounts that it may mean, also by way of the other numbers that the case's ledger joined with it."""
    ledger = LedgerAccount.objects.filter(case=case_id, kind=LedgerAccount.Kind.ACCOUNT)
    mains = {
        bytes(index): main or node
        for index, node, main in ledger.filter(number_index__in=indexes).values_list("number_index", "node", "main")
    }
    same: dict[int, set[bytes]] = defaultdict(set)
    told: dict[int, set[UUID]] = defaultdict(set)
    together = ledger.filter(Q(node__in=mains.values()) | Q(main__in=mains.values()))
    for index, node, main, account in together.values_list("number_index", "node", "main", "account"):
        same[main or node].add(bytes(index))
        if account:
            told[main or node].add(account)
    wanted = indexes.union(*same.values())
    by_index: dict[bytes, set[UUID]] = defaultdict(set)
    own = InvolvedAccount.objects.filter(number_index__in=wanted).values_list("number_index", "pk")
    others = AccountAlias.objects.filter(number_index__in=wanted, ended_at__isnull=True)
    for index, account in (*own, *others.values_list("number_index", "account")):
        by_index[bytes(index)].add(account)
    found = {}
    for index in indexes:
        main_node = mains.get(index)
        joined = {index, *(same[main_node] if main_node is not None else ())}
        found[index] = {account for each in joined for account in by_index.get(each, ())}
        found[index] |= told[main_node] if main_node is not None else set()
    return found
