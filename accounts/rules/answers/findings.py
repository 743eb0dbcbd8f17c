"""The collection of what is wrong with an answer, by field; the judging is in the modules beside it."""

from __future__ import annotations

from collections import defaultdict

from antifraud.problems import Param, Problem


class Findings:
    """Problems by field, in the order of their finding."""

    def __init__(self) -> None:
        self._by_field: dict[str, list[Problem]] = defaultdict(list)

    def error(self, field: str, code: str, **params: Param) -> None:
        """Something that blocks the answer."""
        self._by_field[field].append(Problem(code, params, field=field))

    def warn(self, field: str, code: str, **params: Param) -> None:
        """Something odd that the person should look at."""
        self._by_field[field].append(Problem(code, params, field=field, severity="warning"))

    def by_field(self) -> dict[str, list[Problem]]:
        """What was found; {} = nothing."""
        return dict(self._by_field)
