"""Words of holds in templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.rules.order_kinds import MODE_LABELS

register = template.Library()
END_CAUSE_LABELS = {
    "expired": gettext_lazy("The legal term ran out"),
    "released": gettext_lazy("Released"),
    "converted": gettext_lazy("A freeze took its place"),
    "returned": gettext_lazy("All its money was returned"),
    "error": gettext_lazy("Issued in error"),
    "crossed": gettext_lazy("Executed after the order was cancelled"),
    "overruled": gettext_lazy("The emergency stop was overruled"),
    "unrelated": gettext_lazy("Found unrelated"),
    "not_filed": gettext_lazy("The case was not filed"),
    "withdrawn": gettext_lazy("The case was withdrawn"),
    "not_fraud": gettext_lazy("Found not to be fraud"),
    "appeal": gettext_lazy("An appeal was upheld"),
}


@register.simple_tag
def cause_words(word: str) -> str:
    """Why a hold ended; an unknown word is shown as it is."""
    return str(END_CAUSE_LABELS.get(word, word))


@register.simple_tag
def hold_mode(name: str) -> str:
    """How far a hold goes; an unknown word is shown as it is."""
    return _(MODE_LABELS[name]) if name in MODE_LABELS else name
