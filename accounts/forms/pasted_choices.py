"""What an officer chose beside the lines of a paste box; the lines themselves are read by `accounts.selectors.pasted`.

A choice is named `<what>-<number>-<line>`: the number stands in it so that a choice does not slip to another number
when lines are inserted above.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.http import QueryDict
from django.utils import timezone

from accounts.rules.paste import parse_paste
from banks.models import Institution
from banks.selectors.institutions import executing_institutions

BOX = "accounts"


def chosen_banks(post: QueryDict) -> dict[int, Institution | None]:
    """`bank-…` by line: "" = not known, "auto" or absent = no choice."""
    banks = {str(institution.id): institution for institution in executing_institutions()}
    return {line: banks.get(value) for line, value in _choices(post, "bank") if value != "auto"}


def chosen_for_all(post: QueryDict) -> set[int]:
    """The lines whose `all-…` is ticked."""
    return {line for line, _value in _choices(post, "all")}


def _choices(post: QueryDict, what: str) -> Iterator[tuple[int, str]]:
    pasted = parse_paste(post.get(BOX, ""), zone="UTC", now=timezone.now())
    lines = {line.line_no: line.number for line in pasted}
    for name, value in post.items():
        number, _dash, line = name.removeprefix(f"{what}-").partition("-")
        if name.startswith(f"{what}-") and line.isascii() and line.isdigit() and lines.get(int(line)) == number:
            yield int(line), str(value)
