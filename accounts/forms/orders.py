"""The query above the list of orders, and what an act on one order asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Order
from accounts.selectors.orders import OrderFilters
from accounts.services.orders.correct import ERROR_FIELDS
from banks.models import Institution
from banks.selectors.institutions import executing_institutions


class OrderFilterForm(forms.Form):
    """GET form; a wrong value narrows nothing."""

    q = forms.CharField(
        label=_("Order number"), required=False, max_length=40, widget=forms.TextInput(attrs={"data-search": "1"})
    )
    status = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *Order.Status.choices])
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *Order.Kind.choices])
    institution = forms.ModelChoiceField(
        label=_("Bank or operator"), required=False, queryset=Institution.objects.none(), empty_label=_("All")
    )
    overdue = forms.BooleanField(label=_("Answer overdue"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bank: Any = self.fields["institution"]
        bank.queryset = executing_institutions()

    def filters(self) -> OrderFilters:
        """What the selector is asked for."""
        if not self.is_valid():
            return OrderFilters()
        data = self.cleaned_data
        bank = data["institution"]
        return OrderFilters(
            status=data["status"], kind=data["kind"], institution=bank.id if bank else None, overdue=data["overdue"], q=data["q"]
        )  # fmt: skip


class VersionForm(forms.Form):
    """An act on what the page showed; a page that is older than the order is refused."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ReasonForm(forms.Form):
    """An act that is kept with its reason."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3, "data-width": "full"})
    )


class RetractForm(ReasonForm):
    """The order was issued in error: what was wrong, and how that came to light."""

    error_field = forms.ChoiceField(label=_("What was wrong"), choices=[("", "—"), *ERROR_FIELDS.items()])
    field_order = ["error_field", "reason"]
