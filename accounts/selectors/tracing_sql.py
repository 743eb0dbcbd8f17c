"""The statements of the trace engine, for both directions; who may trace is asked before (`services.traces`).

Nodes are unique over all cases, so rows of another case cannot be met. Columns come as `tracing_rows` reads them.
`OFFSET 0` keeps the planner from also reading all payments of a time, of all accounts.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.rules.tracing.params import BACKWARD, FORWARD
from accounts.selectors.tracing_rows import UNKNOWN

# An entry's columns as the rows of both directions are made of them (`tracing_rows`); `_OWN` as recursion carries them.
_ROW = """t.id, coalesce(t.src, 0), coalesce(t.dst, 0), (extract(epoch FROM t.out_at) * 1000000)::bigint,
  (extract(epoch FROM t.in_at) * 1000000)::bigint, t.amount_minor, t.co, t.ci, t.src_before, t.dst_before, t.currency"""
_OWN = ("id", "src", "dst", "out_at", "in_at", "amount_minor", "co", "ci", "src_before", "dst_before", "currency")
_PLACE = """(extract(epoch FROM c.covered_from) * 1000000)::bigint, (extract(epoch FROM c.covered_to) * 1000000)::bigint,
  c.opening_minor, c.is_opening_stated, c.closing_minor"""
_STOPS = """SELECT array_agg(node) AS nodes, array_agg(kind) AS kinds FROM accounts_ledgeraccount
  WHERE case_id = {case} AND number_index = ANY({words}) AND kind <> 'account'"""

_HALT = """SELECT s.nodes, s.kinds, coalesce(s.nodes, '{{}}') || (SELECT coalesce(array_agg({frm}), '{{}}')
  FROM accounts_ledgerentry WHERE id = ANY($2) AND case_id = $1 AND {frm} IS NOT NULL) AS halt FROM ({stops}) s"""
# All in one row, eight bytes a number and no text, since making and reading columns would take as long as finding them:
# the rows as in _ROW, but for the currency four times the hop, two where it is another one, one where it is followed;
# then what is known of the accounts that were followed, the least number where it is not known.
_PACKED = """, found AS MATERIALIZED (SELECT * FROM r LIMIT $11)
SELECT (SELECT nodes FROM stops), (SELECT kinds FROM stops), string_agg(
    int8send(r.id) || int8send(coalesce(r.src, 0)) || int8send(coalesce(r.dst, 0)) || timestamptz_send(r.out_at)
    || timestamptz_send(r.in_at) || int8send(r.amount_minor) || int8send(r.co) || int8send(r.ci) || int8send(r.src_before)
    || int8send(r.dst_before) || int8send(4 * r.hop + 2 * (r.currency <> $6)::int + r.go::int), ''),
  (SELECT string_agg(
    int8send(c.node) || coalesce(timestamptz_send(c.covered_from), {unknown})
    || coalesce(timestamptz_send(c.covered_to), {unknown}) || int8send(c.opening_minor)
    || int8send(c.is_opening_stated::int) || coalesce(int8send(c.closing_minor), {unknown}), '')
   FROM accounts_ledgerchain c WHERE c.node = ANY(ARRAY(SELECT f.{to} FROM found f WHERE f.go)) AND c.currency = $6)
