"""Words of answers in templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.rules.order_kinds import MATCH_FIELD_LABELS
from accounts.rules.reasons import REASON_LABELS, reason

register = template.Library()
NAME_SOURCE_LABELS = {
    "filed": gettext_lazy("entered by the police"),
    "answer": gettext_lazy("from an answer"),
    "next_hop": gettext_lazy("named by another bank"),
    "correction": gettext_lazy("corrected"),
}


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


@register.simple_tag
def name_source(word: str) -> str:
    """Where a holder's name comes from; an unknown word is shown as it is."""
    return str(NAME_SOURCE_LABELS.get(word, word))
