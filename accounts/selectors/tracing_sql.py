"""The statements of the trace engine, for both directions; who may trace is asked before (`services.traces`).

Nodes are unique over all cases, so rows of another case cannot be met. Columns come as `tracing_rows` reads them.
`OFFSET 0` keeps the planner from also reading all payments of a time, of all accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.rules.tracing.params import BACKWARD, FORWARD
from accounts.selectors.tracing_rows import UNKNOWN

# An entry's columns as the rows of both directions are made of them (`tracing_rows`).
_ROW = """t.id, coalesce(t.src, 0), coalesce(t.dst, 0), (extract(epoch FROM t.out_at) * 1000000)::bigint,
  (extract(epoch FROM t.in_at) * 1000000)::bigint, t.amount_minor, t.co, t.ci, t.src_before, t.dst_before, t.currency"""
_PLACE = """(extract(epoch FROM c.covered_from) * 1000000)::bigint, (extract(epoch FROM c.covered_to) * 1000000)::bigint,
  c.opening_minor, c.is_opening_stated, c.closing_minor"""
_STOPS = """SELECT array_agg(node) AS nodes, array_agg(kind) AS kinds FROM accounts_ledgeraccount
  WHERE case_id = {case} AND number_index = ANY({words}) AND kind <> 'account'"""

# The same columns as one value, eight bytes a number and no text: as columns of their own they would take as long to be
# carried through the recursion, made and read as the rows take to be found. The currency is that of the trace.
_PACKED = """int8send(t.id) || int8send(coalesce(t.src, 0)) || int8send(coalesce(t.dst, 0)) || timestamptz_send(t.out_at)
      || timestamptz_send(t.in_at) || int8send(t.amount_minor) || int8send(t.co) || int8send(t.ci) || int8send(t.src_before)
      || int8send(t.dst_before)"""
# A recursion: `step` is four times the hop, two more where the currency is another, one more where money goes on with
# the payment; such a one is followed unless it comes to cash, to nobody or to an account that a seed leaves.
_AHEAD = """
WITH RECURSIVE stops AS MATERIALIZED ({stops}), seeds AS MATERIALIZED (
  SELECT t.{frm}, {carried}, {part} 5 + 2 * (t.currency <> $6)::int AS step
  FROM unnest($2, $4, $5) AS s(id, from_minor, to_minor) JOIN accounts_ledgerentry t ON t.id = s.id AND t.case_id = $1
), r AS (
  SELECT {to}, {came}, {columns} step FROM seeds
  {union}
  SELECT x.{to}, x.{came}, {next} r.step + 4 - ({refused} r.step >= 4 * $10)::int{other}
  FROM r CROSS JOIN LATERAL ({met}) x
  WHERE r.step & 1 = 1
    AND r.{to} <> ALL ((SELECT nodes || ARRAY(SELECT {frm} FROM seeds WHERE {frm} IS NOT NULL) FROM stops)::bigint[])
)"""
# All in one row: the stops, the rows with their steps, and what is known of the accounts that money goes on to, the least
# number where it is not known; for reach of all their currencies, with the number of payments, which makes a hub.
_TAIL = """
SELECT s.nodes, s.kinds, f.rows, (SELECT string_agg(
    int8send(c.node) || coalesce(timestamptz_send(c.covered_from), {unknown})
    || coalesce(timestamptz_send(c.covered_to), {unknown}) || int8send(c.opening_minor)
    || int8send(c.is_opening_stated::int) || coalesce(int8send(c.closing_minor), {unknown}){more}, '')
  FROM accounts_ledgerchain c WHERE c.node = ANY (f.followed){own})
FROM stops s, (SELECT string_agg(r.packed || int8send(r.step), '') AS rows,
    array_agg(r.{to}) FILTER (WHERE r.step & 1 = 1) AS followed
  FROM (SELECT * FROM r LIMIT $11) r) f
