"""Forms of people: the query above the list, creation, change, one's own preferences."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from banks.forms import choices
from banks.models import Institution, User
from banks.rules.roles import MACHINE, PERSONS
from banks.selectors.institutions import institutions_list


class UserFilterForm(forms.Form):
    """The query above the list."""

    q = forms.CharField(
        label=_("Name or badge number"), required=False, widget=forms.TextInput(attrs={"data-search": "1"})
    )
    institution = forms.ModelChoiceField(
        label=_("Institution"), queryset=Institution.objects.none(), required=False, empty_label=_("All institutions")
    )
    role = forms.ChoiceField(label=_("Role"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places: Any = self.fields["institution"]
        places.queryset = institutions_list(user=user)
        roles: Any = self.fields["role"]
        roles.choices = [("", _("All roles")), *choices.person_roles(), (MACHINE, str(User.Role.MACHINE.label))]


class UserForm(forms.Form):
    """What can be changed later as well. The fields are named as the service's arguments."""

    full_name = forms.CharField(label=_("Full name"), max_length=80)
    role = forms.ChoiceField(label=_("Role"))
    badge_number = forms.CharField(label=_("Badge number"), max_length=40, required=False)
    home_institution = forms.ModelChoiceField(
        label=_("Home institution"),
        queryset=Institution.objects.none(),
        required=False,
        empty_label=_("None"),
        help_text=_("Where a seconded officer comes from. It gives no access there."),
    )
    language = forms.ChoiceField(label=_("Language"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        homes: Any = self.fields["home_institution"]
        homes.queryset = institutions_list(user=user)
        role: Any = self.fields["role"]
        role.choices = choices.person_roles()
        language: Any = self.fields["language"]
        language.choices = choices.languages()


class UserCreateForm(UserForm):
    """With what a person is for ever."""

    username = forms.CharField(label=_("User name"), max_length=60, widget=forms.TextInput(attrs={"class": "ui-mono"}))
    institution = forms.ModelChoiceField(
        label=_("Institution"),
        queryset=Institution.objects.none(),
        help_text=_("A person belongs to one institution for ever; who moves gets a new user."),
    )
    field_order = ("institution", "role", "username", "full_name")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        places: Any = self.fields["institution"]
        places.queryset = institutions_list(user=user).filter(is_active=True)


class UserUpdateForm(UserForm):
    """Only the roles that the person's institution has."""

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = {person.role, *PERSONS.get(person.institution.kind, ())} if person.role != MACHINE else {MACHINE}
        role: Any = self.fields["role"]
        role.choices = [(code, label) for code, label in User.Role.choices if code in allowed]


class PreferencesForm(forms.Form):
    """One's own language and time zone."""

    language = forms.ChoiceField(label=_("Language"))
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=40,
        required=False,
        help_text=_("Leave it empty to use your institution's."),
        widget=choices.zone_input(),
    )

    def __init__(self, *args: Any, institution: Institution, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language: Any = self.fields["language"]
        language.choices = choices.languages()
        self.fields["time_zone"].widget.attrs["placeholder"] = institution.time_zone
