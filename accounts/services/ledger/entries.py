"""Entries of the ledger from the rows of a file and from told transfers, by set-based SQL; matching them is in `matching`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from accounts.services.ledger import sums
from accounts.services.ledger.chains import chains_write

# Each entry is written once, with its sums: what stands of its accounts and what comes are summed together. A row that names its
# own account as the other side names nobody.
_FRESH = """
fresh AS MATERIALIZED (
  SELECT nextval((SELECT pg_get_serial_sequence('accounts_ledgerentry', 'id'))::regclass) AS id, case_id,
    CASE direction WHEN 'out' THEN node ELSE NULLIF(counter, node) END AS src,
    CASE direction WHEN 'in' THEN node ELSE NULLIF(counter, node) END AS dst,
    at, amount_minor, currency, direction = 'out' AS is_out, balance_minor, serial, row, file_id, id AS line
  FROM accounts_statementline WHERE file_id = %(file)s AND left_out = '' ORDER BY row
)"""
_MADE_OF_FILE = """
made AS (
  INSERT INTO accounts_ledgerentry (id, case_id, src, dst, out_at, in_at, amount_minor, currency, co, ci, src_before, dst_before,
    out_line_id, in_line_id)
  SELECT f.id, f.case_id, f.src, f.dst, f.at, f.at, f.amount_minor, f.currency, COALESCE(s.co, 0), COALESCE(s.ci, 0),
    COALESCE(s.src_before, 0), COALESCE(s.dst_before, 0), CASE WHEN f.is_out THEN f.line END, CASE WHEN NOT f.is_out THEN f.line END
  FROM fresh f LEFT JOIN sums s ON s.id = f.id ORDER BY f.id
)"""
_OF_FILE = ",".join((
    f"WITH {_FRESH}", sums.TOUCHED, sums.STANDING, sums.sums_of([sums.STANDING_SIDES, sums.FRESH_SIDES]), _MADE_OF_FILE,
    f"{sums.WRITTEN}{sums.CHAINS}",
))  # fmt: skip
# In a case without entries nothing stands that would have to be read or changed.
_OF_FIRST_FILE = ",".join((
    f"WITH {_FRESH}", sums.TOUCHED, sums.sums_of([sums.FRESH_SIDES]), f"{_MADE_OF_FILE}{sums.CHAINS}",
))  # fmt: skip
_STANDS = """
SELECT EXISTS (SELECT FROM accounts_ledgerentry WHERE case_id = (SELECT case_id FROM accounts_statementfile WHERE id = %(file)s))
"""
_NODES = """
SELECT node FROM accounts_statementline WHERE file_id = %(file)s AND left_out = ''
UNION SELECT counter FROM accounts_statementline WHERE file_id = %(file)s AND left_out = '' AND counter IS NOT NULL
"""
# What is given as (paying row, receiving row, told transfer), each of which may be missing, becomes one entry, without sums
# until `chains_rebuild`.
_MADE = """
INSERT INTO accounts_ledgerentry (case_id, src, dst, out_at, in_at, amount_minor, currency, co, ci, src_before, dst_before,
  out_line_id, in_line_id, transfer_id)
SELECT %(case)s, src, NULLIF(dst, src), out_at, in_at, amount, currency, 0, 0, 0, 0, out_line, in_line, told
FROM (
  SELECT CASE WHEN o.id IS NULL AND i.id IS NOT NULL THEN NULLIF(COALESCE(i.counter, a.main, a.node), i.node)
      ELSE COALESCE(o.node, a.main, a.node) END AS src,
    COALESCE(i.node, o.counter, b.main, b.node) AS dst,
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


def entries_of_file(file_id: UUID, nodes: Iterable[int]) -> None:
    """One entry for each row of the file that is not left out, with the sums of the chains of `nodes`: all that the rows name."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDS, {"file": file_id})
        stands = cursor.fetchone()[0]
    chains_write(nodes, _OF_FILE if stands else _OF_FIRST_FILE, {"file": file_id})


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
