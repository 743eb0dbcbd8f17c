"""Who stands in a ledger: one row for each number of a case, its node, and the involved account that it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress, repeat
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db import connection

from accounts.models import LedgerAccount
from accounts.selectors.identity import NUMBER_INDEX
from accounts.services.ledger.changes import nodes_new
from antifraud import bulk
from antifraud.crypto import data_keys
from antifraud.crypto.blind import blind_indexes
from antifraud.crypto.envelope import cell_aad, open_many, seal_many, seal_parts
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazily("numpy")

CASH = "cash"  # in small letters: no account number in normal form is
_ACCOUNT, _CASH = bulk.text("account"), bulk.text("cash")
_TABLE = LedgerAccount._meta.db_table
_COLUMNS = (
    "id", "case_id", "node", "number_index", "kind", "account_id", "institution_id", "institution_text", "number", "name",
)  # fmt: skip
_FIXED = {"id": "V16", "case": "V16", "node": ">i8", "index": "V16"}
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('ledger.parties|' || %s::text, 0))"
_KNOWN = "SELECT number_index, node FROM accounts_ledgeraccount WHERE case_id = %s AND number_index = ANY(%s::bytea[])"
# Without an entry the row was made for a preview, unless it is a second number, whose entries stand at its main. Asked of the
# case's entries alone: the ledger holds those of all cases. Small numbers come as an array of integer, which PostgreSQL would
# search from end to end for each row.
_STANDING = """
WITH used AS MATERIALIZED (
  SELECT src AS node FROM accounts_ledgerentry WHERE case_id = %(case)s
  UNION SELECT dst FROM accounts_ledgerentry WHERE case_id = %(case)s
)
SELECT a.node, a.id::text, a.name, a.institution_id, a.institution_text, a.account_id, u.node IS NULL AND a.main IS NULL
FROM accounts_ledgeraccount a LEFT JOIN used u ON u.node = a.node WHERE a.case_id = %(case)s AND a.node = ANY(%(nodes)s::bigint[])
"""
_TOLD = """
UPDATE accounts_ledgeraccount a SET name = CASE WHEN t.is_new THEN t.name ELSE COALESCE(a.name, t.name) END,
  institution_id = CASE WHEN t.is_new THEN t.keeper ELSE COALESCE(a.institution_id, t.keeper) END,
  institution_text = CASE WHEN t.is_new THEN t.bank ELSE a.institution_text END,
  account_id = CASE WHEN t.is_new THEN NULL ELSE a.account_id END
