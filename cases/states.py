"""The legal steps of a case, as a table (domain.md §2). The acts of law (date, document, officer) are kept in CaseStep."""

from __future__ import annotations

from antifraud.workflow import Transition, Workflow
from cases.models import Case

case_flow = Workflow(
    Case,
    "case",
    ("reported",),
    [
        Transition("accept", ("reported", "transferred"), "accepted", "case.accepted"),  # 受案
        Transition("docket", ("reported", "accepted", "transferred", "not_filed"), "filed", "case.docketed"),  # 立案
        Transition("refuse", ("reported", "accepted"), "not_filed", "case.refused"),  # 不予立案
        Transition("solve", ("filed",), "solved", "case.solved"),
        Transition("transfer", ("reported", "accepted", "filed"), "transferred", "case.transferred"),
        Transition("withdraw", ("reported", "accepted", "filed", "transferred"), "withdrawn", "case.withdrawn"),
        Transition("clear", ("reported", "accepted", "filed", "transferred"), "not_fraud", "case.cleared"),
        Transition("close", ("solved", "not_filed", "withdrawn", "not_fraud"), "closed", "case.closed"),
    ],
)
