"""Pages by key, not by number: constant cost at any depth, no row twice, no count; which rows is the policy's business."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from antifraud.errors import BadRequest

M = TypeVar("M", bound=models.Model)
DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 200
LONGEST_CURSOR = 1000
LARGEST_INTEGER = 2**63 - 1
FORWARD, BACKWARD = "n", "p"


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some neighbouring rows, and cursors to the pages beside them (None: there is none)."""

    items: list[M]
    next_cursor: str | None
    previous_cursor: str | None


@dataclass(frozen=True)
class _Column:
    """One part of the ordering: `path` as in the ORM, and the field that reads its values back."""

    path: str
    descending: bool
    field: models.Field[Any, Any]

    def value(self, item: Any) -> Any:
        for part in self.path.split("__"):
            item = getattr(item, part)
        if item is None:
            raise ImproperlyConfigured(f"keyset column {self.path} holds NULL: such rows would be skipped")
        return item


def keyset_page(
    queryset: QuerySet[M], keyset: Sequence[str], cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[M]:
    """The page of `queryset` at `cursor` (None or "": the first), ordered by `keyset`.

    `keyset` names columns or annotations without NULLs, "-" for descending, the last one unique, for example
    `("-sort_at", "-id")`. A cursor belongs to one ordering; any other raises BadRequest (cursor_invalid).
    Where all rows before a backward cursor are gone, the first page is shown.
    """
    columns = [_column(queryset, name) for name in keyset]
    direction, values = _read(cursor, columns, keyset) if cursor else (FORWARD, None)
    backward = direction == BACKWARD
    rows = queryset.order_by(*(_term(column, reverse=backward) for column in columns))
    if values is not None:
        rows = rows.filter(_beyond(columns, values, reverse=backward))
    found = list(rows[: limit + 1])
    more, items = len(found) > limit, found[:limit]
    if backward:
        if not items:
            return keyset_page(queryset, keyset, None, limit)
        items.reverse()
    has_next, has_previous = (True, more) if backward else (more, values is not None)
    return Page(
        items,
        _write(FORWARD, columns, keyset, items[-1]) if items and has_next else None,
        _write(BACKWARD, columns, keyset, items[0]) if items and has_previous else None,
    )


def page_urls(request: HttpRequest, page: Page[Any]) -> dict[str, str]:
    """The addresses of the neighbouring pages under the same query, for the component `pager`; "" for none."""

    def url(cursor: str | None) -> str:
        if cursor is None:
            return ""
        query = request.GET.copy()
        query["cursor"] = cursor
        return f"{request.path}?{query.urlencode()}"

    return {"previous_url": url(page.previous_cursor), "next_url": url(page.next_cursor)}


def page_limit(text: str | None) -> int:
    """`?limit=` as a number from 1 to 200, 50 where absent; raises BadRequest (limit_invalid)."""
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAXIMUM_LIMIT):
        raise BadRequest(_("limit must be a whole number from 1 to 200."), code="limit_invalid")
    return int(text)


def capped_count(queryset: QuerySet[Any], cap: int = 1000) -> tuple[int, bool]:
    """How many rows, counted no further than `cap`; the second value tells whether there are more."""
    found = queryset.order_by()[: cap + 1].count()
    return min(found, cap), found > cap


class KeysetPagination(BasePagination):
    """`?limit=` and `?cursor=`; the view names its ordering in `keyset`."""

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        """The page's rows; raises BadRequest for a limit or cursor that cannot be used."""
        params = request.query_params
        self.page: Page[Any] = keyset_page(queryset, view.keyset, params.get("cursor"), page_limit(params.get("limit")))
        return self.page.items

    def get_paginated_response(self, data: Any) -> Response:
        """`items` and the two cursors, null where there is no further page."""
        cursors = {"next_cursor": self.page.next_cursor, "previous_cursor": self.page.previous_cursor}
        return Response({"items": data, **cursors})

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The same shape for the OpenAPI document."""
        cursor = {"type": "string", "nullable": True, "description": "Send it as ?cursor= to get that page."}
        return {
            "type": "object",
            "required": ["items", "next_cursor", "previous_cursor"],
            "properties": {"items": schema, "next_cursor": cursor, "previous_cursor": cursor},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The two query parameters for the OpenAPI document."""
        limit = {"type": "integer", "minimum": 1, "maximum": MAXIMUM_LIMIT, "default": DEFAULT_LIMIT}
        cursor = {"type": "string", "maxLength": LONGEST_CURSOR}
        return [
            {"name": "limit", "in": "query", "required": False, "schema": limit},
            {"name": "cursor", "in": "query", "required": False, "schema": cursor},
        ]


