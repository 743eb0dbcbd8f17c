"""The expected values of the real MT940 files: YAML with Python objects, read as plain data and never executed."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Generator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """Every Python tag becomes a mapping, a list or a text."""


def _anything(loader: _Loader, _suffix: str, node: yaml.Node) -> Generator[Any, None, None] | Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(loader, node)
    if isinstance(node, yaml.SequenceNode):
        return _sequence(loader, node)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Generator[dict[Any, Any], None, None]:
    found: dict[Any, Any] = {}
    yield found
    found.update(loader.construct_mapping(node, deep=True))


def _sequence(loader: _Loader, node: yaml.SequenceNode) -> Generator[list[Any], None, None]:
    found: list[Any] = []
    yield found
    found.extend(loader.construct_sequence(node, deep=True))


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", _anything)


@dataclasses.dataclass(frozen=True)
class Expected:
    """One entry: signed amount, currency (None = none stated), booking day else value day, the bank's reference."""

    amount: Decimal
    currency: str | None
    day: date
    bank_reference: str
    mark: str


def expected(path: Path) -> list[Expected]:
    """The entries of a .yml beside a .sta file."""
    with path.open(encoding="utf-8") as file:
        found = yaml.load(file, _Loader)  # noqa: S506  # a safe loader
    entries = []
    for item in found["transactions"] if isinstance(found, dict) else []:
        data = item["data"]
        day = data.get("guessed_entry_date") or data.get("date")
        money = data["amount"]
        text = money["amount"][0] if isinstance(money["amount"], list) else money["amount"]
        entries.append(
            Expected(
                Decimal(text), money["currency"], _date(day), data.get("bank_reference") or "", data.get("status") or ""
            )
        )
    return entries


def _date(value: Any) -> date:
    packed = value[0] if isinstance(value, list) else value
    year, month, day = struct.unpack(">HBB", packed[:4])
    return date(year, month, day)
