"""The credits of a watched account as its bank types them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services.watches import Credit
from banks.models import Institution
from banks.selectors.institutions import executing_institutions
from cases.forms.cases import LocalDateTimeInput, MoneyField


class CreditForm(forms.Form):
    """One credit; the payer may be unknown."""

    at = forms.DateTimeField(label=_("Time"), widget=LocalDateTimeInput(attrs={"data-width": "sm"}))
    amount = MoneyField(label=_("Amount"))
    number = forms.CharField(
        label=_("Payer's account number"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"class": "ui-mono"}),
    )
    institution = forms.ModelChoiceField(
        label=_("Payer's bank"), required=False, queryset=Institution.objects.none(), empty_label=_("Not known")
    )
    name = forms.CharField(label=_("Payer's name"), max_length=160, required=False)
    reference = forms.CharField(
        label=_("Reference"),
        max_length=80,
        required=False,
        help_text=_("The serial or reference of your own books: it tells equal credits apart."),
    )
    is_another = forms.BooleanField(label=_("This is another credit, tell it as well"), required=False)

    def __init__(self, *args: Any, currency: str = "CNY", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"] = MoneyField(label=_("Amount"), currency=currency)
        bank: Any = self.fields["institution"]
        bank.queryset = executing_institutions()

    def credit(self) -> Credit:
        """The cleaned values for the service."""
        data = self.cleaned_data
        return Credit(
            data["at"],
            data["amount"],
            self.currency,
            data["number"],
            data["name"],
            data["institution"],
            data["reference"],
            data["is_another"],
        )
