"""Times of a trace in templates."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from accounts.selectors.flow import moment
from banks.templatetags.ui_values import when

register = template.Library()


@register.simple_tag
def micro(value: int) -> SafeString:
    """Microseconds since 1970 as a time with its seconds, in the reader's zone."""
    return when(moment(value), "seconds")