# -- ordering --------------------------------------------------------------------------------------


def _column(queryset: QuerySet[Any], name: str) -> _Column:
    path = name.removeprefix("-")
    annotation = queryset.query.annotations.get(path)
    found = annotation.output_field if annotation is not None else _model_field(queryset.model, path)
    target = found.target_field if isinstance(found, models.ForeignKey) else found
    kinds = (models.UUIDField, models.DateField, models.IntegerField, models.CharField, models.TextField)
    if not isinstance(target, kinds) or (annotation is None and found.null):
        raise ImproperlyConfigured(f"{path} cannot order pages: it may be NULL or has no exact text form")
    return _Column(path, name.startswith("-"), target)


def _model_field(model: Any, path: str) -> Any:
    field: Any = None
    try:
        for part in path.split("__"):
            field = model._meta.pk if part == "pk" else model._meta.get_field(part)
            model = field.related_model or model
    except FieldDoesNotExist as error:
        raise ImproperlyConfigured(f"keyset column {path}: {error}") from error
    return field


def _term(column: _Column, *, reverse: bool) -> str:
    return f"-{column.path}" if column.descending != reverse else column.path


def _beyond(columns: Sequence[_Column], values: Sequence[Any], *, reverse: bool) -> Q:
    """Rows after `values` in the (reversed) ordering: a > x, or a = x and b > y, and so on.

    The first column's own bound is repeated outside the alternatives: with it the database enters the index at
    the right place instead of reading from its start.
    """
    alternatives, tied = Q(), Q()
    for column, value in zip(columns, values, strict=True):
        comparison = "lt" if column.descending != reverse else "gt"
        alternatives |= tied & Q(**{f"{column.path}__{comparison}": value})
        tied &= Q(**{column.path: value})
    first = columns[0]
    bound = "lte" if first.descending != reverse else "gte"
    return Q(**{f"{first.path}__{bound}": values[0]}) & alternatives


# -- cursors ---------------------------------------------------------------------------------------


def _mark(keyset: Sequence[str]) -> str:
    return hashlib.sha256(",".join(keyset).encode()).hexdigest()[:8]


def _write(direction: str, columns: Sequence[_Column], keyset: Sequence[str], item: Any) -> str:
    body = [direction, _mark(keyset), *(_text(column.value(item)) for column in columns)]
    return base64.urlsafe_b64encode(json.dumps(body, separators=(",", ":")).encode()).decode().rstrip("=")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(cursor: str, columns: Sequence[_Column], keyset: Sequence[str]) -> tuple[str, list[Any]]:
    refusal = BadRequest(_("This cursor cannot be used here. Start again from the first page."), code="cursor_invalid")
    if len(cursor) > LONGEST_CURSOR:
        raise refusal
    try:
        body = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(body, list) or not all(isinstance(part, str) for part in body):
            raise ValueError("a list of texts is expected")
        direction, mark, *texts = body
        if direction not in {FORWARD, BACKWARD} or mark != _mark(keyset) or len(texts) != len(columns):
            raise ValueError("another ordering")
        return direction, [_value(column.field, text) for column, text in zip(columns, texts, strict=True)]
    except (ValueError, ValidationError, RecursionError, binascii.Error):
        raise refusal from None


def _value(field: models.Field[Any, Any], text: str) -> Any:
    """The text as the column's value; raises ValueError or ValidationError for one that was not written by _text."""
    value = field.to_python(text)
    readable = isinstance(value, str | int | UUID | date)
    if not readable or _text(value) != text or "\0" in text or not _storable(value):
        raise ValueError("not a value of this column")
    return value


def _storable(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) <= LARGEST_INTEGER
    if isinstance(value, datetime):
        return value.utcoffset() == timedelta(0)  # as rows are read; PostgreSQL does not take every offset
    return not (isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value))
