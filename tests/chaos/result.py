"""What a scenario found: the figures of its line, and a sentence for everything that was not as it should be."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.checker import Finding


@dataclass
class Result:
    """One line of the report."""

    test: int
    orders: int = 0
    acked: int = 0
    lost: int = 0
    doubled: int = 0
    max_redelivery: int = 0
    passed: bool = True
    more: dict[str, Any] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)

    def demand(self, right: bool, sentence: str) -> None:
        """Fail with this sentence where the condition does not hold."""
        if not right:
            self.fault(sentence)

    def fault(self, sentence: str) -> None:
        """Fail, and say why."""
        self.passed = False
        self.why.append(sentence)

    def blame(self, findings: Iterable[Finding]) -> None:
        """Fail for each broken promise."""
        for finding in findings:
            self.fault(f"{finding.rule}: {finding.subject}: {finding.detail}")

    def line(self) -> str:
        """The JSON line."""
        body: dict[str, Any] = {
            "test": self.test, "orders": self.orders, "acked": self.acked, "lost": self.lost, "doubled": self.doubled,
            "max_redelivery": self.max_redelivery, "pass": self.passed, **self.more,
        }  # fmt: skip
        return json.dumps(body | ({"why": self.why[:20]} if self.why else {}), ensure_ascii=False)
