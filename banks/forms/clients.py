"""The form that registers an institution's system."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banks.models import Institution
from banks.selectors.institutions import executing_institutions


class ClientForm(forms.Form):
    """Whose system it is and what it is called."""

    institution = forms.ModelChoiceField(label=_("Institution"), queryset=Institution.objects.none())
    name = forms.CharField(
        label=_("Name of the system"), max_length=80, help_text=_("As people of the institution would call it.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places: Any = self.fields["institution"]
        places.queryset = executing_institutions()
