"""The statements of the trace engine, for both directions; who may trace is asked before (`services.traces`).

Nodes are unique over all cases, so rows of another case cannot be met. Columns come in the order of `rules.tracing.Row`.
`OFFSET 0` keeps the planner from also reading all payments of a time, of all accounts.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.rules.tracing.params import BACKWARD, FORWARD

_FORWARD_ROW = """{t}.id, coalesce({t}.src, 0), coalesce({t}.dst, 0), (extract(epoch FROM {t}.out_at) * 1000000)::bigint,
  (extract(epoch FROM {t}.in_at) * 1000000)::bigint, {t}.amount_minor, {t}.co, {t}.ci, {t}.src_before,
  2 * {t}.co + {t}.src_before, 2 * {t}.ci - {t}.dst_before, {t}.currency"""
_BACKWARD_ROW = """{t}.id, coalesce({t}.dst, 0), coalesce({t}.src, 0), -(extract(epoch FROM {t}.in_at) * 1000000)::bigint,
  -(extract(epoch FROM {t}.out_at) * 1000000)::bigint, {t}.amount_minor, {t}.ci, {t}.co, {t}.dst_before + {t}.amount_minor,
  {t}.dst_before - 2 * {t}.ci, -2 * {t}.co - {t}.src_before, {t}.currency"""
_PLACE = """(extract(epoch FROM c.covered_from) * 1000000)::bigint, (extract(epoch FROM c.covered_to) * 1000000)::bigint,
  c.opening_minor, c.is_opening_stated, c.closing_minor"""
_STOPS = """SELECT array_agg(node) AS nodes, array_agg(kind) AS kinds FROM accounts_ledgeraccount
  WHERE case_id = {case} AND number_index = ANY({words}) AND kind <> 'account'"""

_HALT = """SELECT coalesce((SELECT nodes FROM stops), '{{}}') || coalesce(array_agg(DISTINCT {frm}), '{{}}') AS nodes
  FROM accounts_ledgerentry WHERE id = ANY($2) AND case_id = $1 AND {frm} IS NOT NULL"""

# Seeds: $1 case, $2 entries, $3 indexes of the words for cash and unnamed.
_SEEDS = """SELECT {row}, (SELECT nodes FROM ({stops}) s), (SELECT kinds FROM ({stops}) s)
FROM accounts_ledgerentry t WHERE t.id = ANY($2) AND t.case_id = $1"""

# FIFO: $1 case, $2 entries, $3 words, $4 $5 parts of the entries, $6 currency, $7 until, $8 window, $9 least amount,
# $10 most hops, $11 most rows. A lot [lo, hi) on the chain of `to` meets what overlaps it; `go`: it is followed.
_FIFO = """
WITH RECURSIVE stops AS MATERIALIZED ({stops}), halt AS MATERIALIZED ({halt}), r AS (
  SELECT t AS e, t.{to} AS node, t.{came} AS came, t.{land} + s.from_minor AS lo, t.{land} + s.to_minor AS hi, 1 AS hop,
    coalesce(t.{to} <> ALL ((SELECT nodes FROM halt)::bigint[]), false) AS go
  FROM unnest($2, $4, $5) AS s(id, from_minor, to_minor) JOIN accounts_ledgerentry t ON t.id = s.id AND t.case_id = $1
  UNION ALL
  SELECT x.e, x.node, x.came, x.land + x.lo - x.start, x.land + x.hi - x.start, r.hop + 1,
    coalesce(x.node <> ALL ((SELECT nodes FROM halt)::bigint[]), false) AND x.leaves {within}
      AND (x.hi - x.lo >= $9 OR x.hi - x.lo = r.hi - r.lo) AND r.hop < $10
  FROM r CROSS JOIN LATERAL (
    SELECT t AS e, t.{to} AS node, t.{came} AS came, t.{leaves} AS leaves, t.{start} AS start, t.{land} AS land,
      greatest(r.lo, t.{start}) AS lo, least(r.hi, t.{start} + t.amount_minor) AS hi
    FROM accounts_ledgerentry t
    WHERE t.{frm} = r.node AND t.currency = $6 AND t.{start} < r.hi AND t.{start} + t.amount_minor > r.lo AND t.out_at <= $7
      AND t.{start} >= coalesce((SELECT max(m.{start}) FROM accounts_ledgerentry m
        WHERE m.{frm} = r.node AND m.currency = $6 AND m.{start} <= r.lo), r.lo)
    OFFSET 0) x
  WHERE r.go
)
SELECT {row}, (SELECT nodes FROM stops), (SELECT kinds FROM stops), r.hop, r.node, r.lo, r.hi, r.go, {place}
FROM (SELECT * FROM r LIMIT $11) r LEFT JOIN accounts_ledgerchain c
  ON c.node = CASE WHEN r.go THEN r.node END AND c.currency = $6
