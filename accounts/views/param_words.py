"""What the limits of a trace are called and how their values read, for the difference of two traces; they are set in `forms.flow`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.forms.flow import HOUR, TraceForm
from accounts.models import TraceRun
from banks.templatetags.ui_values import counted, money, when

# The engine's name -> the label of the form; what is not asked there has its own.
_FIELDS = {
    "direction": "direction", "method": "method", "min_amount_minor": "min_amount", "window_seconds": "window_hours",
    "max_hops": "max_hops", "max_edges": "max_edges", "until": "until",
}  # fmt: skip
_OTHERS = {"hub_entries": _("Payments above which an account is not followed"), "rule": _("Version of the rules")}
_CHOICES = {"direction": dict(TraceRun.Direction.choices), "method": dict(TraceRun.Method.choices)}


def param_label(name: str) -> Any:
    """The label of a limit; a name that is not known is its own."""
    field = _FIELDS.get(name)
    return TraceForm.base_fields[field].label if field else _OTHERS.get(name, name)


def param_value(name: str, value: Any, currency: str) -> Any:
    """A value as people read it; "—" for none."""
    if value is None:
        return "—"
    if name in _CHOICES:
        return _CHOICES[name].get(value, value)
    if name == "min_amount_minor":
        return money(value, currency)
    if name == "window_seconds":
        return f"{value / HOUR:g}"
    if name == "until":
        return when(datetime.fromisoformat(value), "seconds")
    return counted(value) if isinstance(value, int) and name != "rule" else value