FROM unnest(%s::bigint[], %s::boolean[], %s::bytea[], %s::uuid[], %s::text[]) t(node, is_new, name, keeper, bank)
WHERE a.node = t.node AND (t.is_new OR a.name IS NULL AND t.name IS NOT NULL OR a.institution_id IS NULL AND t.keeper IS NOT NULL)
"""
# By the number itself, a second number of its node or a live alias, led on to what the account was merged into; of two
# candidates the one that is kept by the institution whose file named the number, else the one of the number itself.
_LINK = """
WITH involved AS (
  SELECT COALESCE(a.merged_into_id, a.id) AS root, a.number_index FROM accounts_involvement i
    JOIN accounts_involvedaccount r ON r.id = i.account_id
    JOIN accounts_involvedaccount a ON a.id = r.id OR a.merged_into_id = r.id
    WHERE i.case_id = %(case)s
  UNION
  SELECT COALESCE(a.merged_into_id, a.id), s.number_index FROM accounts_involvement i
    JOIN accounts_involvedaccount a ON a.id = i.account_id
    JOIN accounts_accountalias s ON s.account_id = a.id AND s.ended_at IS NULL
    WHERE i.case_id = %(case)s
), found AS (
  SELECT l.id, array_agg(DISTINCT v.root) AS roots,
    array_agg(DISTINCT v.root) FILTER (WHERE a.institution_id = l.institution_id) AS own,
    array_agg(DISTINCT v.root) FILTER (WHERE n.id = l.id) AS first,
    array_agg(DISTINCT v.root) FILTER (WHERE n.id = l.id AND a.institution_id = l.institution_id) AS own_first
  FROM accounts_ledgeraccount l JOIN accounts_ledgeraccount n ON COALESCE(n.main, n.node) = l.node AND n.case_id = l.case_id
    JOIN involved v ON v.number_index = n.number_index JOIN accounts_involvedaccount a ON a.id = v.root
  WHERE l.case_id = %(case)s GROUP BY l.id
), chosen AS (
  SELECT id, CASE WHEN cardinality(own) = 1 THEN own[1] WHEN cardinality(roots) = 1 THEN roots[1]
    WHEN cardinality(own_first) = 1 THEN own_first[1] WHEN cardinality(first) = 1 THEN first[1] END AS root FROM found
)
UPDATE accounts_ledgeraccount l SET account_id = c.root, institution_id = COALESCE(l.institution_id, a.institution_id)
FROM chosen c JOIN accounts_involvedaccount a ON a.id = c.root
WHERE l.id = c.id AND l.account_id IS DISTINCT FROM c.root
"""

_UNUSED = """
DELETE FROM accounts_ledgeraccount a USING (
  SELECT unnest(%(nodes)s::bigint[]) AS node
  EXCEPT SELECT src FROM accounts_ledgerentry WHERE case_id = %(case)s
  EXCEPT SELECT dst FROM accounts_ledgerentry WHERE case_id = %(case)s
  EXCEPT SELECT node FROM accounts_statementline WHERE case_id = %(case)s
  EXCEPT SELECT counter FROM accounts_statementline WHERE case_id = %(case)s
  EXCEPT SELECT named_node FROM accounts_statementline WHERE case_id = %(case)s AND named_node IS NOT NULL
  EXCEPT SELECT named_counter FROM accounts_statementline WHERE case_id = %(case)s
  EXCEPT SELECT main FROM accounts_ledgeraccount WHERE case_id = %(case)s
  EXCEPT SELECT l.node FROM accounts_transfer t JOIN accounts_involvedaccount v ON v.id IN (t.from_account_id, t.to_account_id)
    JOIN accounts_ledgeraccount l ON l.case_id = t.case_id AND l.number_index = v.number_index WHERE t.case_id = %(case)s
) unused WHERE a.node = unused.node
"""


class Party(NamedTuple):
    """A number as a statement writes it; `number` is its normal form, or CASH."""

    number: str
    name: str = ""
    bank: str = ""
    institution_id: UUID | None = None


class Told(NamedTuple):
    """Parties as columns."""

    numbers: Sequence[str]
    names: Sequence[str]
    banks: Sequence[str]
    keepers: Sequence[UUID | None]

    def chosen(self, marks: Sequence[bool]) -> Told:
        """Those that are marked."""
        numbers, names, banks = (list(compress(column, marks)) for column in self[:3])
        return Told(numbers, names, banks, list(compress(self.keepers, marks)))


class _Standing(NamedTuple):
    """What a ledger account says now; `name` is sealed."""

    node: int
    id: str
    name: bytes | memoryview | None
    institution_id: UUID | None
    institution_text: str
    account_id: UUID | None
    is_new: bool


def parties_nodes(case_id: UUID, parties: Iterable[Party]) -> dict[str, int]:
    """Number -> node of the case's ledger; numbers that are new get a row, sealed by the case's key, the others hear it all.

    One reader of a case's files at a time adds numbers: the others wait until its unit of work ends.
    """
    wanted = list({party.number: party for party in parties}.values())
    if not wanted:
        return {}
    told = Told(*zip(*wanted, strict=True))
    indexes = blind_indexes(NUMBER_INDEX, told.numbers)
    known = _known(case_id, indexes)
    pairs = zip(indexes, wanted, strict=True)
    parties_tell(case_id, {known[index]: party for index, party in pairs if index in known})
    return _nodes(case_id, told, indexes, known)


def numbers_nodes(case_id: UUID, told: Told) -> dict[str, int]:
    """The same for a preview, of numbers that are all different: rows that are there stay as they are.

    The ledger hears by `parties_tell` what the file says.
    """
    if not told.numbers:
        return {}
    indexes = blind_indexes(NUMBER_INDEX, told.numbers)
    return _nodes(case_id, told, indexes, _known(case_id, indexes))


def _known(case_id: UUID, indexes: Sequence[bytes]) -> dict[bytes, int]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [case_id])
        cursor.execute(_KNOWN, [case_id, bulk.bytea_array(indexes)])
        return {bytes(index): node for index, node in cursor.fetchall()}


def _nodes(case_id: UUID, told: Told, indexes: Sequence[bytes], known: dict[bytes, int]) -> dict[str, int]:
    """Rows for those that are not known; the nodes of all."""
    missing, fresh = indexes, told
    if known:
        is_new = [index not in known for index in indexes]
        missing, fresh = list(compress(indexes, is_new)), told.chosen(is_new)
    nodes = nodes_new(len(missing))
    _insert(case_id, missing, fresh, nodes)
    found = known | dict(zip(missing, nodes, strict=True))
    return dict(zip(told.numbers, map(found.__getitem__, indexes), strict=True))


def parties_tell(case_id: UUID, told: Mapping[int, Party]) -> int:
    """What is said of these nodes by what now enters the ledger; call before its entries are made. How many changed by it.

    Of a node with entries only what was lacking. Of one without: all of it and nothing else, since what stands there is of
    previews, whose files may yet be discarded.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"case": case_id, "nodes": sorted(told)})
        rows = _changing(list(map(_Standing._make, cursor.fetchall())), told)
    if not rows:
        return 0
    parties, is_new = [told[row.node] for row in rows], [row.is_new for row in rows]
    ids = np.frombuffer(b"".join(UUID(row.id).bytes for row in rows), dtype=np.uint8).reshape(len(rows), 16)
    names = [party.name if row.name is None or row.is_new else "" for party, row in zip(parties, rows, strict=True)]
    sealed = _envelopes(case_id, "name", ids, names)
    keepers, banks = [party.institution_id for party in parties], [party.bank[:160] for party in parties]
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, [[row.node for row in rows], is_new, sealed, keepers, banks])
        return int(cursor.rowcount)