"""

# Pro rata and LIBR read ahead: the same values, $9 too. An estimate of each single arrival's share says which accounts are
# worth reading; what it misses is asked for afterwards, so that no amount depends on it.
_POOLED = """
WITH RECURSIVE stops AS MATERIALIZED ({stops}), halt AS MATERIALIZED ({halt}), r AS (
  SELECT t AS e, t.{to} AS node, t.{came} AS came, {mark} AS mark, (s.to_minor - s.from_minor)::float8 AS part, 1 AS hop,
    coalesce(t.{to} <> ALL ((SELECT nodes FROM halt)::bigint[]), false) AS go
  FROM unnest($2, $4, $5) AS s(id, from_minor, to_minor) JOIN accounts_ledgerentry t ON t.id = s.id AND t.case_id = $1
  UNION ALL
  SELECT x.e, x.node, x.came, x.mark, x.part, r.hop + 1,
    coalesce(x.node <> ALL ((SELECT nodes FROM halt)::bigint[]), false) AND (x.part >= $9 OR x.part >= r.part)
      AND x.part > 0 AND r.hop < $10
  FROM r CROSS JOIN LATERAL (
    SELECT t.e, t.{to} AS node, t.{came} AS came, {mark} AS mark, r.part * ({share}) AS part
    FROM (SELECT o AS e, o.* FROM accounts_ledgerentry o
      WHERE o.{frm} = r.node AND o.currency = $6 AND o.{start} {later} r.mark OFFSET 0) t
    WHERE t.{leaves} {within} AND t.out_at <= $7
    WINDOW before AS (ORDER BY t.{start} {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
      so_far AS (ORDER BY t.{start} {order} ROWS UNBOUNDED PRECEDING)) x
  WHERE r.go
)
SELECT {row}, (SELECT nodes FROM stops), (SELECT kinds FROM stops), r.hop, r.node, 0, 0, r.go, {place}
FROM (SELECT * FROM r LIMIT $11) r LEFT JOIN accounts_ledgerchain c
  ON c.node = CASE WHEN r.go THEN r.node END AND c.currency = $6
"""

# How much of a single arrival `r.part` a payment carries, as a part of 1: what the payments before it have left of it.
_PRO_RATA = """t.amount_minor::float8 / {pool}
  * exp(coalesce(sum(ln(greatest(1e-9, 1 - t.amount_minor::float8 / {pool}))) OVER before, 0))"""
_LIBR = """least(1, coalesce(min({left}) OVER before, r.part) / r.part) - least(1, min({left}) OVER so_far / r.part)"""

# What overlaps lots: $1 nodes, $2 $3 lots, $4 currency, $5 until.
_MEETING = """
SELECT l.number, {row} FROM unnest($1, $2, $3) WITH ORDINALITY AS l(node, lo, hi, number) CROSS JOIN LATERAL (
  SELECT t.* FROM accounts_ledgerentry t
  WHERE t.{frm} = l.node AND t.currency = $4 AND t.{start} < l.hi AND t.{start} + t.amount_minor > l.lo AND t.out_at <= $5
    AND t.{start} >= coalesce((SELECT max(m.{start}) FROM accounts_ledgerentry m
      WHERE m.{frm} = l.node AND m.currency = $4 AND m.{start} <= l.lo), l.lo)
  OFFSET 0) t
ORDER BY l.number, t.{start}
"""

# What leaves: $1 nodes, $2 marks, $3 last times, $4 currency, $5 until, $6 most rows of a node.
_LEAVING = """
SELECT {row} FROM unnest($1, $2, $3) AS l(node, mark, last) CROSS JOIN LATERAL (
  SELECT t.* FROM accounts_ledgerentry t
  WHERE t.{frm} = l.node AND t.currency = $4 AND t.{start} {later} l.mark AND t.{leaves} {by} l.last AND t.out_at <= $5
  ORDER BY t.{start} {order} LIMIT $6 + 1) t
"""

# What leaves by time, in every currency: $1 nodes, $2 first times, $3 last times, $4 until, $5 most payments, $6 least amount.
_GOING = """
SELECT l.node, {row} FROM unnest($1, $2, $3) AS l(node, first, last)
CROSS JOIN LATERAL (SELECT coalesce(sum(c.{entries}), 0) AS n FROM accounts_ledgerchain c WHERE c.node = l.node) n
LEFT JOIN LATERAL (
  SELECT t.* FROM (SELECT o.* FROM accounts_ledgerentry o WHERE n.n <= $5 AND o.{frm} = l.node OFFSET 0) t
  WHERE t.{leaves} {since} l.first AND t.{leaves} {by} l.last AND t.out_at <= $4 AND t.amount_minor >= $6) t ON true
WHERE t.id IS NOT NULL OR n.n > $5
"""

# The least that is left by what leaves later: $1 nodes, $2 marks, $3 last times, $4 currency, $5 until.
_LOWEST = """
SELECT l.node, m.least FROM unnest($1, $2, $3) AS l(node, mark, last) CROSS JOIN LATERAL (
  SELECT min({left}) AS least FROM accounts_ledgerentry t
  WHERE t.{frm} = l.node AND t.currency = $4 AND t.{start} {later} l.mark AND NOT t.{leaves} {by} l.last AND t.out_at <= $5
) m WHERE m.least IS NOT NULL
"""

# What is known of accounts: $1 nodes, $2 currency.
PLACES = f"SELECT c.node, {_PLACE} FROM accounts_ledgerchain c WHERE c.node = ANY($1) AND c.currency = $2"
PLACES_TYPES = "bigint[], text"

_WORDS = {
    FORWARD: {
        "frm": "src", "to": "dst", "leaves": "out_at", "came": "in_at", "start": "co", "land": "ci", "by": "<=",
        "since": ">=", "within": "<= r.came + $8", "later": ">=", "order": "ASC", "entries": "entries_out",
        "left": "t.src_before - t.amount_minor", "mark": "t.ci - t.dst_before", "pool": "t.src_before",
        "row": _FORWARD_ROW.format(t="t"), "seen": _FORWARD_ROW.format(t="(r.e)"),
    },
    BACKWARD: {
        "frm": "dst", "to": "src", "leaves": "in_at", "came": "out_at", "start": "ci", "land": "co", "by": ">=",
        "since": "<=", "within": ">= r.came - $8", "later": "<", "order": "DESC", "entries": "entries_in",
        "left": "t.dst_before", "mark": "t.co + t.src_before", "pool": "(t.dst_before + t.amount_minor)",
        "row": _BACKWARD_ROW.format(t="t"), "seen": _BACKWARD_ROW.format(t="(r.e)"),
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """One prepared statement: its name on the connection, text, types of its values."""

    name: str
    sql: str
    types: str


@dataclass(frozen=True, slots=True)
class Statements:
    """All of one direction."""

    seeds: Statement
    fifo: Statement
    pro_rata: Statement
    libr: Statement
    meeting: Statement
    leaving: Statement
    going: Statement
    lowest: Statement


def _made(direction: str) -> Statements:
    words = _WORDS[direction]
    stops = _STOPS.format(case="$1", words="$3")

    halt = _HALT.format(**words)
    ahead = "uuid, bigint[], bytea[], bigint[], bigint[], text, timestamptz, interval, bigint, integer, integer"
    pro_rata, libr = _PRO_RATA.format(**words), _LIBR.format(**words)

    def one(name: str, text: str, types: str, **more: str) -> Statement:
        return Statement(
            f"trace_{name}_{direction}", text.format(**{**words, "stops": stops, "halt": halt, **more}), types
        )

    three = "bigint[], bigint[], timestamptz[], text, timestamptz"
    return Statements(
        seeds=one("seeds", _SEEDS, "uuid, bigint[], bytea[]"),
        fifo=one("fifo", _FIFO, ahead, row=words["seen"], place=_PLACE),
        pro_rata=one("pro_rata", _POOLED, ahead, row=words["seen"], place=_PLACE, share=pro_rata),
        libr=one("libr", _POOLED, ahead, row=words["seen"], place=_PLACE, share=libr),
        meeting=one("meeting", _MEETING, "bigint[], bigint[], bigint[], text, timestamptz"),
        leaving=one("leaving", _LEAVING, f"{three}, integer"),
        going=one("going", _GOING, "bigint[], timestamptz[], timestamptz[], timestamptz, integer, bigint"),
        lowest=one("lowest", _LOWEST, three),
    )  # fmt: skip


STATEMENTS = {direction: _made(direction) for direction in (FORWARD, BACKWARD)}
