"""The paste box: a block of text from anywhere becomes account lines; it looks nothing up and stores nothing.

How a line is read is told in `parser` (order of the steps), `splitting` (cells), `pieces` (what a word
is), `choosing` (which piece becomes which field) and `headings` (columns and labels).
"""

from __future__ import annotations

from accounts.rules.paste.lines import MAX_LINES, MESSAGES, PastedLine
from accounts.rules.paste.parser import parse_paste

__all__ = ["MAX_LINES", "MESSAGES", "PastedLine", "parse_paste"]
