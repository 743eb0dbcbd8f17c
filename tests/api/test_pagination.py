"""Pages by key: every row once, in order, in both directions, with ties; a cursor that is not ours is refused."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import F, QuerySet
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from antifraud.api.models import IdempotencyRecord as Row
from antifraud.api.pagination import Page, capped_count, keyset_page, page_limit
from antifraud.errors import BadRequest

pytestmark = pytest.mark.django_db
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
ORDERINGS = [
    ("-created_at", "-id"),
    ("created_at", "id"),
    ("-created_at", "id"),
    ("key", "-created_at", "id"),
    ("-id",),
]
patient = effort(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows(moments: list[tuple[int, str]]) -> QuerySet[Row]:
    group = uuid.uuid4()
    Row.objects.bulk_create(
        Row(
            principal=uuid.uuid4(), institution_id=group, key=word, method_path="", body_sha256=b"",
            created_at=EPOCH + timedelta(seconds=second, microseconds=second),
        )
        for second, word in moments
    )  # fmt: skip
    return Row.objects.filter(institution_id=group)


def walk(queryset: QuerySet[Row], keyset: tuple[str, ...], limit: int) -> list[Page[Row]]:
    pages, cursor = [], None
    while True:
        pages.append(keyset_page(queryset, keyset, cursor, limit))
        cursor = pages[-1].next_cursor
        if cursor is None:
            return pages


@patient
@given(
    moments=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b"])), max_size=14),
    limit=st.integers(1, 6),
    keyset=st.sampled_from(ORDERINGS),
)
def test_every_row_comes_once_and_in_order_both_ways(
    moments: list[tuple[int, str]], limit: int, keyset: tuple[str, ...]
) -> None:
    queryset = rows(moments)
    wanted = [row.id for row in queryset.order_by(*keyset)]
    pages = walk(queryset, keyset, limit)
    assert [row.id for page in pages for row in page.items] == wanted
    assert all(len(page.items) == limit for page in pages[:-1])
    assert pages[0].previous_cursor is None

    for earlier, later in itertools.pairwise(pages):
        assert later.previous_cursor is not None
        back = keyset_page(queryset, keyset, later.previous_cursor, limit)
        assert [row.id for row in back.items] == [row.id for row in earlier.items]
        assert (back.previous_cursor is None) == (earlier is pages[0])
        assert back.next_cursor is not None
        again = keyset_page(queryset, keyset, back.next_cursor, limit)
        assert [row.id for row in again.items] == [row.id for row in later.items]


@patient
@given(
    moments=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b"])), min_size=4, max_size=12),
    new=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["a", "b"])), max_size=4),
    keyset=st.sampled_from(ORDERINGS),
)
def test_rows_that_come_or_go_meanwhile_double_and_hide_no_other(
    moments: list[tuple[int, str]], new: list[tuple[int, str]], keyset: tuple[str, ...]
) -> None:
    queryset = rows(moments)
    before = {row.id for row in queryset}
    first = keyset_page(queryset, keyset, None, 2)
    for row in rows(new):
        row.institution_id = first.items[0].institution_id
        row.save()
    gone = first.items[-1].id
    queryset.filter(pk=gone).delete()
    seen = [row.id for row in first.items]
    cursor = first.next_cursor
    while cursor:
        page = keyset_page(queryset, keyset, cursor, 2)
        seen += [row.id for row in page.items]
        cursor = page.next_cursor
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_when_all_earlier_rows_are_gone_the_first_page_is_shown() -> None:
    queryset = rows([(n, "a") for n in range(5)])
    pages = walk(queryset, ("created_at", "id"), 2)
    queryset.filter(pk__in=[row.pk for row in pages[0].items]).delete()
    page = keyset_page(queryset, ("created_at", "id"), pages[1].previous_cursor, 2)
    assert [row.pk for row in page.items] == [row.pk for row in pages[1].items]
    assert page.previous_cursor is None


def test_the_next_page_costs_one_statement_that_enters_at_the_key() -> None:
    queryset = rows([(n, "a") for n in range(5)])
    cursor = keyset_page(queryset, ("-created_at", "-id"), None, 2).next_cursor
    with CaptureQueriesContext(connection) as seen:
        keyset_page(queryset, ("-created_at", "-id"), cursor, 2)
    (query,) = seen.captured_queries
    assert '"created_at" <= ' in query["sql"]
    assert "LIMIT 3" in query["sql"]
    assert "OFFSET" not in query["sql"]
    assert "COUNT" not in query["sql"].upper()


def forged(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def mark(keyset: tuple[str, ...]) -> str:
    queryset = rows([(1, "a"), (2, "a")])
    cursor = keyset_page(queryset, keyset, None, 1).next_cursor
    assert cursor is not None
    found: str = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[1]
    return found


def test_a_cursor_of_another_ordering_is_refused() -> None:
    queryset = rows([(1, "a"), (2, "a")])
    cursor = keyset_page(queryset, ("-created_at", "-id"), None, 1).next_cursor
    with pytest.raises(BadRequest) as refusal:
        keyset_page(queryset, ("created_at", "id"), cursor, 1)
    assert refusal.value.code == "cursor_invalid"


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["2025-01-01T00:00:00+00:00"],
        ["2025-01-01T00:00:00+00:00", "7"],
        ["2025-01-01", str(uuid.UUID(int=1))],
        ["2025-01-01T00:00:00", str(uuid.UUID(int=1))],
        ["0001-01-01T00:00:00+23:59", str(uuid.UUID(int=1))],
        ["yesterday", str(uuid.UUID(int=1))],
        ["2025-01-01T00:00:00+00:00", str(uuid.UUID(int=1)).upper().replace("0", "A")],
        ["2025-01-01T00:00:00+00:00", "\0"],
        ["2025-01-01T00:00:00+00:00", 7],
        [None, None],
    ],
)
def test_a_cursor_with_other_values_is_refused(values: list[Any]) -> None:
    keyset = ("-created_at", "-id")
    with pytest.raises(BadRequest):
        keyset_page(Row.objects.all(), keyset, forged("n", mark(keyset), *values), 5)


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_a_text_that_the_database_could_not_take_is_refused(word: str) -> None:
    keyset = ("key", "id")
    with pytest.raises(BadRequest):
        keyset_page(Row.objects.all(), keyset, forged("n", mark(keyset), word, str(uuid.UUID(int=1))), 5)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00"])
def test_the_edges_of_time_are_only_edges(moment: str) -> None:
    keyset = ("-created_at", "-id")
    keyset_page(Row.objects.all(), keyset, forged("n", mark(keyset), moment, str(uuid.UUID(int=1))), 5)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_text_breaks_anything(cursor: str) -> None:
    with contextlib.suppress(BadRequest):
        page = keyset_page(Row.objects.none(), ("-created_at", "-id"), cursor, 5)
        assert (cursor, page.items) == ("", [])


@pytest.mark.parametrize("text", ["0", "201", "-1", "1.5", "ten", "", "1e2", "٣", "0x10", " 5"])
def test_a_limit_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        page_limit(text)
    assert refusal.value.code == "limit_invalid"


def test_limits() -> None:
    assert (page_limit(None), page_limit("1"), page_limit("200")) == (50, 1, 200)


@pytest.mark.parametrize("keyset", [("http_status", "id"), ("headers", "id"), ("nowhere", "id"), ("body_sha256",)])
def test_columns_that_cannot_order_are_a_defect(keyset: tuple[str, ...]) -> None:
    with pytest.raises(ImproperlyConfigured):
        keyset_page(Row.objects.all(), keyset)


def test_annotations_order_too() -> None:
    queryset = rows([(n, "a") for n in (3, 1, 2)]).annotate(sort_at=F("created_at"))
    pages = walk(queryset, ("-sort_at", "-pk"), 1)
    assert [page.items[0].created_at.second for page in pages] == [3, 2, 1]


def test_counts_stop_at_the_cap() -> None:
    queryset = rows([(n, "a") for n in range(5)]).order_by("key")
    assert capped_count(queryset, cap=10) == (5, False)
    assert capped_count(queryset, cap=5) == (5, False)
    assert capped_count(queryset, cap=4) == (4, True)
    assert capped_count(queryset.none()) == (0, False)
