"""Words of cases in templates."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from cases.rules.fraud_types import FRAUD_TYPE_LABELS

register = template.Library()


@register.simple_tag
def fraud_type(code: str) -> str:
    """The fraud type in the reader's language; an unknown code is shown as it is."""
    return _(FRAUD_TYPE_LABELS[code]) if code in FRAUD_TYPE_LABELS else code
