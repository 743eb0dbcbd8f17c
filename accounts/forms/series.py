"""Joining and splitting cases of a series, and the stop list: what an officer enters, each with its reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.selectors.accounts import AccountFilters, accounts_list
from antifraud import policy
from banks.models import User
from cases.models import Case

MONO = {"class": "ui-mono", "autocomplete": "off"}


class _BecauseForm(forms.Form):
    reason = forms.CharField(
        label=_("What it rests on"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "data-width": "full"}),
        help_text=_("Others can read it: write no names and no numbers."),
    )


class SeriesJoinForm(_BecauseForm):
    """The other case by its number, among those that the officer may join; `clean` leaves it in `other`."""

    number = forms.CharField(
        label=_("Number of the other case"), max_length=40, widget=forms.TextInput(attrs=dict(MONO))
    )
    field_order = ["number", "reason"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """The same words for a case that does not exist and for one out of reach."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("number"):
            found = policy.scope(self.user, "series.join", Case.objects.filter(number__iexact=data["number"].strip()))
            data["other"] = found.first()
            if data["other"] is None:
                self.add_error("number", translate("You work on no case with this number. Check the number."))
        return data


class SeriesSplitForm(_BecauseForm):
    """The cases that go, among those that the officer sees in the series."""

    cases = forms.MultipleChoiceField(
        label=_("Cases that go"), choices=[], widget=forms.CheckboxSelectMultiple(attrs={"data-width": "full"})
    )
    field_order = ["cases", "reason"]

    def __init__(self, *args: Any, cases: list[Case], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["cases"]
        field.choices = [(str(case.pk), case.number) for case in cases]


class SeriesUndoForm(_BecauseForm):
    """Take a decision back."""


class StopAddForm(_BecauseForm):
    """One of the series' shared things: it links nobody any more."""

    link = forms.TypedChoiceField(label=_("What links nobody"), coerce=int, choices=[])
    field_order = ["link", "reason"]

    def __init__(self, *args: Any, choices: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["link"]
        field.choices = choices


class StopAccountForm(_BecauseForm):
    """An account that the officer sees, by its number; `clean` leaves it in `account`."""

    number = forms.CharField(label=_("Account number"), max_length=80, widget=forms.TextInput(attrs=dict(MONO)))
    field_order = ["number", "reason"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Exactly one account must be meant."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("number"):
            found = list(accounts_list(user=self.user, filters=AccountFilters(number=data["number"]))[:2])
            if len(found) == 1:
                data["account"] = found[0]
            elif found:
                self.add_error("number", translate("Several accounts have this number. Choose it on a series' page."))
            else:
                self.add_error("number", translate("You see no account with this number. Check the number."))
        return data


class StopEndForm(_BecauseForm):
    """The thing links again."""
