"""Entries of the ledger from the rows of a file and from told transfers, by set-based SQL; matching them is in `matching`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

# The sums stay zero until `chains_rebuild`. A row that names its own account as the other side names nobody.
_OF_FILE = """
INSERT INTO accounts_ledgerentry (case_id, src, dst, out_at, in_at, amount_minor, currency, co, ci, src_before, dst_before,
  out_line_id, in_line_id)
SELECT case_id, CASE direction WHEN 'out' THEN node ELSE NULLIF(counter, node) END,
  CASE direction WHEN 'in' THEN node ELSE NULLIF(counter, node) END, at, at, amount_minor, currency, 0, 0, 0, 0,
  CASE direction WHEN 'out' THEN id END, CASE direction WHEN 'in' THEN id END
FROM accounts_statementline WHERE file_id = %s AND left_out = ''
"""
_NODES = """
SELECT node FROM accounts_statementline WHERE file_id = %(file)s AND left_out = ''
UNION SELECT counter FROM accounts_statementline WHERE file_id = %(file)s AND left_out = '' AND counter IS NOT NULL
"""
# What is given as (paying row, receiving row, told transfer), each of which may be missing, becomes one entry.
_MADE = """
INSERT INTO accounts_ledgerentry (case_id, src, dst, out_at, in_at, amount_minor, currency, co, ci, src_before, dst_before,
  out_line_id, in_line_id, transfer_id)
SELECT %(case)s, src, NULLIF(dst, src), out_at, in_at, amount, currency, 0, 0, 0, 0, out_line, in_line, told
FROM (
  SELECT COALESCE(o.node, i.counter, a.node) AS src, COALESCE(i.node, o.counter, b.node) AS dst,
    COALESCE(o.at, i.at, t.at) AS out_at, COALESCE(i.at, o.at, t.at) AS in_at,
    COALESCE(o.amount_minor, i.amount_minor, t.amount_minor) AS amount, COALESCE(o.currency, i.currency, t.currency) AS currency,
    m.out_line, m.in_line, m.told
  FROM unnest(%(outs)s::uuid[], %(ins)s::uuid[], %(tolds)s::uuid[]) m(out_line, in_line, told)
  LEFT JOIN accounts_statementline o ON o.id = m.out_line
  LEFT JOIN accounts_statementline i ON i.id = m.in_line
  LEFT JOIN accounts_transfer t ON t.id = m.told
  LEFT JOIN accounts_involvedaccount payer ON payer.id = t.from_account_id
  LEFT JOIN accounts_involvedaccount payee ON payee.id = t.to_account_id
  LEFT JOIN accounts_ledgeraccount a ON a.case_id = %(case)s AND a.number_index = payer.number_index
  LEFT JOIN accounts_ledgeraccount b ON b.case_id = %(case)s AND b.number_index = payee.number_index
) made
RETURNING id, out_line_id, in_line_id, transfer_id
"""
Triple = tuple[UUID | None, UUID | None, UUID | None]


def entries_of_file(file_id: UUID) -> int:
    """One entry for each row of the file that is not left out; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_FILE, [file_id])
        return int(cursor.rowcount)


def nodes_of_file(file_id: UUID) -> set[int]:
    """Nodes of either side of the file's rows."""
    with connection.cursor() as cursor:
        cursor.execute(_NODES, {"file": file_id})
        return {row[0] for row in cursor.fetchall()}


def entries_end(entry_ids: Sequence[int]) -> None:
    """Take entries away that are made anew in another way."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_ledgerentry WHERE id = ANY(%s)", [list(entry_ids)])


def entries_make(case_id: UUID, triples: Sequence[Triple]) -> list[tuple[int, Triple]]:
    """One entry for each (paying row, receiving row, told transfer); with the keys that they got."""
    outs, ins, tolds = zip(*triples, strict=True) if triples else ((), (), ())
    with connection.cursor() as cursor:
        cursor.execute(_MADE, {"case": case_id, "outs": list(outs), "ins": list(ins), "tolds": list(tolds)})
        return [(row[0], (row[1], row[2], row[3])) for row in cursor.fetchall()]