def _changing(rows: Iterable[_Standing], told: Mapping[int, Party]) -> list[_Standing]:
    """Without those that would stay as they are (`_TOLD`): to write a row anew costs an entry in each index."""
    changing, doubtful = [], []
    for row in rows:
        party = told[row.node]
        if not _stays(row, party):
            changing.append(row)
        elif row.is_new and row.name is not None:
            doubtful.append(row)
    sealed = (bytes(row.name or b"") for row in doubtful)
    aads = (cell_aad(_TABLE, "name", row.id) for row in doubtful)
    names = open_many(sealed, aads, find_cipher=data_keys.decryption_key)
    return changing + [row for row, name in zip(doubtful, names, strict=True) if name != told[row.node].name.encode()]


def _stays(row: _Standing, party: Party) -> bool:
    """Whether the row says all that the party tells, as far as that is seen without opening its name."""
    if row.is_new:
        same = (row.institution_id, row.institution_text, row.account_id) == (
            party.institution_id,
            party.bank[:160],
            None,
        )
        return same and (row.name is None) == (not party.name)
    return (row.name is not None or not party.name) and (row.institution_id is not None or party.institution_id is None)


def parties_mains(nodes: Iterable[int]) -> set[int]:
    """The nodes that stand for these numbers' accounts in the entries."""
    rows = LedgerAccount.objects.filter(node__in=list(nodes)).values_list("node", "main")
    return {main or node for node, main in rows}


def parties_link(case_id: UUID) -> int:
    """Lead the case's ledger accounts to its involved accounts, where the number says so beyond doubt; how many are led anew."""
    with connection.cursor() as cursor:
        cursor.execute(_LINK, {"case": case_id})
        return int(cursor.rowcount)


def parties_forget(case_id: UUID, nodes: Iterable[int]) -> None:
    """Numbers that neither a row nor an entry of the case names any more go. The caller holds the ledger, where there is one."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [case_id])
        cursor.execute(_UNUSED, {"nodes": sorted(nodes), "case": case_id})


def _insert(case_id: UUID, indexes: Sequence[bytes], told: Told, nodes: list[int]) -> None:
    if not nodes:
        return
    count, ids = len(nodes), bulk.uuids(len(nodes))
    fixed = bulk.fixed(count, len(_COLUMNS), _FIXED)
    fixed["id"], fixed["case"], fixed["node"] = ids.view("V16").ravel(), np.void(case_id.bytes), nodes
    fixed["index"] = np.frombuffer(b"".join(indexes), dtype="V16")
    kept = {keeper: bulk.NULL + bulk.maybe(keeper.bytes if keeper else None) for keeper in set(told.keepers)}
    banks = {bank: bulk.text(bank[:160]) for bank in set(told.banks)}
    is_cash = CASH in told.numbers
    numbers = ["" if number == CASH else number for number in told.numbers] if is_cash else told.numbers
    columns = (
        bulk.slices(fixed.tobytes(), fixed.itemsize),
        (_CASH if number == CASH else _ACCOUNT for number in told.numbers) if is_cash else repeat(_ACCOUNT, count),
        map(kept.__getitem__, told.keepers), map(banks.__getitem__, told.banks),
        *_sealed(case_id, "number", ids, numbers), *_sealed(case_id, "name", ids, told.names),
    )  # fmt: skip
    bulk.copy_raw(_TABLE, _COLUMNS, chain.from_iterable(zip(*columns, strict=True)))


def _sealed(case_id: UUID, column: str, ids: NDArray[np.uint8], values: Sequence[str]) -> tuple[Iterable[bytes], ...]:
    """The fields of one column in their parts, NULL where there is nothing to seal."""
    key_id, cipher = data_keys.encryption_key(("case", case_id), seals=len(values))
    aads = bulk.cell_aads(_TABLE, column, ids)
    head, nonces, bodies = seal_parts(map(str.encode, values), aads, len(values), key_id=key_id, cipher=cipher)
    lengths = list(bulk.Lengths(head, len(nonces[0])).before(bodies))
    for at in () if all(values) else (at for at, value in enumerate(values) if not value):
        lengths[at], nonces[at], bodies[at] = bulk.NULL, b"", b""
    return lengths, nonces, bodies


def _envelopes(case_id: UUID, column: str, ids: NDArray[np.uint8], values: Sequence[str]) -> list[bytes | None]:
    """One column sealed, None where there is nothing to seal."""
    key_id, cipher = data_keys.encryption_key(("case", case_id), seals=len(values))
    aads = bulk.cell_aads(_TABLE, column, ids)
    sealed = seal_many(map(str.encode, values), aads, len(values), key_id=key_id, cipher=cipher)
    return [envelope if value else None for envelope, value in zip(sealed, values, strict=True)]
