"""What a plain rule says about wrong input: a stable code with named parameters, never an HTTP answer.

The words stay in the `MESSAGES` table of the module that found the problem; the Django floors translate them.
The problem+json answer of the API is `antifraud.api.problems`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Literal

Param = str | int
Severity = Literal["error", "warning"]


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `params` fill the placeholders of the message; they never carry personal data.

    `field` names the input it belongs to ("" = the whole record). An "error" blocks, a "warning" only tells.
    """

    code: str
    params: Mapping[str, Param] = dataclasses.field(default_factory=dict)
    field: str = ""
    severity: Severity = "error"

    def text(self, messages: Mapping[str, str]) -> str:
        """The text from the given table, English or translated. Raises KeyError on an unknown code."""
        return messages[self.code].format(**self.params)


def errors_of(problems: Mapping[str, Iterable[Problem]]) -> dict[str, list[Problem]]:
    """Only what blocks, by field; fields that hold nothing but warnings are left out."""
    blocking = {name: [p for p in found if p.severity == "error"] for name, found in problems.items()}
    return {name: found for name, found in blocking.items() if found}


def warnings_of(problems: Mapping[str, Iterable[Problem]]) -> dict[str, list[Problem]]:
    """Only what tells, by field."""
    telling = {name: [p for p in found if p.severity == "warning"] for name, found in problems.items()}
    return {name: found for name, found in telling.items() if found}