"""

# Seeds: $1 case, $2 entries, $3 indexes of the words for cash and unnamed.
_SEEDS = """SELECT {row}, (SELECT nodes FROM ({stops}) s), (SELECT kinds FROM ({stops}) s)
FROM accounts_ledgerentry t WHERE t.id = ANY($2) AND t.case_id = $1"""

# FIFO: $1 case, $2 entries, $3 words, $4 $5 parts of the entries, $6 currency, $7 until, $8 window, $9 least amount,
# $10 most hops, $11 most rows. A lot [lo, hi) on the chain of `to` meets what overlaps it.
_FIFO = {
    "part": "t.{land} + s.from_minor AS lo, t.{land} + s.to_minor AS hi,",
    "columns": "packed, lo, hi,",
    "next": "x.packed, x.shift + x.lo, x.shift + x.hi,",
    "refused": "x.{leaves} {beyond} OR (x.hi - x.lo < $9 AND x.hi - x.lo <> r.hi - r.lo) OR",
    "met": """
    SELECT {carried}, t.{leaves} AS {leaves}, t.{land} - t.{start} AS shift,
      greatest(r.lo, t.{start}) AS lo, least(r.hi, t.{start} + t.amount_minor) AS hi
    FROM accounts_ledgerentry t
    WHERE t.{frm} = r.{to} AND t.currency = $6 AND t.{start} < r.hi AND t.{start} + t.amount_minor > r.lo AND t.out_at <= $7
      AND t.{start} >= coalesce((SELECT m.{start} FROM accounts_ledgerentry m
        WHERE m.{frm} = r.{to} AND m.currency = $6 AND m.{start} <= r.lo
        ORDER BY m.{frm} DESC, m.currency DESC, m.{start} DESC LIMIT 1), r.lo)
    OFFSET 0""",
}

# Pro rata and LIBR read ahead: the same values, $9 too. An estimate of each single arrival's share says which accounts are
# worth reading; what it misses is asked for afterwards, so that no amount depends on it.
_POOLED = {
    "part": "(s.to_minor - s.from_minor)::float8 AS part, {mark} AS mark,",
    "columns": "packed, part, mark,",
    "next": "x.packed, x.part, x.mark,",
    "refused": "x.part < 0.5 OR (x.part < $9 AND x.part < r.part) OR",
    "met": """
    SELECT {carried}, {mark} AS mark, r.part * ({share}) AS part
    FROM (SELECT o.* FROM accounts_ledgerentry o
      WHERE o.{frm} = r.{to} AND o.currency = $6 AND o.{start} {later} r.mark AND o.{leaves} {since} r.{came}
        AND o.{leaves} {within} AND o.out_at <= $7 OFFSET 0) t
    WINDOW before AS (ORDER BY t.{start} {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
      so_far AS (ORDER BY t.{start} {order} ROWS UNBOUNDED PRECEDING)""",
}

# How much of a single arrival `r.part` a payment carries, as a part of 1: what the payments before it have left of it.
# An account that is emptied again and again leaves less than a double can hold, which would be an error: 1e-43 is nothing too.
# An empty seed, which is refused once its row is known, must not divide.
_PRO_RATA = """t.amount_minor::float8 / {pool}
  * exp(greatest(-100, coalesce(sum(ln(greatest(1e-9, 1 - t.amount_minor::float8 / {pool}))) OVER before, 0)))"""
_LIBR = """least(1, coalesce(min({left}) OVER before, r.part) / nullif(r.part, 0))
  - least(1, min({left}) OVER so_far / nullif(r.part, 0))"""

# Reach, as long as it finds few rows, all in the trace's currency: the same values. Once for each entry and hop.
_REACH = {
    "union": "UNION",
    "columns": "packed,",
    "next": "x.packed,",
    "other": " + 2 * (x.currency <> $6)::int",
    "own": "",
    "more": " || int8send(c.{entries}) || int8send((c.currency = $6)::int)",
    "met": """
    SELECT {carried}, t.currency FROM accounts_ledgerentry t
    WHERE t.{frm} = r.{to} AND t.{leaves} {since} r.{came} AND t.{leaves} {within} AND t.out_at <= $7 AND t.amount_minor >= $9
    OFFSET 0""",
}

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
# The rows of a node are one value, each with its currency: they may be thousands. None: too many payments.
_GOING = """
SELECT l.node, t.rows FROM unnest($1, $2, $3) AS l(node, first, last)
CROSS JOIN LATERAL (SELECT coalesce(sum(c.{entries}), 0) AS n FROM accounts_ledgerchain c WHERE c.node = l.node) n
CROSS JOIN LATERAL (
  SELECT string_agg({packed} || bpcharsend(t.currency::character(3)), '') AS rows FROM accounts_ledgerentry t
  WHERE n.n <= $5 AND t.{frm} = l.node AND t.{leaves} {since} l.first AND t.{leaves} {by} l.last AND t.out_at <= $4
    AND t.amount_minor >= $6) t
WHERE t.rows IS NOT NULL OR n.n > $5
"""

# The least that is left by what leaves later: $1 nodes, $2 marks, $3 last times, $4 currency, $5 until; with what is known
# of accounts: $6 nodes, so that nobody has to ask for them apart.
_LOWEST = """
SELECT l.node, m.least, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::boolean, NULL::bigint
FROM unnest($1, $2, $3) AS l(node, mark, last) CROSS JOIN LATERAL (
  SELECT min({left}) AS least FROM accounts_ledgerentry t
  WHERE t.{frm} = l.node AND t.currency = $4 AND t.{start} {later} l.mark AND t.{leaves} {after} l.last AND t.out_at <= $5
) m
UNION ALL
SELECT NULL, NULL, c.node, {place} FROM accounts_ledgerchain c WHERE c.node = ANY ($6) AND c.currency = $4
"""

# What is known of accounts: $1 nodes, $2 currency.
PLACES = f"SELECT c.node, {_PLACE} FROM accounts_ledgerchain c WHERE c.node = ANY($1) AND c.currency = $2"
PLACES_TYPES = "bigint[], text"

_AHEAD_TYPES = "uuid, bigint[], bytea[], bigint[], bigint[], text, timestamptz, interval, bigint, integer, integer"
_WORDS = {
    FORWARD: {
        "frm": "src", "to": "dst", "leaves": "out_at", "came": "in_at", "start": "co", "land": "ci", "by": "<=", "after": ">",
        "since": ">=", "within": "<= r.in_at + $8", "beyond": "> r.in_at + $8", "later": ">=", "order": "ASC",
        "entries": "entries_out", "left": "t.src_before - t.amount_minor", "mark": "t.ci - t.dst_before",
        "pool": "t.src_before",
    },
    BACKWARD: {
        "frm": "dst", "to": "src", "leaves": "in_at", "came": "out_at", "start": "ci", "land": "co", "by": ">=", "after": "<",
        "since": "<=", "within": ">= r.out_at - $8", "beyond": "< r.out_at - $8", "later": "<", "order": "DESC",
        "entries": "entries_in", "left": "t.dst_before", "mark": "t.co + t.src_before",
        "pool": "(t.dst_before + t.amount_minor)",
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
    reach: Statement
    meeting: Statement
    leaving: Statement
    going: Statement
    lowest: Statement


def _made(direction: str) -> Statements:
    words = {
        **_WORDS[direction],
        "row": _ROW,
        "packed": _PACKED,
        "place": _PLACE,
        "stops": _STOPS.format(case="$1", words="$3"),
    }
    three = "bigint[], bigint[], timestamptz[], text, timestamptz"

    def one(name: str, text: str, types: str) -> Statement:
        return Statement(f"trace_{name}_{direction}", text.format(**words), types)

    def ahead(name: str, pieces: Mapping[str, str], share: str = "") -> Statement:
        return one(name, _recursion(words, pieces, share.format(**words)), _AHEAD_TYPES)

    return Statements(
        seeds=one("seeds", _SEEDS, "uuid, bigint[], bytea[]"),
        fifo=ahead("fifo", _FIFO),
        pro_rata=ahead("pro_rata", _POOLED, _PRO_RATA),
        libr=ahead("libr", _POOLED, _LIBR),
        reach=ahead("reach", _REACH),
        meeting=one("meeting", _MEETING, "bigint[], bigint[], bigint[], text, timestamptz"),
        leaving=one("leaving", _LEAVING, f"{three}, integer"),
        going=one("going", _GOING, "bigint[], timestamptz[], timestamptz[], timestamptz, integer, bigint"),
        lowest=one("lowest", _LOWEST, f"{three}, bigint[]"),
    )


def _recursion(words: Mapping[str, str], pieces: Mapping[str, str], share: str) -> str:
    """The text of a recursion with a method's pieces."""
    unknown = f"'\\x{UNKNOWN.to_bytes(8, signed=True).hex()}'::bytea"
    carried = "t.{to}, t.{came}, {packed} AS packed".format(**words)
    filled = {**words, "unknown": unknown, "carried": carried, "share": share}
    usual = {"part": "", "refused": "", "other": "", "own": " AND c.currency = $6", "more": "", "union": "UNION ALL"}
    made = {piece: text.format(**filled) for piece, text in {**usual, **pieces}.items()}
    return (_AHEAD + _TAIL).format(**filled, **made)


STATEMENTS = {direction: _made(direction) for direction in (FORWARD, BACKWARD)}
