"""The only JSON that is read: UTF-8, no name twice, no NaN, not deeper than twenty levels; fields are judged elsewhere."""

from __future__ import annotations

import json
from typing import Any, NoReturn

DEEPEST = 20


def read(raw: bytes | str) -> dict[str, Any]:
    """The JSON object in `raw`. Raises ValueError for everything else, never RecursionError."""
    try:
        value = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    if _depth(value) > DEEPEST:
        raise ValueError("nested too deep")
    return value


def write(value: Any) -> bytes:
    """Compact UTF-8 JSON; the same value gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in the same object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        item, level = waiting.pop()
        deepest = max(deepest, level)
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        waiting += [(part, level + 1) for part in inner if isinstance(part, dict | list)]
    return deepest
