"""What every list page of this floor does with its query and its cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from antifraud.api.pagination import keyset_page
from banks.middleware import UserRequest


def list_context(request: UserRequest, rows: QuerySet[Any], keyset: Sequence[str]) -> dict[str, Any]:
    """`page` and the addresses of its neighbours, with the query kept."""
    page = keyset_page(rows, keyset, request.GET.get("cursor"))
    return {
        "page": page,
        "next_url": _address(request, page.next_cursor),
        "previous_url": _address(request, page.previous_cursor),
    }


def _address(request: UserRequest, cursor: str | None) -> str:
    if cursor is None:
        return ""
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"{request.path}?{query.urlencode()}"
