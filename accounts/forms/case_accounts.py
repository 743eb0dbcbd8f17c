"""Enter one more account or transfer into a case."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Involvement
from accounts.selectors.accounts import case_accounts
from banks.models import Institution, User
from banks.selectors.institutions import executing_institutions
from cases.forms.cases import LocalDateTimeInput, MoneyField
from cases.models import Case


class AccountAddForm(forms.Form):
    """One account: the number is enough, the bank may be unknown at first."""

    number = forms.CharField(
        label=_("Account number"), max_length=80, widget=forms.TextInput(attrs={"class": "ui-mono"})
    )
    institution = forms.ModelChoiceField(
        label=_("Bank or operator"), required=False, queryset=Institution.objects.none(), empty_label=_("Not known")
    )
    holder_name = forms.CharField(label=_("Account name"), max_length=160, required=False)
    level = forms.IntegerField(
        label=_("Level"), min_value=1, max_value=30, initial=1, widget=forms.NumberInput(attrs={"data-width": "xs"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bank: Any = self.fields["institution"]
        bank.queryset = executing_institutions()


class InvolvementChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        involvement: Involvement = obj
        bank = involvement.account.institution.title if involvement.account.institution else _("Not known")
        return f"{involvement.account.number.masked()} · {bank}"


class TransferForm(forms.Form):
    """Money that moved from one account of the case to another."""

    from_account = InvolvementChoice(
        label=_("From"), required=False, queryset=Involvement.objects.none(), empty_label=_("Not known")
    )
    to_account = InvolvementChoice(label=_("To"), queryset=Involvement.objects.none())
    amount = MoneyField(label=_("Amount"))
    at = forms.DateTimeField(label=_("Time"), required=False, widget=LocalDateTimeInput(attrs={"data-width": "sm"}))
    channel = forms.CharField(label=_("Channel"), max_length=40, required=False)
    reference = forms.CharField(label=_("Reference"), max_length=80, required=False)

    def __init__(self, *args: Any, user: User, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "transfer_%s", **kwargs})
        rows = case_accounts(user=user, case=case)
        for name in ("from_account", "to_account"):
            field: Any = self.fields[name]
            field.queryset = rows
