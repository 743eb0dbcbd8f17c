"""What a bank tells of paying a return: one line for each share, a proof for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import RefundShare
from accounts.services.refunds.inputs import ShareResult
from antifraud.errors import AppError
from banks.forms.errors import STATUS
from cases.forms.cases import LocalDateTimeInput

OUTCOMES = [("", _("Not yet")), ("paid", _("Paid")), ("failed", _("Payment failed"))]


class PayoutLineForm(forms.Form):
    """One share: paid with transfer id and moment, or failed with a reason."""

    outcome = forms.ChoiceField(
        label=_("Result"), required=False, choices=OUTCOMES, widget=forms.Select(attrs={"data-width": "sm"})
    )
    transfer_id = forms.CharField(
        label=_("Transfer id in your system"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"class": "ui-mono"}),
    )
    paid_at = forms.DateTimeField(
        label=_("Transferred at"), required=False, widget=LocalDateTimeInput(attrs={"data-width": "sm"})
    )
    reason = forms.CharField(label=_("Why it failed"), required=False, max_length=300)

    def __init__(self, data: Any = None, *, share: RefundShare) -> None:
        super().__init__(data, prefix=f"share-{share.pk}")
        self.share = share

    @property
    def place(self) -> str:
        """How a refusal names the line."""
        return str(self.prefix)

    def result(self) -> ShareResult | None:
        """What the service takes; None where nothing is told yet. Only after `is_valid`."""
        data = self.cleaned_data
        if not data["outcome"]:
            return None
        paid = data["outcome"] == "paid"
        return ShareResult(
            share_id=self.share.pk, outcome=data["outcome"], transfer_id=data["transfer_id"] if paid else "",
            paid_at=data["paid_at"] if paid else None, amount_minor=self.share.share_minor if paid else None,
            reason=data["reason"], place=self.place,
        )  # fmt: skip


class PayoutForm(forms.Form):
    """The proof, and what the page showed."""

    proof = forms.FileField(
        label=_("Proof of payment"), required=False, help_text=_("PDF or picture, at most 20 MB. It is kept encrypted.")
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class PayoutForms:
    """The page's form with its lines."""

    def __init__(self, main: PayoutForm, lines: Iterable[PayoutLineForm]) -> None:
        self.main, self.lines = main, list(lines)

    def is_valid(self) -> bool:
        """Every form is asked, so that all problems are shown at once."""
        return all([self.main.is_valid(), *(line.is_valid() for line in self.lines)])

    def results(self) -> list[ShareResult]:
        """What the service takes."""
        return [result for line in self.lines if (result := line.result()) is not None]

    def attach(self, error: AppError) -> int:
        """Put each message of a refusal at its line; returns the HTTP status."""
        by_place = {line.place: line for line in self.lines}
        for name, texts in error.fields.items():
            place, _dot, field = name.partition(".")
            form: forms.Form = by_place.get(place, self.main)
            for text in texts:
                form.add_error(field if field in form.fields else name if name in form.fields else None, str(text))
        if not error.fields:
            self.main.add_error(None, str(error.message))
        return STATUS[error.status == 422]


class PayoutFilterForm(forms.Form):
    """GET form above a bank's list."""

    q = forms.CharField(
        label=pgettext_lazy("record", "Number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"data-search": "1"}),
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All states")), ("open", _("To be paid")), ("overdue", _("Payout overdue")), ("failed", _("Payout failed")),
            ("paid", _("Paid")), ("closed", _("Ended")),
        ],
    )  # fmt: skip

    def filters(self) -> dict[str, str]:
        """What the selector is asked for; nothing where the query cannot be read."""
        return {name: self.cleaned_data[name] for name in self.fields} if self.is_valid() else {}
