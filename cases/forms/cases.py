"""Forms of the case pages: filter, completion of the report, steps of law, files, notes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from antifraud import money
from banks.models import Institution
from banks.selectors.institutions import police_institutions
from cases.models import Attachment, Case
from cases.rules.fraud_types import FRAUD_TYPE_LABELS


def fraud_type_choices() -> list[tuple[str, str]]:
    """The police classes in the reader's language, behind an empty line."""
    return [("", "—"), *((code, translate(label)) for code, label in FRAUD_TYPE_LABELS.items())]


class LocalDateTimeInput(forms.DateTimeInput):
    """The browser's own picker; values are in the reader's time zone."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs={"step": "1", **(attrs or {})}, format="%Y-%m-%dT%H:%M:%S")


class DateInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class MoneyField(forms.CharField):
    """An amount as people write it (thousands separators, full-width digits, 万); cleaned to minor units or None."""

    def __init__(self, *, currency: str = "CNY", **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "data-width": "sm", "data-unit": currency})
        )
        self.currency = currency
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        """Minor units; a problem of reading becomes the field's error."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return money.to_minor(text, self.currency)
        except money.MoneyError as error:
            raise forms.ValidationError(translate(money.MESSAGES[error.code]).format(**error.params)) from error

    def prepare_value(self, value: Any) -> Any:
        """Minor units from a record are shown as an amount; what was typed stays as typed."""
        return str(money.from_minor(value, self.currency)) if isinstance(value, int) else value


class CaseFilterForm(forms.Form):
    """The query above the list."""

    q = forms.CharField(
        label=_("Case or incident number"), required=False, widget=forms.TextInput(attrs={"data-search": "1"})
    )
    status = forms.ChoiceField(label=_("State"), required=False)
    fraud_type = forms.ChoiceField(label=_("Fraud type"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"] = forms.ChoiceField(
            label=_("State"), required=False, choices=[("", _("All states")), *Case.Status.choices]
        )
        self.fields["fraud_type"] = forms.ChoiceField(
            label=_("Fraud type"), required=False, choices=[("", _("All types")), *fraud_type_choices()[1:]]
        )


class CaseForm(forms.Form):
    """The report itself: everything but accounts. Field names are those of `case_update`."""

    incident_number = forms.CharField(
        label=_("Incident number"), max_length=60, required=False, widget=forms.TextInput(attrs={"data-width": "sm"})
    )
    jurisdiction = forms.CharField(label=_("Place of the offence"), max_length=120, required=False)
    fraud_type = forms.ChoiceField(label=_("Fraud type"))
    fraud_subtype = forms.CharField(label=_("Sub-type"), max_length=80, required=False)
    occurred_at = forms.DateTimeField(
        label=_("When it happened"), required=False, widget=LocalDateTimeInput(attrs={"data-width": "sm"})
    )
    loss = MoneyField(label=_("Loss"), required=False)
    narrative = forms.CharField(
        label=_("What happened"),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 5, "data-width": "full"}),
        help_text=_("No passwords, security codes or one-time codes."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fraud_type"] = forms.ChoiceField(label=_("Fraud type"), choices=fraud_type_choices())

    def changes(self) -> dict[str, Any]:
        """Cleaned values under the service's names."""
        names = ("incident_number", "jurisdiction", "fraud_type", "fraud_subtype", "narrative", "occurred_at")
        return {name: self.cleaned_data[name] for name in names} | {"loss_minor": self.cleaned_data["loss"]}


class StepForm(forms.Form):
    """Date, document and officer of a step of law; the receiving unit for a transfer."""

    on = forms.DateField(label=_("Date on the document"), widget=DateInput(attrs={"data-width": "sm"}))
    document_number = forms.CharField(label=_("Document number"), max_length=80, required=False)
    to_unit = forms.ModelChoiceField(
        label=_("Receiving unit"),
        required=False,
        queryset=Institution.objects.none(),
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, verb: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit: Any = self.fields["to_unit"]
        unit.queryset = police_institutions()
        if verb != "transfer":
            del self.fields["to_unit"]


class AttachmentForm(forms.Form):
    """One file of a case."""

    purpose = forms.ChoiceField(
        label=_("What it is"),
        choices=[c for c in Attachment.Purpose.choices if c[0] in {"report", "other", "instrument"}],
    )
    title = forms.CharField(label=_("Title"), max_length=120, required=False)
    file = forms.FileField(label=_("File"), help_text=_("PDF, PNG, JPEG, XLSX or CSV, at most 20 MB."))


class NoteForm(forms.Form):
    """A remark for colleagues."""

    text = forms.CharField(
        label=_("Note"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3, "data-width": "full"})
    )


class RevealForm(forms.Form):
    """The reason for seeing a value in clear."""

    purpose = forms.CharField(min_length=4, max_length=200)
