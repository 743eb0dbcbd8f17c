"""Forms at a lane: why it is paused, its limits, which door, which address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from banks.models import Lane
from banks.rules.bucket import HIGHEST_CAP, HIGHEST_RATE, LOWEST_CAP, LOWEST_RATE


def _range(lowest: int, highest: int) -> dict[str, Any]:
    text = format_lazy(_("Choose a whole number from {lowest} to {highest}."), lowest=lowest, highest=highest)
    return dict.fromkeys(("invalid", "min_value", "max_value"), text)


class PauseForm(forms.Form):
    """Everybody who sees the lane reads the reason."""

    why = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Everybody who sees the lane reads it. No personal data.")
    )


class LimitsForm(forms.Form):
    """The fields are named as the service's arguments; the lane's own values stand in it first."""

    in_flight_cap = forms.IntegerField(
        label=_("Calls at once"),
        min_value=LOWEST_CAP,
        max_value=HIGHEST_CAP,
        help_text=_("1 to 32. So many calls of the webhook may be open at the same time."),
        error_messages=_range(LOWEST_CAP, HIGHEST_CAP),
    )
    rate_per_second = forms.IntegerField(
        label=_("Calls a second"),
        min_value=LOWEST_RATE,
        max_value=HIGHEST_RATE,
        help_text=_("1 to 1,000. The rest waits in the lane, the most urgent first."),
        error_messages=_range(LOWEST_RATE, HIGHEST_RATE),
    )
    why = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("It is kept in the audit log. No personal data.")
    )


class DoorForm(forms.Form):
    """The institution's choice."""

    door = forms.ChoiceField(label=_("Door"), choices=Lane.Door.choices, widget=forms.RadioSelect)


class EndpointForm(forms.Form):
    """The fields are named as the service's arguments."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("https, port 443 or 8443, a public domain of your institution."),
        widget=forms.URLInput(attrs={"data-width": "full", "class": "ui-mono"}),
    )
    timeout_seconds = forms.IntegerField(
        label=_("Seconds to wait"),
        min_value=1,
        max_value=10,
        initial=10,
        widget=forms.NumberInput(attrs={"data-width": "xs"}),
    )
    ca = forms.CharField(
        label=_("Own certificate authority"),
        max_length=20_000,
        required=False,
        help_text=_("In PEM form. Leave it empty where a public authority signed your certificate."),
        widget=forms.Textarea(attrs={"rows": 4, "data-width": "full", "class": "ui-mono"}),
    )
