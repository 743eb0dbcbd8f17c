"""Which runs ask the same thing of a ledger, whatever entries stand for the payments by now; running them is in the services."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from accounts.rules.tracing.params import Params

# What stays when an entry is made anew, as the seeds are stored; an entry without them is known by its own key.
_NAMES = ("entry", "out_line", "in_line", "transfer")
Name = tuple[str, Any]
Question = Hashable


def questions(runs: Iterable[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]]) -> list[Question]:
    """The question of each of a case's runs, given as (params, seeds): equal limits and equal parts of the same payments.

    Two seeds mean one payment where they share an entry, a statement row or a transfer, also by way of a third seed: an
    entry that knew the payee's row only is made anew when the payer's row comes. Questions compare within one call only.
    """
    asked = [(_limits(params), seeds) for params, seeds in runs]
    joined: dict[Name, Name] = {}
    for _params, seeds in asked:
        for seed in seeds:
            first, *others = _names(seed)
            for other in others:
                joined[_payment(joined, other)] = _payment(joined, first)
    return [
        (
            limits,
            tuple(sorted((*_payment(joined, _names(seed)[0]), *_part(seed)) for seed in seeds)),
        )
        for limits, seeds in asked
    ]


def _limits(params: Mapping[str, Any]) -> str:
    """What is absent has its default, as when the run is repeated; which rules were applied is not part of the question."""
    said = {**Params().as_dict(), **params}
    return json.dumps({name: value for name, value in said.items() if name != "rule"}, sort_keys=True)


def _names(seed: Mapping[str, Any]) -> list[Name]:
    return [(name, str(seed[name])) for name in _NAMES if seed.get(name) is not None]


def _part(seed: Mapping[str, Any]) -> tuple[int, int]:
    return int(seed["from_minor"]), int(seed["to_minor"])


def _payment(joined: dict[Name, Name], name: Name) -> Name:
    """The one name by which all names of a payment are known."""
    while joined.get(name, name) != name:
        name = joined[name]
    return name
