"""How much one account may have moved: what the ledger's sums could not hold is refused before anything is written."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import InvolvedAccount, LedgerAccount, StatementFile
from antifraud.crypto.secret import Secret
from antifraud.errors import Conflict

# In and out of one account in one currency. A chain's running sums reach three times that and two balances: within bigint.
MOST_MINOR = 10**18
# Too little to be asked about: thousands of such files or transfers fit between the bound and what bigint holds.
SMALL_FILE_MINOR, SMALL_TRANSFER_MINOR = 10**14, 10**12
TOO_LARGE = gettext_lazy(
    "The sums of an account would be larger than this platform can hold. Check the amounts with the institution."
)
_OVER_BY_FILE = """
WITH moved AS (
  SELECT node, currency, sum(amount_minor) AS minor FROM (
    SELECT node, currency, amount_minor FROM accounts_statementline WHERE file_id = %(file)s AND left_out IN ('', 'repeat')
    UNION ALL
    SELECT counter, currency, amount_minor FROM accounts_statementline
    WHERE file_id = %(file)s AND left_out IN ('', 'repeat') AND counter <> node
  ) rows GROUP BY 1, 2
), joined AS (
  SELECT COALESCE(a.main, a.node) AS node, m.currency, sum(m.minor) AS minor
  FROM moved m JOIN accounts_ledgeraccount a ON a.node = m.node WHERE a.kind <> 'cash' GROUP BY 1, 2
)
SELECT j.node FROM joined j LEFT JOIN accounts_ledgerchain c ON c.node = j.node AND c.currency = j.currency
WHERE j.minor + COALESCE(c.in_minor::numeric + c.out_minor, 0) > %(most)s ORDER BY j.node LIMIT 1
"""
_OVER_BY_TRANSFER = """
SELECT a.id FROM accounts_involvedaccount a
WHERE a.id = ANY(%(accounts)s) AND %(amount)s::numeric + COALESCE((
    SELECT sum(t.amount_minor) FROM accounts_transfer t
    WHERE t.case_id = %(case)s AND t.currency = %(currency)s AND a.id IN (t.to_account_id, t.from_account_id)), 0)
  + COALESCE((
    SELECT sum(c.in_minor::numeric + c.out_minor) FROM accounts_ledgeraccount l
    JOIN accounts_ledgerchain c ON c.node = COALESCE(l.main, l.node) AND c.currency = %(currency)s
    WHERE l.case_id = %(case)s AND l.number_index = a.number_index), 0) > %(most)s
ORDER BY a.id LIMIT 1
"""


def file_over(file: StatementFile) -> Secret[str] | None:
    """The number of an account that would have moved more than MOST_MINOR if the file were taken; None where all fit."""
    if sum(total["sum_minor"] for total in file.totals) <= SMALL_FILE_MINOR:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_OVER_BY_FILE, {"file": file.pk, "most": MOST_MINOR})
        row = cursor.fetchone()
    return LedgerAccount.objects.get(node=row[0]).number if row else None


def transfer_over(case_id: UUID, accounts: Collection[UUID], amount_minor: int, currency: str) -> Secret[str] | None:
    """The same of a told transfer and the involved accounts that it touches."""
    if amount_minor <= SMALL_TRANSFER_MINOR:
        return None
    given: dict[str, Any] = {
        "accounts": list(accounts),
        "amount": amount_minor,
        "case": case_id,
        "currency": currency,
        "most": MOST_MINOR,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OVER_BY_TRANSFER, given)
        row = cursor.fetchone()
    return InvolvedAccount.objects.get(pk=row[0]).number if row else None


def over_text(number: Secret[str]) -> str:
    """What is wrong and what to do, with the account's mask."""
    text = _(
        "All amounts of account {number} together would be larger than this platform can hold. Check the amounts with the institution."
    )
    return text.format(number=number.masked())


def sums_refuse(file: StatementFile) -> None:
    """Raise Conflict `sums_too_large` where an account would not fit, without naming it: errors are logged."""
    if file_over(file) is not None:
        raise Conflict(TOO_LARGE, code="sums_too_large")
