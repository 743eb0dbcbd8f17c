"""The URLconf as a flat list, and the addresses of one unit's objects; a new route without a row here fails the test."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

# Third-party log-in pages: they know no object of ours.
OUTSIDE = ("me/", "i18n/")
# What every participant may know of another (domain.md §1), and the administrator's own tables.
PUBLIC_KEYS = {"institution_id", "user_id", "key_id", "stop_id"}  # signing keys: tests/banks/test_key_pages.py
# A stop of the stop list counts for all units, so all police read it: tests/accounts/flow/test_series_pages.py
# Everybody who has nothing to do with unit A's case at bank A.
OTHERS = (
    "risk_b", "risk_supervisor_b", "machine_b", "risk_branch", "risk_telecom", "analyst_b", "approver_b", "supervisor_b", "auditor",
    "overseer", "admin",
)  # fmt: skip
SLUGS: dict[str, dict[str, Any]] = {
    "cases:step": {"verb": "accept"},
    "cases:victim_reveal": {"field": "name"},
    "accounts:account_reveal": {"field": "number"},
    "accounts:order_step": {"verb": "cancel"},
    "accounts:queue_clock": {"verb": "end"},
    "accounts:order_clock": {"verb": "consent"},
    "accounts:order_reveal": {"field": "reason"},
    "accounts:approval_decide": {"verb": "approve"},
    "accounts:alert_step": {"verb": "close"},
    "accounts:alert_line_reveal": {"field": "number"},
    "accounts:notice_line_reveal": {"line_no": 1, "field": "number"},
    "accounts:ledger_account_reveal": {"field": "number"},
    "accounts:refund_step": {"verb": "recall"},
    "accounts:refund_notice_print": {"round_number": 1},
    "accounts:refund_export": {"round_number": 1, "form": "json"},
    "accounts:objection_reveal": {"field": "text"},
    "accounts:payee_reveal": {"field": "payee_name"},
    "accounts:flow_node": {"node": 1},
    "accounts:flow_export": {"form": "svg"},
    "accounts:flow_export_clear": {"form": "csv"},
    "accounts:refund_export_clear": {"round_number": 1, "form": "csv"},
    "accounts:answer_reveal": {"part": "hop", "field": "number"},
}


@dataclass(frozen=True)
class Route:
    """One named pattern and the names of what it captures."""

    name: str
    keys: tuple[str, ...]
    pattern: str

    def url(self, ids: dict[str, Any]) -> str:
        """The address with these ids; raises KeyError for a capture that has no row in SLUGS or `ids`."""
        words = SLUGS.get(self.name, {})
        basename = self.name.rpartition(":")[2]
        values = {
            key: words.get(key) or ids.get(f"{basename}.{key}") or ids[_meaning(self.name, key)] for key in self.keys
        }
        return reverse(self.name, kwargs=values)

    @property
    def meanings(self) -> set[str]:
        """The ids that the address names."""
        return {_meaning(self.name, key) for key in self.keys}


def _meaning(name: str, key: str) -> str:
    """`pk` of the API is the id of what the route is about: api-order-answer → order_id."""
    if key != "pk":
        return key
    return f"{name.split('-')[1]}_id"


def routes() -> list[Route]:
    """Every named route of the product."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if pattern.startswith(OUTSIDE):
            continue
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, pattern, inner)
        elif isinstance(entry, URLPattern) and entry.name:
            keys = tuple(entry.pattern.converters) or tuple(re.findall(r"\(\?P<(\w+)>", str(entry.pattern)))
            if "format" not in keys:
                yield Route(f"{namespace}{entry.name}", keys, pattern)


def absent(ids: dict[str, Any]) -> dict[str, Any]:
    """The same keys with ids that exist nowhere."""
    return {key: uuid.uuid4() for key in ids}


_CHANGING = [
    re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"'),
    re.compile(rb'"X-CSRFToken": ?"[^"]+"|X-CSRFToken&quot;: ?&quot;[^&]+'),
    re.compile(rb'name="server-now" content="[^"]+"'),
    re.compile(rb'name="next" value="[^"]*"'),
    re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
]


def settled(body: bytes) -> bytes:
    """A body without what differs between any two requests: tokens, the clock, the ids that the reader sent himself."""
    for pattern in _CHANGING:
        body = pattern.sub(b"", body)
    return body
