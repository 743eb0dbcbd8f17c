"""Numbers inside SVG: never with a locale's commas, short, added up."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def plain(value: float) -> str:
    """A number as SVG reads it."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


@register.filter
def plus(value: float, more: float) -> str:
    """The sum of both as SVG reads it."""
    return f"{value + more:.8g}"
