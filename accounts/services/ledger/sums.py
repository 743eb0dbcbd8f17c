"""The one definition of the sums along an account's chain, as SQL text for the statements that write them (`entries`, `chains`).

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

# An account and a currency as one number: to sort by it is far cheaper than by two columns of which one is text.
_CHAIN = (
    "({node} * 16777216 + ascii({entry}.currency) * 65536 + ascii(substr({entry}.currency, 2, 1)) * 256"
    " + ascii(substr({entry}.currency, 3, 1)))"
)
_OUT, _IN = _CHAIN.format(node="e.src", entry="e"), _CHAIN.format(node="e.dst", entry="e")

# What `sums_of` asks of a side of an entry: id, chain, currency, is_out, amount, at, is_own, stated, serial, file, row, transfer_id.
# `file` is the place of its hash among the hashes of the files, 0 without a row. Parameter: nodes.
TOUCHED = """
touched AS MATERIALIZED (
  SELECT a.node, a.case_id FROM accounts_ledgeraccount a JOIN unnest(%(nodes)s::bigint[]) n(node) USING (node)
  WHERE a.kind <> 'cash'
), files AS MATERIALIZED (
  SELECT id, dense_rank() OVER (ORDER BY sha256)::integer AS place FROM accounts_statementfile
  WHERE case_id IN (SELECT case_id FROM touched)
)"""
STANDING = f"""
standing AS (
  SELECT e.*, l.id AS line, l.balance_minor, COALESCE(l.serial, '') AS serial, COALESCE(f.place, 0) AS place, COALESCE(l.row, 0) AS row
  FROM (
    SELECT e.id, {_OUT} AS chain, e.currency, true AS is_out, e.amount_minor AS amount, e.out_at AS at,
      e.out_line_id IS NOT NULL AS is_own, COALESCE(e.out_line_id, e.in_line_id) AS line_id, e.transfer_id
    FROM accounts_ledgerentry e JOIN touched ON touched.node = e.src AND touched.case_id = e.case_id
    UNION ALL
    SELECT e.id, {_IN}, e.currency, false, e.amount_minor, e.in_at,
      e.in_line_id IS NOT NULL, COALESCE(e.in_line_id, e.out_line_id), e.transfer_id
    FROM accounts_ledgerentry e JOIN touched ON touched.node = e.dst AND touched.case_id = e.case_id
  ) e LEFT JOIN accounts_statementline l ON l.id = e.line_id LEFT JOIN files f ON f.id = l.file_id
)"""
STANDING_SIDES = """
  SELECT id, chain, currency, is_out, amount, at, is_own, CASE WHEN is_own THEN balance_minor END AS stated, serial, place AS file, row,
    transfer_id
  FROM standing"""
# Entries to be: `fresh` (id, case_id, src, dst, at, amount_minor, currency, is_out, stated, serial, row, file_id), rows of one file each.
FRESH_SIDES = f"""
  SELECT e.id, {_OUT} AS chain, e.currency, true AS is_out, e.amount_minor AS amount, e.at, e.is_out AS is_own,
    CASE WHEN e.is_out THEN e.balance_minor END AS stated, e.serial, f.place AS file, e.row, NULL::uuid AS transfer_id
  FROM fresh e JOIN touched ON touched.node = e.src JOIN files f ON f.id = e.file_id
  UNION ALL
  SELECT e.id, {_IN}, e.currency, false, e.amount_minor, e.at, NOT e.is_out,
    CASE WHEN NOT e.is_out THEN e.balance_minor END, e.serial, f.place, e.row, NULL::uuid
  FROM fresh e JOIN touched ON touched.node = e.dst JOIN files f ON f.id = e.file_id"""


def sums_of(sides: Iterable[str]) -> str:
    """CTEs over these sides; the last are `summed` (each side) and `sums` (each entry: co, ci, src_before, dst_before).

    `outs` and `net` count the side itself. A running maximum less the opening is that of the differences, since the opening is
    the same along a chain.
    """
    return f"""
