"""Rows packed a column at a time hold what each row by itself would; sums written with the entries are those of a rebuild."""

from __future__ import annotations

import gc
import json
import weakref
from collections import Counter
from io import BytesIO
from uuid import RFC_4122, UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import LedgerAccount, LedgerChain, LedgerEntry
from accounts.rules.statements import Batch, read
from accounts.services.ledger.chains import chains_rebuild
from accounts.services.statements import packing, serials
from accounts.services.statements.packing import _int8s, clear_details, is_serial, serials_of
from accounts.services.statements.serials import Serials
from antifraud import bulk, db
from antifraud.crypto import data_keys
from antifraud.crypto.envelope import cell_aad
from tests.accounts.factories import new_case
from tests.accounts.flow.statement_files import A, B, C, D, Line, account_of, commit, csv_file, imported, preview
from tests.cast import World

DETAILS = st.dictionaries(
    st.text(max_size=5), st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=4
)


@given(st.lists(st.tuples(DETAILS, st.sampled_from(("", "REF1234567", "x"))), max_size=8), st.booleans())
def test_details_are_written_as_json(rows: list[tuple[dict[str, str], str]], is_shared: bool) -> None:
    details = [rows[0][0] if is_shared else each for each, _text in rows]
    texts = [text for _each, text in rows]
    told = [{**each, "reference": text} if text else each for each, text in zip(details, texts, strict=True)]
    wanted = [json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode() for each in told]
    assert list(clear_details(details, texts)) == wanted


@given(
    st.lists(
        st.one_of(st.text(max_size=8), st.sampled_from(("", "0", "0-0 ", "NONREF", "nonref", "NOTPROVIDED", "S1")))
    )
)
def test_serials_are_those_that_tell_entries_apart(texts: list[str]) -> None:
    assert list(serials_of(texts)) == [text if is_serial(text) else "" for text in texts]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1))
@settings(deadline=None)  # the first example loads numpy
def test_numbers_are_packed_one_like_all(values: list[int | None]) -> None:
    assert list(_int8s(values)) == [bulk.NULL if value is None else bulk.int8(value) for value in values]


@given(
    st.lists(st.tuples(st.sampled_from(("A", "B")), st.sampled_from(("", "S1", "S2", "S3"))), max_size=6),
    st.integers(0, 6),
)
@settings(deadline=None)
def test_a_serial_that_an_account_has_twice_is_noticed(rows: list[tuple[str, str]], cut: int) -> None:
    seen, named = Serials(), [row for row in rows if row[1]]
    for part in (rows[:cut], rows[cut:]):
        seen.add([account for account, _serial in part], [serial for _account, serial in part])
    assert seen.may_repeat() == (len(set(named)) < len(named))


def test_of_very_many_rows_the_database_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serials, "MOST", 2)
    seen = Serials()
    seen.add(["A", "A", "A"], ["S1", "S2", "S3"])
    assert seen.may_repeat()


def test_uuids_are_in_order_and_all_different() -> None:
    made = [UUID(bytes=each) for each in bulk.slices(bulk.uuids(70_000).tobytes(), 16)]
    assert made == sorted(set(made))
    assert {(each.version, each.variant) for each in made} == {(7, RFC_4122)}


def test_associated_data_is_that_of_each_cell() -> None:
    ids = bulk.uuids(3)
    wanted = [cell_aad("t", "c", UUID(bytes=each)) for each in bulk.slices(ids.tobytes(), 16)]
    assert bulk.cell_aads("t", "c", ids) == wanted


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)


@pytest.mark.django_db
@given(
    st.lists(st.binary(max_size=4), max_size=9), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=9),
    st.lists(st.one_of(TEXTS, st.sampled_from(('"', "\\", "NULL", "{,}"))), max_size=9),
)  # fmt: skip
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_arrays_arrive_as_they_are(blobs: list[bytes], numbers: list[int], texts: list[str]) -> None:
    with connection.cursor() as cursor:
        given_arrays = [bulk.bytea_array(blobs), bulk.int_array(numbers), bulk.text_array(texts)]
        cursor.execute("SELECT %s::bytea[], %s::bigint[], %s::text[]", given_arrays)
        row = cursor.fetchone()
    assert ([bytes(blob) for blob in row[0]], row[1], row[2]) == (blobs, numbers, texts)


def test_the_collector_rests_between_batches_and_goes_on_afterwards() -> None:
    def fails() -> None:
        with bulk.collecting_young() as collect:
            assert not gc.isenabled()
            made = Circle()
            made.itself = made
            gone = weakref.ref(made)
            del made
            collect()
            assert gone() is None
            raise LookupError

    assert gc.isenabled()
    with pytest.raises(LookupError):
        fails()
    assert gc.isenabled()


