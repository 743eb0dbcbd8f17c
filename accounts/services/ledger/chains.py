"""The sums along each account's chain, rebuilt by set-based SQL in the open transaction (definition: `models.ledger`).

Per account and currency, in the order time, serial (shorter first, so that numbers sort as numbers), file hash, row:

* opening: the first balance that the account's own statement states, less what the chain shows before it; zero where
  none is stated or the ledger shows more than it allows (then a break is counted).
* top-up: where a payment exceeds what is there, clean money is put in just before it; so `src_before`, which includes
  the payment's own top-up, is never below the amount, and `co` never passes what came in.
* a break: a stated balance that does not follow from the stated one before and the entries between them.

Cash is no account: its node has no chain, and the sums of the side that is cash stay zero.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from antifraud import db

_GONE = "DELETE FROM accounts_ledgerchain WHERE node = ANY(%s)"

_REBUILD = """
WITH touched AS MATERIALIZED (
  SELECT a.node FROM accounts_ledgeraccount a JOIN unnest(%(nodes)s::bigint[]) n(node) USING (node) WHERE a.kind <> 'cash'
), side AS (
  SELECT e.id, e.case_id, e.src AS node, e.currency, true AS is_out, e.amount_minor AS amount, e.out_at AS at,
    e.out_line_id IS NOT NULL AS is_own, COALESCE(e.out_line_id, e.in_line_id) AS line, e.transfer_id
  FROM accounts_ledgerentry e JOIN touched ON touched.node = e.src
  UNION ALL
  SELECT e.id, e.case_id, e.dst, e.currency, false, e.amount_minor, e.in_at,
    e.in_line_id IS NOT NULL, COALESCE(e.in_line_id, e.out_line_id), e.transfer_id
  FROM accounts_ledgerentry e JOIN touched ON touched.node = e.dst
), placed AS (
  SELECT s.id, s.case_id, s.node, s.currency, s.is_out, s.amount, s.at, s.is_own,
    CASE WHEN s.is_own THEN l.balance_minor END AS stated,
    row_number() OVER chain AS place,
    (sum(CASE WHEN s.is_out THEN s.amount ELSE 0 END) OVER chain)::bigint - CASE WHEN s.is_out THEN s.amount ELSE 0 END
      AS outs,
    (sum(CASE WHEN s.is_out THEN 0 ELSE s.amount END) OVER chain)::bigint - CASE WHEN s.is_out THEN 0 ELSE s.amount END
      AS ins
  FROM side s
  LEFT JOIN accounts_statementline l ON l.id = s.line
  LEFT JOIN accounts_statementfile f ON f.id = l.file_id
  WINDOW chain AS (
    PARTITION BY s.node, s.currency
    ORDER BY s.at, COALESCE(length(l.serial), 0), COALESCE(l.serial, '') COLLATE "C", COALESCE(f.sha256, ''::bytea),
      COALESCE(l.row, 0), s.is_out, s.amount, s.transfer_id, s.id
    ROWS UNBOUNDED PRECEDING)
), stated AS (
  SELECT node, currency, place, stated, is_out, amount, ins, outs,
    stated - (ins - outs) + CASE WHEN is_out THEN amount ELSE -amount END AS opening
  FROM placed WHERE stated IS NOT NULL
), opening AS (
  SELECT node, currency, (array_agg(opening ORDER BY place))[1] AS first,
    (array_agg(stated ORDER BY place DESC))[1] AS closing,
    count(*) FILTER (WHERE opening <> before) AS breaks
  FROM (SELECT *, lag(opening) OVER (PARTITION BY node, currency ORDER BY place) AS before FROM stated) s
  GROUP BY node, currency
), summed AS (
  SELECT p.*, GREATEST(COALESCE(o.first, 0), 0) AS opening, o.first, o.closing, COALESCE(o.breaks, 0) AS breaks,
    GREATEST(0, max(CASE WHEN p.is_out THEN p.outs + p.amount - p.ins - GREATEST(COALESCE(o.first, 0), 0) END)
      OVER (PARTITION BY p.node, p.currency ORDER BY p.place ROWS UNBOUNDED PRECEDING)) AS top_up
  FROM placed p LEFT JOIN opening o USING (node, currency)
), sums AS (
  SELECT id, bool_or(is_out) AS has_out, bool_or(NOT is_out) AS has_in,
    max(outs) FILTER (WHERE is_out) AS co, max(opening + ins + top_up - outs) FILTER (WHERE is_out) AS src_before,
    max(opening + ins + top_up) FILTER (WHERE NOT is_out) AS ci,
    max(opening + ins + top_up - outs) FILTER (WHERE NOT is_out) AS dst_before
  FROM summed GROUP BY id
), written AS (
  UPDATE accounts_ledgerentry e SET co = COALESCE(s.co, e.co), src_before = COALESCE(s.src_before, e.src_before),
    ci = COALESCE(s.ci, e.ci), dst_before = COALESCE(s.dst_before, e.dst_before)
  FROM sums s
  WHERE e.id = s.id AND ((s.has_out AND (e.co, e.src_before) IS DISTINCT FROM (s.co, s.src_before))
    OR (s.has_in AND (e.ci, e.dst_before) IS DISTINCT FROM (s.ci, s.dst_before)))
)
INSERT INTO accounts_ledgerchain (node, currency, case_id, opening_minor, is_opening_stated, covered_from, covered_to,
  closing_minor, entries_in, entries_out, in_minor, out_minor, top_up_minor, breaks)
SELECT node, currency, min(case_id::text)::uuid, max(opening), COALESCE(max(first) >= 0, false),
  min(at) FILTER (WHERE is_own), max(at) FILTER (WHERE is_own), max(closing),
  count(*) FILTER (WHERE NOT is_out), count(*) FILTER (WHERE is_out),
  COALESCE(sum(amount) FILTER (WHERE NOT is_out), 0), COALESCE(sum(amount) FILTER (WHERE is_out), 0),
  max(top_up), max(breaks) + CASE WHEN max(first) < 0 THEN 1 ELSE 0 END
FROM summed GROUP BY node, currency
"""


def chains_rebuild(nodes: Iterable[int]) -> None:
    """Compute co, ci, src_before, dst_before and LedgerChain of these nodes anew, all currencies.

    The caller holds the case's ledger (`ledger_hold`), and names both nodes of every entry that came, went or changed.
    """
    db.require_unit_of_work()
    wanted = sorted(set(nodes))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(_GONE, [wanted])
        cursor.execute(_REBUILD, {"nodes": wanted})
