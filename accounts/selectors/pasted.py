"""What the paste box shows for each line: bank candidates with confidence, warnings, and other cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.rules.paste import MESSAGES, PastedLine, parse_paste
from accounts.selectors.lookups import Known
from antifraud.problems import Problem
from banks.models import Institution, User
from banks.selectors.prefixes import Bank, banks_of_numbers, institutions_by_text

COMPLETE = 12  # digits from which a number is worth a look-up in other cases


@dataclass
class PreviewLine:
    """One line as it was understood; `institution` is the best guess, `chosen` the officer's own choice."""

    line: PastedLine
    institution: Institution | None = None
    confidence: str = ""
    candidates: list[Bank] = field(default_factory=list)
    known: Known | None = None
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether the line can be filed."""
        return not self.line.is_heading and not self.line.problems


def pasted_lines(
    *, user: User, text: str, now: datetime, chosen: dict[int, Institution | None] | None = None
) -> list[PreviewLine]:
    """Every line of the text, understood; five statements at most, whatever their count.

    The bank: the officer's choice first, then the bank's name in the line, then the best card prefix.
    """
    lines = parse_paste(text, zone=user.zone_name, now=now)
    banks = banks_of_numbers({line.number for line in lines if line.number})
    named = institutions_by_text({line.bank_text for line in lines if line.bank_text})
    return [_understood(line, banks.get(line.number, []), named, chosen or {}) for line in lines]


def _understood(
    line: PastedLine,
    candidates: list[Bank],
    named: dict[str, Institution | None],
    chosen: dict[int, Institution | None],
) -> PreviewLine:
    preview = PreviewLine(
        line,
        candidates=candidates,
        problems=_words(line.problems),
        warnings=_words(w for w in line.warnings if not line.is_heading),
    )
    if line.line_no in chosen:
        preview.institution, preview.confidence = chosen[line.line_no], "chosen"
    elif named.get(line.bank_text):
        preview.institution, preview.confidence = named[line.bank_text], "high"
    elif candidates and candidates[0][0] is not None:
        preview.institution, preview.confidence = candidates[0][0], candidates[0][3]
    return preview


def _words(problems: Iterable[Problem]) -> list[str]:
    return [_(MESSAGES[problem.code]).format(**problem.params) for problem in problems]