class Circle:
    """What only the collector takes away."""

    itself: Circle


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [40, 20])
def test_no_key_seals_more_than_it_may(world: World, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """Batches of at most ten rows as an import packs them: the next one is in the making while one is written."""
    case = new_case(world.analyst_a)
    lines = [Line(A, "in", 100 + at, at, B, serial=f"S{at}") for at in range(10)]
    (batch,) = (each for each in read(BytesIO(csv_file(lines).read())) if isinstance(each, Batch))
    monkeypatch.setattr(packing, "AHEAD_ROWS", 20)
    monkeypatch.setattr(data_keys, "MAX_SEALS_PER_PROCESS", limit)
    sealed: Counter[UUID] = Counter()
    with db.unit_of_work(world.analyst_a):
        packer = packing.Packer(case.pk, case.pk)

        def pack() -> None:
            sealed[packer._key[0]] += len(batch)
            packer.pack(batch)

        pack()
        for _ in range(12):
            pack()
            packer.renew(len(batch))
    assert sum(sealed.values()) == 130
    assert len(sealed) > 1
    assert max(sealed.values()) <= limit


@pytest.mark.django_db
def test_what_is_of_one_width_is_packed_like_what_is_not(world: World) -> None:
    case = new_case(world.analyst_a)
    lines = [Line(A, "in", 100 + at, at, B, balance=1000 - at, serial=f"S{at}") for at in range(10)]
    (batch,) = (each for each in read(BytesIO(csv_file(lines).read())) if isinstance(each, Batch))
    with db.unit_of_work(world.analyst_a):
        packed = packing.Packer(case.pk, case.pk).pack(batch)
    counters = [2**40 + at for at in range(len(batch))]
    assert packed._is_even(counters)
    (even,) = packed._even(counters)
    assert list(even) == [b"".join(fields) for fields in zip(*packed._uneven(counters, {}), strict=True)]
    assert not packed._is_even([None, *counters[1:]])
    assert not packed._is_even([*counters[:-1], None])
    for column, value in (("balance", None), ("device", "A1B2C3D4E5F6")):
        held = getattr(batch, column)
        setattr(batch, column, [*held[:-1], value])
        assert not packed._is_even(counters)
        setattr(batch, column, held)
    with db.unit_of_work(world.analyst_a):
        batch.reference = ["", *["REF1234567"] * 9]
        assert not packing.Packer(case.pk, case.pk).pack(batch)._is_even(counters)


def _ledger() -> tuple[list[object], list[object]]:
    entries = LedgerEntry.objects.order_by("id").values_list("id", "src", "dst", "co", "ci", "src_before", "dst_before")
    columns = [field.attname for field in LedgerChain._meta.fields if field.name != "id"]
    return list(entries), list(LedgerChain.objects.order_by("node", "currency").values_list(*columns))


@pytest.mark.django_db
def test_entries_are_written_with_the_sums_that_a_rebuild_finds(world: World) -> None:
    case = new_case(world.analyst_a)
    of_a = [
        Line(A, "in", 900_00, 0, D, 900_00, "A1"), Line(A, "out", 500_00, 60, B, 400_00, "A2"),
        Line(A, "out", 500_00, 60, "", -100_00, "A10"), Line(A, "out", 70_00, 60, B, None, "", currency="USD"),
        Line(A, "in", 30_00, 90, "", None, "A11", cash="现金"), Line(A, "out", 10_00, 95, A, None, "A12"),
    ]  # fmt: skip
    of_b = [
        Line(B, "in", 500_00, 65, A, 500_00, "B1"), Line(B, "out", 700_00, 30, C, 300_00, "B3"),
        Line(B, "out", 20_00, 500, D, 480_00, ""), Line(B, "out", 20_00, 500, D, 460_00, ""),
    ]  # fmt: skip
    for lines in (of_a, of_b, [Line(D, "out", 900_00, 1, A, 100_00, "D1")]):
        imported(world.analyst_a, case, lines)
        before = _ledger()
        with db.unit_of_work(world.analyst_a):
            chains_rebuild(LedgerAccount.objects.filter(case=case).values_list("node", flat=True))
        entries, chains = _ledger()
        assert entries == before[0]
        assert chains == before[1]
    assert len(entries) == 9  # two pairs among eleven rows


@pytest.mark.django_db
def test_an_account_that_says_so_already_is_not_written_anew(world: World) -> None:
    case = new_case(world.analyst_a)
    file = preview(
        world.analyst_a, case, [Line(A, "in", 900_00, 0, D, 900_00, "A1", counter_name="丁")], institution=world.bank_a
    )
    places = _places()
    commit(world.analyst_a, file)
    assert _places() == places
    other = preview(
        world.analyst_a, case, [Line(D, "out", 900_00, 0, A, 100_00, "D1", name="丁二")], institution=world.bank_b
    )
    commit(world.analyst_a, other)
    row = account_of(case, D)
    assert (row.name.open(), row.institution) == ("丁", world.bank_b)
    assert _places()[0] == places[0]
    assert _places()[1] != places[1]


def _places() -> list[str]:
    """Where each account's row stands; a row that is written anew stands elsewhere."""
    rows = LedgerAccount.objects.extra(select={"place": "ctid::text"}).order_by("node")
    return list(rows.values_list("place", flat=True))
