"""Words of answers in templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from accounts.rules.order_kinds import MATCH_FIELD_LABELS
from accounts.rules.reasons import REASON_LABELS, reason

register = template.Library()


@register.simple_tag
def reason_words(name_or_code: str) -> str:
    """A reason in the reader's language with its public code; an unknown one is shown as it is."""
    row = reason(name_or_code)
    if row is None:
        return name_or_code
    label = _(REASON_LABELS[row.name])
    return f"{label} ({row.code})" if row.code else label


@register.simple_tag
def match_field(name: str) -> str:
    """The field that differed, in the reader's language; an unknown one is shown as it is."""
    return _(MATCH_FIELD_LABELS[name]) if name in MATCH_FIELD_LABELS else name
