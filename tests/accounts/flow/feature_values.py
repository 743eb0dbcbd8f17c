"""Features of few accounts as tests compare them: one object an account, None where a value is not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from accounts.rules.features import Column, compute, scores


@dataclass
class Account:
    """One account's features, as they are stored."""

    node: int
    is_covered: bool
    entries_in: int
    entries_out: int
    in_minor: int
    out_minor: int
    values: dict[str, int | None]
    basis: dict[str, int]


def accounts(*given: Any, **options: Any) -> list[Account]:
    found = compute(*given, **options)
    return [
        Account(
            found.node[at].item(),
            found.is_covered[at].item(),
            found.entries_in[at].item(),
            found.entries_out[at].item(),
            found.in_minor[at].item(),
            found.out_minor[at].item(),
            {code: int(each.values[at]) if each.known[at] else None for code, each in found.columns.items()},
            {code: int(each.rows[at]) for code, each in found.columns.items()},
        )
        for at in range(len(found))
    ]


def score(values: dict[str, int | None]) -> tuple[int, int]:
    one = {code: np.array([value or 0]) for code, value in values.items()}
    columns = {code: Column(each, np.array([values[code] is not None]), each) for code, each in one.items()}
    total, known = scores(columns, 1)
    return int(total[0]), int(known[0])
