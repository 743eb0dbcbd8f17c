"""Forms at a lane: why it is paused, which door, which address."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from banks.models import Lane


class PauseForm(forms.Form):
    """Everybody who sees the lane reads the reason."""

    why = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Everybody who sees the lane reads it. No personal data.")
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
