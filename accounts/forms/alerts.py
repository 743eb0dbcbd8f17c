"""The draft of an alert, the queries above both sides' lists, and what the acts on it ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Alert, AlertNotice
from accounts.selectors.alerts import AlertFilters
from accounts.services.alerts.checks import LONGEST_CONTENT
from accounts.services.alerts.inputs import AlertInput, LineInput
from antifraud import db
from banks.models import Institution, User
from banks.rules.issue_powers import LEGAL_BASIS_LABELS
from banks.selectors.institutions import connected_institutions, executing_institutions
from cases.forms.cases import LocalDateTimeInput
from cases.models import Case
from cases.selectors.cases import cases_list

USUAL_TERM = timedelta(days=30)


class AlertForm(forms.Form):
    """Everything but the lines, which are read beside it (`alert_lines`)."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Alert.Kind.choices)
    title = forms.CharField(
        label=_("Title"),
        max_length=120,
        widget=forms.TextInput(attrs={"data-width": "full"}),
        help_text=_("It stands in lists and notifications: no names, no numbers."),
    )
    content = forms.CharField(
        label=_("What to look for"),
        max_length=LONGEST_CONTENT,
        widget=forms.Textarea(attrs={"rows": 5, "data-width": "full"}),
        help_text=_("Every addressee reads this text. Accounts belong into the lines below."),
    )
    case_number = forms.CharField(label=_("Case number"), max_length=40, required=False)
    legal_basis = forms.ChoiceField(label=_("Legal basis"))
    purpose = forms.CharField(label=_("Purpose"), max_length=80)
    expires_at = forms.DateTimeField(label=_("Readable until"), widget=LocalDateTimeInput())
    audience = forms.ChoiceField(
        label=_("The alert goes to"),
        choices=Alert.Audience.choices,
        initial=Alert.Audience.KEEPERS,
        widget=forms.RadioSelect,
    )
    addressees = forms.ModelMultipleChoiceField(
        label=_("Chosen institutions"),
        required=False,
        queryset=Institution.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )
    accounts = forms.CharField(
        label=_("Account lines"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 6, "data-width": "full", "class": "ui-mono", "spellcheck": "false"}),
        help_text=_("One account a line: number, name and bank in any order. Paste from a table or a chat."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.case: Case | None = None
        basis: Any = self.fields["legal_basis"]
        basis.choices = [(text, _(text)) for text in LEGAL_BASIS_LABELS.values()]
        addressees: Any = self.fields["addressees"]
        addressees.queryset = connected_institutions()
        addressees.label_from_instance = lambda institution: institution.title
        self.fields["expires_at"].initial = db.app_now() + USUAL_TERM

    def clean_case_number(self) -> str:
        """The case of that number, as far as the officer may see it."""
        number = str(self.cleaned_data["case_number"]).strip()
        if number:
            self.case = cases_list(user=self.user, q=number).filter(number__iexact=number).first()
            if self.case is None:
                raise forms.ValidationError(_("There is no case of this number that you may see."))
        return number

    def alert_input(self, lines: tuple[LineInput, ...]) -> AlertInput:
        """What the service takes; only after `is_valid`."""
        data = self.cleaned_data
        same = {
            name: data[name]
            for name in ("kind", "title", "content", "legal_basis", "purpose", "expires_at", "audience")
        }
        return AlertInput(**same, addressees=tuple(data["addressees"]), case=self.case, lines=lines)


class AlertFilterForm(forms.Form):
    """GET form above the police list; a wrong value narrows nothing."""

    q = forms.CharField(
        label=_("Number or title"), required=False, max_length=60, widget=forms.TextInput(attrs={"data-search": "1"})
    )
    status = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All states")), *Alert.Status.choices])
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *Alert.Kind.choices])
    institution = forms.ModelChoiceField(
        label=_("Bank or operator"), required=False, queryset=Institution.objects.none(), empty_label=_("All")
    )
    overdue = forms.BooleanField(label=_("Acknowledgement overdue"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bank: Any = self.fields["institution"]
        bank.queryset = executing_institutions()

    def filters(self) -> AlertFilters:
        """What the selector is asked for."""
        if not self.is_valid():
            return AlertFilters()
        data = self.cleaned_data
        bank = data["institution"]
        return AlertFilters(data["status"], data["kind"], bank.id if bank else None, data["overdue"], data["q"])


NOTICE_STATES = {
    "": _("All"),
    "unread": _("Not read yet"),
    "issued": _("Not acknowledged"),
    "overdue": _("Overdue"),
    "acknowledged": _("Acknowledged"),
    "reported_back": _("Reported back"),
    "closed": _("Ended"),
}


class NoticeFilterForm(forms.Form):
    """GET form above an institution's list."""

    q = AlertFilterForm.base_fields["q"]
    state = forms.ChoiceField(label=_("State"), required=False, choices=list(NOTICE_STATES.items()))
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *Alert.Kind.choices])

    def filters(self) -> dict[str, str]:
        """What the selector is asked for; nothing where the query cannot be read."""
        return {name: self.cleaned_data[name] for name in self.fields} if self.is_valid() else {}


class ReportBackForm(forms.Form):
    """What an institution found."""

    finding = forms.ChoiceField(label=_("Finding"), choices=AlertNotice.Finding.choices, widget=forms.RadioSelect)
    report = forms.CharField(
        label=pgettext_lazy("notice", "Report"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5, "data-width": "full"}),
        help_text=_("Only the issuing police read it. No passwords, security codes or one-time codes."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
