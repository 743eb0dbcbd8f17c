"""Forms of institutions: the query above the list, creation, change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banks.forms import choices
from banks.models import Institution, User
from banks.selectors.institutions import institutions_list
from banks.selectors.profiles import legal_profiles, work_calendars

WIDE = {"data-width": "full"}


class InstitutionFilterForm(forms.Form):
    """The query above the list."""

    q = forms.CharField(label=_("Name or code"), required=False, widget=forms.TextInput(attrs={"data-search": "1"}))
    kind = forms.ChoiceField(label=_("Kind"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [("", _("All kinds")), *choices.institution_kinds()]
        self.fields["kind"] = forms.ChoiceField(label=_("Kind"), required=False, choices=kinds)


class InstitutionForm(forms.Form):
    """What can be changed later as well. The fields are named as the service's arguments."""

    name = forms.CharField(label=_("English name"), max_length=160, widget=forms.TextInput(attrs=WIDE))
    name_zh = forms.CharField(
        label=_("Chinese name"), max_length=160, required=False, widget=forms.TextInput(attrs=WIDE)
    )
    parent = forms.ModelChoiceField(
        label=_("Body above"),
        queryset=Institution.objects.none(),
        required=False,
        empty_label=_("None"),
        help_text=_("Of the same kind: the head office of a branch, the bureau of a unit."),
    )
    bank_code = forms.CharField(
        label=_("Bank code"),
        max_length=20,
        required=False,
        help_text=_("As in the card-prefix table, such as ICBC."),
        widget=forms.TextInput(attrs={"data-width": "sm", "class": "ui-mono"}),
    )
    legal_profile = forms.ModelChoiceField(label=_("Legal profile"), queryset=legal_profiles().none())
    calendar = forms.ModelChoiceField(label=_("Working calendar"), queryset=work_calendars().none())
    time_zone = forms.CharField(label=_("Time zone"), max_length=40, widget=choices.zone_input())
    phone = forms.CharField(label=_("Duty telephone"), max_length=40, required=False)
    connected = forms.BooleanField(
        label=_("Connected to the platform"),
        required=False,
        initial=True,
        help_text=_("Orders to an institution that is not connected are printed and answered on paper."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parents: Any = self.fields["parent"]
        parents.queryset = institutions_list(user=user)
        profile: Any = self.fields["legal_profile"]
        profile.queryset = legal_profiles()
        calendar: Any = self.fields["calendar"]
        calendar.queryset = work_calendars()

    def clean_bank_code(self) -> str:
        """Codes are written in capitals."""
        return str(self.cleaned_data["bank_code"]).upper()


class InstitutionCreateForm(InstitutionForm):
    """With what an institution is for ever."""

    kind = forms.ChoiceField(label=_("Kind"))
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Short name for ever: small letters, digits, hyphens."),
        widget=forms.TextInput(attrs={"data-width": "sm", "class": "ui-mono"}),
    )
    field_order = ("kind", "code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = choices.institution_kinds()


class InstitutionUpdateForm(InstitutionForm):
    """With the switch that ends its part in the exchange."""

    is_active = forms.BooleanField(
        label=_("Takes part"),
        required=False,
        help_text=_("Without it nobody of the institution can log in, and nothing is delivered to it."),
    )
