"""The query above the figures: a period by name, or from one day to another."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from cases.forms.cases import DateInput
from oversight.rules.periods import DEFAULT, PERIOD_LABELS, Days, days_of

GROUPS = ("institution", "unit")


class PeriodField(forms.ChoiceField):
    """Shows the period that applies where the address names none."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was sent, else the period in force."""
        return data or initial


class PeriodForm(forms.Form):
    """Bound to the address; a day that is given counts before the period's name."""

    by = forms.CharField(widget=forms.HiddenInput, required=False)
    period = forms.ChoiceField(label=_("Period"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = [(name, translate(label)) for name, label in PERIOD_LABELS.items()]
        applies = "days" if self.data.get("from") or self.data.get("to") else DEFAULT
        self.fields["period"] = PeriodField(label=_("Period"), required=False, choices=labels, initial=applies)
        # "from" is no name that a class body could have
        self.fields["from"] = forms.DateField(label=_("From day"), required=False, widget=DateInput())
        self.fields["to"] = forms.DateField(label=_("To day"), required=False, widget=DateInput())

    def clean(self) -> dict[str, Any]:
        """The days must stand in order."""
        data = super().clean() or {}
        first, last = data.get("from"), data.get("to")
        if first and last and last < first:
            self.add_error("to", _("The last day comes before the first. Exchange the two, or leave one empty."))
        return data

    def days(self, today: date) -> Days:
        """The chosen days; the default period where nothing, or nothing sensible, was chosen."""
        if not self.is_valid():
            return days_of(DEFAULT, today=today)
        first, last = self.cleaned_data["from"], self.cleaned_data["to"]
        if first or last:
            return days_of("days", today=today, first=first, last=last)
        return days_of(self.cleaned_data["period"] or DEFAULT, today=today)

    def group(self) -> str:
        """What the figures are told by: institutions, or units."""
        chosen = self.data.get("by", "")
        return chosen if chosen in GROUPS else GROUPS[0]

    def query(self) -> dict[str, str]:
        """What leads back to the same period, for addresses."""
        names = ("period", "from", "to")
        return {name: str(self.data[name]) for name in names if self.data.get(name) and name not in self.errors}
