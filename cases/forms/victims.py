"""Who lost the money, as an officer types it at filing and later; a correction starts from nothing shown in clear."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.models import Victim
from cases.services.victims import VictimInput

FIELDS = {"victim_name": "name", "victim_id_number": "id_number", "victim_phone": "phone"}


class VictimForm(forms.Form):
    """A victim's own data."""

    victim_name = forms.CharField(label=_("Victim's name"), max_length=80)
    victim_id_number = forms.CharField(
        label=_("Identity number"), max_length=30, required=False, widget=forms.TextInput(attrs={"class": "ui-mono"})
    )
    victim_phone = forms.CharField(
        label=_("Victim's phone"), max_length=30, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )

    def victim_input(self) -> VictimInput:
        """What the service takes; only after `is_valid`."""
        return VictimInput(**{name: self.cleaned_data[field] for field, name in FIELDS.items()})


class VictimCorrectionForm(VictimForm):
    """What is left empty stays as it is: the values of now are masked on this page."""

    remove = forms.MultipleChoiceField(
        label=_("Remove without a new value"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, victim: Victim, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["victim_name"].required = False
        there = [("id_number", _("Identity number"), victim.id_number), ("phone", _("Victim's phone"), victim.phone)]
        remove: Any = self.fields["remove"]
        remove.choices = [(name, label) for name, label, value in there if value is not None]
        if not remove.choices:
            del self.fields["remove"]

    def changes(self) -> dict[str, str]:
        """What the service is asked to correct; only after `is_valid`."""
        typed = {name: self.cleaned_data[field] for field, name in FIELDS.items() if self.cleaned_data[field]}
        return dict.fromkeys(self.cleaned_data.get("remove", []), "") | typed
