"""Forms of a stopped clock: the institution's request, the supervisor's consent and refusal."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.rules.escalation import LONGEST_PAUSE, SHORTEST_PAUSE


class ClockRequestForm(forms.Form):
    """Why, and for how long from now on."""

    reason = forms.CharField(
        label=_("Why the clock should stand still"),
        help_text=_("At least ten characters, without names or account numbers."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "data-width": "full"}),
    )
    minutes = forms.IntegerField(
        label=_("For how many minutes"),
        help_text=_("5 to 1440. The clock runs until a supervisor of the police consents."),
        min_value=SHORTEST_PAUSE,
        max_value=LONGEST_PAUSE,
        widget=forms.NumberInput(attrs={"data-width": "xs"}),
    )


class ClockConsentForm(forms.Form):
    """What was asked, or fewer minutes; `pause` is the request that was shown."""

    pause = forms.UUIDField(widget=forms.HiddenInput)
    minutes = forms.IntegerField(
        label=_("Minutes"), min_value=SHORTEST_PAUSE, max_value=LONGEST_PAUSE,
        widget=forms.NumberInput(attrs={"data-width": "xs"}),
    )  # fmt: skip


class ClockRefuseForm(forms.Form):
    """Why not; `pause` is the request that was shown."""

    pause = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2, "data-width": "full"})
    )


class ClockEndForm(forms.Form):
    """Nothing to say: the clock runs again."""