FROM found r
"""

# Seeds: $1 case, $2 entries, $3 indexes of the words for cash and unnamed.
_SEEDS = """SELECT {row}, (SELECT nodes FROM ({stops}) s), (SELECT kinds FROM ({stops}) s)
FROM accounts_ledgerentry t WHERE t.id = ANY($2) AND t.case_id = $1"""

# FIFO: $1 case, $2 entries, $3 words, $4 $5 parts of the entries, $6 currency, $7 until, $8 window, $9 least amount,
# $10 most hops, $11 most rows. A lot [lo, hi) on the chain of `to` meets what overlaps it; `go`: it is followed.
_FIFO = """
WITH RECURSIVE stops AS MATERIALIZED ({halt}), r AS (
  SELECT {seed}, t.{land} + s.from_minor AS lo, t.{land} + s.to_minor AS hi, 1 AS hop,
    coalesce(t.{to} <> ALL ((SELECT halt FROM stops)::bigint[]), false) AS go
  FROM unnest($2, $4, $5) AS s(id, from_minor, to_minor) JOIN accounts_ledgerentry t ON t.id = s.id AND t.case_id = $1
  UNION ALL
  SELECT {next}, x.{land} + x.lo - x.{start}, x.{land} + x.hi - x.{start}, r.hop + 1,
    coalesce(x.{to} <> ALL ((SELECT halt FROM stops)::bigint[]), false) AND x.{leaves} {within}
      AND (x.hi - x.lo >= $9 OR x.hi - x.lo = r.hi - r.lo) AND r.hop < $10
  FROM r CROSS JOIN LATERAL (
    SELECT {seed}, greatest(r.lo, t.{start}) AS lo, least(r.hi, t.{start} + t.amount_minor) AS hi
    FROM accounts_ledgerentry t
    WHERE t.{frm} = r.{to} AND t.currency = $6 AND t.{start} < r.hi AND t.{start} + t.amount_minor > r.lo AND t.out_at <= $7
      AND t.{start} >= coalesce((SELECT max(m.{start}) FROM accounts_ledgerentry m
        WHERE m.{frm} = r.{to} AND m.currency = $6 AND m.{start} <= r.lo), r.lo)
    OFFSET 0) x
  WHERE r.go
)"""

# Pro rata and LIBR read ahead: the same values, $9 too. An estimate of each single arrival's share says which accounts are
# worth reading; what it misses is asked for afterwards, so that no amount depends on it.
_POOLED = """
WITH RECURSIVE stops AS MATERIALIZED ({halt}), r AS (
  SELECT {seed}, (s.to_minor - s.from_minor)::float8 AS part, 1 AS hop,
    coalesce(t.{to} <> ALL ((SELECT halt FROM stops)::bigint[]), false) AS go
  FROM unnest($2, $4, $5) AS s(id, from_minor, to_minor) JOIN accounts_ledgerentry t ON t.id = s.id AND t.case_id = $1
  UNION ALL
  SELECT {next}, x.part, r.hop + 1,
    coalesce(x.{to} <> ALL ((SELECT halt FROM stops)::bigint[]), false) AND (x.part >= $9 OR x.part >= r.part)
      AND x.part > 0 AND r.hop < $10
  FROM r CROSS JOIN LATERAL (
    SELECT {seed}, r.part * ({share}) AS part
    FROM (SELECT o.* FROM accounts_ledgerentry o
      WHERE o.{frm} = r.{to} AND o.currency = $6 AND o.{start} {later} {mark} AND o.{leaves} {since} r.{came}
        AND o.{leaves} {within} AND o.out_at <= $7 OFFSET 0) t
    WINDOW before AS (ORDER BY t.{start} {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
      so_far AS (ORDER BY t.{start} {order} ROWS UNBOUNDED PRECEDING)) x
  WHERE r.go
)"""

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
  SELECT t.* FROM accounts_ledgerentry t
  WHERE n.n <= $5 AND t.{frm} = l.node AND t.{leaves} {since} l.first AND t.{leaves} {by} l.last AND t.out_at <= $4
    AND t.amount_minor >= $6 OFFSET 0) t ON true
WHERE t.id IS NOT NULL OR n.n > $5
"""

# The least that is left by what leaves later: $1 nodes, $2 marks, $3 last times, $4 currency, $5 until; with what is known
# of those accounts that $6 marks, so that nobody has to ask for them apart.
_LOWEST = """
SELECT l.node, m.least, c.node, {place} FROM unnest($1, $2, $3, $6) AS l(node, mark, last, is_new) CROSS JOIN LATERAL (
  SELECT min({left}) AS least FROM accounts_ledgerentry t
  WHERE t.{frm} = l.node AND t.currency = $4 AND t.{start} {later} l.mark AND t.{leaves} {after} l.last AND t.out_at <= $5
) m LEFT JOIN accounts_ledgerchain c ON l.is_new AND c.node = l.node AND c.currency = $4
"""

# What is known of accounts: $1 nodes, $2 currency.
PLACES = f"SELECT c.node, {_PLACE} FROM accounts_ledgerchain c WHERE c.node = ANY($1) AND c.currency = $2"
PLACES_TYPES = "bigint[], text"

_WORDS = {
    FORWARD: {
        "frm": "src", "to": "dst", "leaves": "out_at", "came": "in_at", "start": "co", "land": "ci", "by": "<=", "after": ">",
        "since": ">=", "within": "<= r.in_at + $8", "later": ">=", "order": "ASC", "entries": "entries_out",
        "left": "t.src_before - t.amount_minor", "mark": "r.ci - r.dst_before", "pool": "t.src_before",
    },
    BACKWARD: {
        "frm": "dst", "to": "src", "leaves": "in_at", "came": "out_at", "start": "ci", "land": "co", "by": ">=", "after": "<",
        "since": "<=", "within": ">= r.out_at - $8", "later": "<", "order": "DESC", "entries": "entries_in",
        "left": "t.dst_before", "mark": "r.co + r.src_before", "pool": "(t.dst_before + t.amount_minor)",
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
    carried = {
        "halt": _HALT.format(**words, stops=stops),
        "seed": ", ".join(f"t.{name}" for name in _OWN),
        "next": ", ".join(f"x.{name}" for name in _OWN),
    }
    tail = _PACKED.format(to=words["to"], unknown=f"'\\x{UNKNOWN.to_bytes(8, signed=True).hex()}'::bytea")
    ahead = "uuid, bigint[], bytea[], bigint[], bigint[], text, timestamptz, interval, bigint, integer, integer"
    pro_rata, libr = _PRO_RATA.format(**words), _LIBR.format(**words)

    def one(name: str, text: str, types: str, **more: str) -> Statement:
        return Statement(
            f"trace_{name}_{direction}", text.format(**{**words, "row": _ROW, "stops": stops, **carried, **more}), types
        )

    three = "bigint[], bigint[], timestamptz[], text, timestamptz"
    return Statements(
        seeds=one("seeds", _SEEDS, "uuid, bigint[], bytea[]"),
        fifo=one("fifo", _FIFO + "{tail}", ahead, tail=tail),
        pro_rata=one("pro_rata", _POOLED + "{tail}", ahead, tail=tail, share=pro_rata),
        libr=one("libr", _POOLED + "{tail}", ahead, tail=tail, share=libr),
        meeting=one("meeting", _MEETING, "bigint[], bigint[], bigint[], text, timestamptz"),
        leaving=one("leaving", _LEAVING, f"{three}, integer"),
        going=one("going", _GOING, "bigint[], timestamptz[], timestamptz[], timestamptz, integer, bigint"),
        lowest=one("lowest", _LOWEST, f"{three}, boolean[]", place=_PLACE),
    )  # fmt: skip


STATEMENTS = {direction: _made(direction) for direction in (FORWARD, BACKWARD)}
