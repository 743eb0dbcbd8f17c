"""Accounts of the reader's ledgers by any of their numbers, those included that only stand in the column of second numbers.

How numbers are joined while statements are taken in is in `services.ledger`; involved accounts are found in `accounts`.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from accounts.models import LedgerAccount, LedgerEntry, SecondNumber, StatementFile, StatementLine
from accounts.policy import FlowAction
from accounts.selectors.identity import indexes_of
from antifraud import policy
from antifraud.crypto.fields import preload_rows
from antifraud.crypto.masks import mask_account
from banks.models import User

MOST_MEANT = 50
MOST_LINES = 3  # of each direction: all rows of a statement name the same second number
OTHER = "account_other"  # the field of a row that holds it


def ledger_accounts_of_number(*, user: User, text: str, most: int) -> list[LedgerAccount]:
    """The accounts that a number means in the ledgers of the reader's cases, the newest cases first; three statements.

    A second number leads to the account that it belongs to, be there a row of the ledger for it or only what a committed
    file says beside the first number.
    """
    if not policy.can(user, FlowAction.LEDGER_VIEW):
        return []
    indexes = indexes_of(text)
    claims = SecondNumber.objects.filter(
        case=OuterRef("case"), first=OuterRef("number_index"), second__in=indexes,
        file__status=StatementFile.Status.COMMITTED,
    )  # fmt: skip
    accounts = LedgerAccount.objects.filter(kind=LedgerAccount.Kind.ACCOUNT).order_by("-case__reported_at", "node")
    rows = policy.scope(user, FlowAction.LEDGER_VIEW, accounts)
    # What others know under the number must not take the places of what the reader may see: cut last. Two statements,
    # since one with both conditions could use the index of neither.
    nodes = {
        main or node
        for meant in (rows.filter(number_index__in=indexes), rows.filter(Exists(claims)))
        for node, main in meant.values_list("node", "main")[:MOST_MEANT]
    }
    if not nodes:
        return []
    return list(rows.filter(node__in=nodes).select_related("case", "institution")[:most])


def second_numbers(row: LedgerAccount) -> list[str]:
    """The other numbers of an account that the reader may see, masked; at most five statements, two where there are none."""
    known = LedgerAccount.objects.filter(case=row.case_id, main=row.node, number__isnull=False)
    found = {bytes(each.number_index): each.number.masked() for each in known if each.number is not None}
    told = SecondNumber.objects.filter(case=row.case_id, first=row.number_index)
    claims = told.filter(file__status=StatementFile.Status.COMMITTED).values_list("second", flat=True)
    missing = {bytes(second) for second in claims} - found.keys()
    if missing:
        lines = _lines(row.node)
        preload_rows(lines)
        for other in {str(line.details.open().get(OTHER, "")) for line in lines} - {""}:
            found |= dict.fromkeys(indexes_of(other) & missing, mask_account(other))
    return sorted(set(found.values()))


def _lines(node: int) -> list[StatementLine]:
    """A few rows of the account's own statements."""
    paid = LedgerEntry.objects.filter(src=node, out_line__isnull=False).values_list("out_line", flat=True)
    got = LedgerEntry.objects.filter(dst=node, in_line__isnull=False).values_list("in_line", flat=True)
    return list(StatementLine.objects.filter(pk__in=[*paid[:MOST_LINES], *got[:MOST_LINES]]))