side AS ({" UNION ALL ".join(sides)}
), placed AS MATERIALIZED (
  SELECT id, chain, currency, is_out, amount, at, is_own, stated, row_number() OVER in_order AS place,
    (sum(CASE WHEN is_out THEN amount ELSE 0 END) OVER in_order)::bigint AS outs,
    (sum(CASE WHEN is_out THEN -amount ELSE amount END) OVER in_order)::bigint AS net
  FROM side
  WINDOW in_order AS (
    PARTITION BY chain
    ORDER BY at, length(serial), serial COLLATE "C", file, row, is_out, amount, transfer_id, id
    ROWS UNBOUNDED PRECEDING)
), opening AS (
  SELECT chain, (array_agg(opening ORDER BY place))[1] AS first, (array_agg(stated ORDER BY place DESC))[1] AS closing,
    count(*) FILTER (WHERE opening <> before) AS breaks
  FROM (
    SELECT chain, place, stated, stated - net AS opening, lag(stated - net) OVER (PARTITION BY chain ORDER BY place) AS before
    FROM placed WHERE stated IS NOT NULL
  ) s
  GROUP BY chain
), summed AS MATERIALIZED (
  SELECT p.id, p.chain, p.currency, p.is_out, p.amount, p.at, p.is_own, p.outs, p.net, GREATEST(COALESCE(o.first, 0), 0) AS opening,
    o.first, o.closing, COALESCE(o.breaks, 0) AS breaks,
    GREATEST(0, max(CASE WHEN p.is_out THEN -p.net END) OVER (PARTITION BY p.chain ORDER BY p.place ROWS UNBOUNDED PRECEDING)
      - GREATEST(COALESCE(o.first, 0), 0)) AS top_up
  FROM placed p LEFT JOIN opening o USING (chain)
), sums AS MATERIALIZED (
  SELECT COALESCE(o.id, i.id) AS id, o.id IS NOT NULL AS has_out, i.id IS NOT NULL AS has_in,
    o.outs - o.amount AS co, o.opening + o.net + o.amount + o.top_up AS src_before,
    i.opening + i.net + i.outs - i.amount + i.top_up AS ci, i.opening + i.net - i.amount + i.top_up AS dst_before
  FROM (SELECT * FROM summed WHERE is_out) o FULL JOIN (SELECT * FROM summed WHERE NOT is_out) i ON i.id = o.id
)"""


# Only entries that stand already and differ.
WRITTEN = """
written AS (
  UPDATE accounts_ledgerentry e SET co = COALESCE(s.co, e.co), src_before = COALESCE(s.src_before, e.src_before),
    ci = COALESCE(s.ci, e.ci), dst_before = COALESCE(s.dst_before, e.dst_before)
  FROM sums s
  WHERE e.id = s.id AND ((s.has_out AND (e.co, e.src_before) IS DISTINCT FROM (s.co, s.src_before))
    OR (s.has_in AND (e.ci, e.dst_before) IS DISTINCT FROM (s.ci, s.dst_before)))
)"""
CHAINS = """
INSERT INTO accounts_ledgerchain (node, currency, case_id, opening_minor, is_opening_stated, covered_from, covered_to,
  closing_minor, entries_in, entries_out, in_minor, out_minor, top_up_minor, breaks)
SELECT t.node, c.currency, t.case_id, c.opening, c.is_stated, c.covered_from, c.covered_to, c.closing, c.entries_in, c.entries_out,
  c.came, c.went, c.top_up, c.breaks
FROM (
  SELECT chain, min(currency) AS currency, max(opening) AS opening, COALESCE(max(first) >= 0, false) AS is_stated,
    min(at) FILTER (WHERE is_own) AS covered_from, max(at) FILTER (WHERE is_own) AS covered_to, max(closing) AS closing,
    count(*) FILTER (WHERE NOT is_out) AS entries_in, count(*) FILTER (WHERE is_out) AS entries_out,
    COALESCE(sum(amount) FILTER (WHERE NOT is_out), 0) AS came, COALESCE(sum(amount) FILTER (WHERE is_out), 0) AS went,
    max(top_up) AS top_up, max(breaks) + CASE WHEN max(first) < 0 THEN 1 ELSE 0 END AS breaks
  FROM summed GROUP BY chain
) c JOIN touched t ON t.node = c.chain >> 24
"""
