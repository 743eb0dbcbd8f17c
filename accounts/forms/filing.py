"""The filing form: victim, what happened, the money, the accounts; express filing needs four facts only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.rules.numbers import read_number
from accounts.services.filing import FiledAccount
from banks.models import Institution
from banks.selectors.institutions import executing_institutions
from cases.forms.cases import LocalDateTimeInput, MoneyField, fraud_type_choices
from cases.forms.victims import VictimForm
from cases.models import Lead


class VictimAddForm(VictimForm):
    """A victim with the account that paid, where it is known; at filing and when one is found later."""

    victim_account_number = forms.CharField(
        label=_("Victim's account"), max_length=60, required=False, widget=forms.TextInput(attrs={"class": "ui-mono"})
    )
    victim_account_bank = forms.ModelChoiceField(
        label=_("Victim's bank"), required=False, queryset=Institution.objects.none(), empty_label=_("Not known")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bank: Any = self.fields["victim_account_bank"]
        bank.queryset = executing_institutions()

    def victim_account(self) -> FiledAccount | None:
        """The account for the service; only after `is_valid`."""
        data = self.cleaned_data
        number = read_number(data["victim_account_number"]).number if data["victim_account_number"] else ""
        if not number:
            return None
        return FiledAccount(number, data["victim_account_bank"], data["victim_name"], place="victim_account_number")


class FilingForm(VictimAddForm):
    """One page. Only victim, amount, time and target are needed to issue a stop; the rest is completed later."""

    fraud_type = forms.ChoiceField(label=_("Fraud type"))
    fraud_subtype = forms.CharField(label=_("Sub-type"), max_length=80, required=False)
    incident_number = forms.CharField(label=_("Incident number"), max_length=60, required=False)
    reported_at = forms.DateTimeField(label=_("When it was reported"), widget=LocalDateTimeInput())
    occurred_at = forms.DateTimeField(label=_("When it happened"), required=False, widget=LocalDateTimeInput())
    loss = MoneyField(label=_("Loss"), required=False)
    narrative = forms.CharField(
        label=_("What happened"),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 4, "data-width": "full"}),
        help_text=_("No passwords, security codes or one-time codes."),
    )
    lead_kind = forms.ChoiceField(label=_("Clue"), required=False, choices=[("", "—"), *Lead.Kind.choices])
    lead_value = forms.CharField(label=_("Phone, address or account of the fraudster"), max_length=200, required=False)
    accounts = forms.CharField(
        label=_("Accounts that received the money"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 5, "data-width": "full", "class": "ui-mono", "spellcheck": "false"}),
        help_text=_(
            "One account a line: the number, or number, name, bank, amount and time in any order. Paste from a table or a chat."
        ),
    )
    bad_lines = forms.ChoiceField(
        label=_("Lines that cannot be read"),
        choices=[
            ("refuse", _("Stop and let me correct them")),
            ("skip", _("File the good lines, leave out the others")),
        ],
        initial="refuse",
        widget=forms.RadioSelect(attrs={"data-inline": "1"}),
    )
    draft_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fraud_type"] = forms.ChoiceField(label=_("Fraud type"), choices=fraud_type_choices())
        self.fields["reported_at"].initial = timezone.localtime
