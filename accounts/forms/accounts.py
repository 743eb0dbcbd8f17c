"""The query above the list of involved accounts, and the corrections of one account's identity."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.models import InvolvedAccount
from accounts.selectors.accounts import AccountFilters, accounts_list
from banks.models import Institution, User
from banks.selectors.institutions import executing_institutions

MONO = {"class": "ui-mono", "autocomplete": "off"}


class AccountFilterForm(forms.Form):
    """GET form; it never carries a number (R21): numbers are asked by `NumberForm`."""

    institution = forms.ModelChoiceField(
        label=_("Bank or operator"), required=False, queryset=Institution.objects.none(), empty_label=_("All")
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *InvolvedAccount.Kind.choices]
    )
    risk = forms.ChoiceField(label=_("Risk"), required=False, choices=[("", _("All")), *InvolvedAccount.Risk.choices])
    unknown_institution = forms.BooleanField(label=_("Institution not known"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user.institution.is_executing:  # sees its own accounts only
            del self.fields["institution"], self.fields["unknown_institution"]
            return
        bank: Any = self.fields["institution"]
        bank.queryset = executing_institutions()

    def filters(self) -> AccountFilters:
        """What the selector is asked for; a wrong value narrows nothing."""
        if not self.is_valid():
            return AccountFilters()
        bank = self.cleaned_data.get("institution")
        return AccountFilters(
            institution=bank.id if bank else None, kind=self.cleaned_data["kind"], risk=self.cleaned_data["risk"],
            unknown_institution=self.cleaned_data.get("unknown_institution", False),
        )  # fmt: skip


class NumberForm(forms.Form):
    """A whole account number, any spelling; sent by POST only."""

    number = forms.CharField(
        label=_("Account number"), max_length=80, widget=forms.TextInput(attrs={**MONO, "data-search": "1"})
    )


class _BecauseForm(forms.Form):
    reason = forms.CharField(
        label=_("What it rests on"), max_length=300, widget=forms.Textarea(attrs={"rows": 2, "data-width": "full"})
    )


class AccountCorrectForm(_BecauseForm):
    """The account is kept by another institution."""

    institution = forms.ModelChoiceField(
        label=_("Bank or operator"), required=False, queryset=Institution.objects.none(), empty_label=_("Not known")
    )
    field_order = ["institution", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bank: Any = self.fields["institution"]
        bank.queryset = executing_institutions()


class AliasForm(_BecauseForm):
    """Another number of the same account: card, account, sub-account."""

    number = forms.CharField(label=_("Further number"), max_length=80, widget=forms.TextInput(attrs=dict(MONO)))
    field_order = ["number", "reason"]


class AccountMergeForm(_BecauseForm):
    """The other account, found by its number among those that the reader sees; `clean` leaves it in `into`."""

    number = forms.CharField(
        label=_("Number of the account that remains"),
        max_length=80,
        widget=forms.TextInput(attrs=dict(MONO)),
        help_text=_(
            "Cases, transfers and stops move to it; the account of this page gives way. The merge can be undone."
        ),
    )
    field_order = ["number", "reason"]

    def __init__(self, *args: Any, user: User, account: InvolvedAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.account = user, account

    def clean(self) -> dict[str, Any]:
        """Exactly one account must be meant: of the same institution where this one's is known."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("number"):
            found = accounts_list(user=self.user, filters=AccountFilters(number=data["number"])).exclude(
                pk=self.account.pk
            )
            if self.account.institution_id is not None:
                found = found.filter(institution=self.account.institution_id)
            candidates = list(found[:2])
            if not candidates:
                self.add_error(
                    "number", translate("No other account of this institution has this number. Check the number.")
                )
            elif len(candidates) > 1:
                self.add_error(
                    "number", translate("Several accounts have this number. Correct this account's institution first.")
                )
            else:
                data["into"] = candidates[0]
        return data


class UnmergeForm(_BecauseForm):
    """Undo a merge."""
