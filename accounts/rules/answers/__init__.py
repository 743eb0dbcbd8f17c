"""Whether an institution's answer holds together with what was asked; it stores nothing and changes no
state.
"""

from __future__ import annotations

from accounts.rules.answers.messages import MESSAGES
from accounts.rules.answers.shapes import AnswerDraft, Asked, NextHop, PriorFreeze, SubResult
from accounts.rules.answers.validation import validate_answer

__all__ = [
    "MESSAGES",
    "AnswerDraft",
    "Asked",
    "NextHop",
    "PriorFreeze",
    "SubResult",
    "validate_answer",
]
