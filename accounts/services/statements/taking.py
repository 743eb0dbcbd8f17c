"""What the rows of a file tell of the ledger's accounts, said to the ledger once the file is taken; the entries are made elsewhere."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from accounts.models import StatementFile
from accounts.services.ledger.parties import Party, parties_tell
from banks.models import Institution

_NODES = """
SELECT node, bool_or(is_own) FROM (
  SELECT DISTINCT node, true AS is_own FROM accounts_statementline WHERE file_id = %(file)s
  UNION ALL SELECT DISTINCT counter, false FROM accounts_statementline WHERE file_id = %(file)s AND counter IS NOT NULL
) sides GROUP BY node
"""


def parties_take(file: StatementFile) -> int:
    """Names and banks as the rows tell them; the institution whose file has rows of an account keeps it. How many changed by it.

    Not so of the cards in a wallet's file that names the wallet beside them: they are a bank's, which the file does not say.
    """
    kept: dict[str, tuple[str, str]] = file.parties.open() if file.parties is not None else {}
    with connection.cursor() as cursor:
        cursor.execute(_NODES, {"file": file.pk})
        sides: dict[int, bool] = dict(cursor.fetchall())
    return parties_tell(
        file.case_id, {node: _party(file, kept.get(str(node)), is_own=own) for node, own in sides.items()}
    )


def _party(file: StatementFile, told: tuple[str, str] | None, *, is_own: bool) -> Party:
    name, bank = told or ("", "")
    keeper: UUID | None = file.institution_id if is_own and not _is_of_cards(file) else None
    return Party("", name, bank, keeper)


def _is_of_cards(file: StatementFile) -> bool:
    """Whether the rows stand under the cards that a wallet is filled from."""
    is_of_wallet = file.institution is not None and file.institution.kind == Institution.Kind.PAYMENT
    return is_of_wallet and {"card", "account"} <= {*(file.mapping or {}).values()}
