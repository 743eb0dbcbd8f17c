"""Forms of signing keys: registering one, approving what was compared, revoking with a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banks.models import Institution, User
from banks.selectors.keys import key_places

_WHEN = forms.DateTimeInput(attrs={"type": "datetime-local", "data-width": "sm"}, format="%Y-%m-%dT%H:%M")
_WHEN_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


class KeyForm(forms.Form):
    """A new public key. The fields are named as the service's arguments."""

    institution = forms.ModelChoiceField(label=_("Institution"), queryset=Institution.objects.none())
    key_id = forms.CharField(
        label=_("Key id"),
        max_length=64,
        help_text=_("The name that the system writes into keyid, for example core-2027-01."),
        widget=forms.TextInput(attrs={"class": "ui-mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    public_key = forms.CharField(
        label=_("Public key"),
        max_length=400,
        help_text=_("Ed25519: base64 or hexadecimal of the 32 bytes, or PEM. Never enter a private key."),
        widget=forms.Textarea(attrs={"class": "ui-mono", "rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )
    not_before = forms.DateTimeField(
        label=_("Valid from"),
        required=False,
        help_text=_("Leave it empty to start with the approval."),
        widget=_WHEN,
        input_formats=_WHEN_FORMATS,
    )
    not_after = forms.DateTimeField(
        label=_("Valid until"),
        required=False,
        help_text=_("Let the next key overlap by at least seven days."),
        widget=_WHEN,
        input_formats=_WHEN_FORMATS,
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places: Any = self.fields["institution"]
        places.queryset = key_places(user=user)
        if user.institution.is_executing:
            places.initial, places.empty_label = user.institution_id, None


class KeyApproveForm(forms.Form):
    """The fingerprint as the page showed it, so that nobody approves what changed meanwhile."""

    fingerprint_seen = forms.CharField(widget=forms.HiddenInput)
    compared = forms.BooleanField(
        label=_("I compared the fingerprint with the holder of the private key by telephone or in person.")
    )


class KeyRevokeForm(forms.Form):
    """Why the key ends."""

    reason = forms.CharField(label=_("Reason"), min_length=4, max_length=200)
