"""What the orders of one draft share: legal basis, papers, people, measure, times. The accounts are in `order_lines`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Order
from accounts.rules.order_kinds import MODE_LABELS, OrderKind
from accounts.rules.watching import MONTHS, watch_until
from accounts.services.orders.inputs import OrderTerms
from antifraud import db
from antifraud.money import EXPONENTS
from banks.models import IssuePower, User
from banks.selectors.users import second_officers
from cases.forms.cases import DateInput, LocalDateTimeInput
from cases.models import Attachment, Case
from cases.selectors.cases import case_files

FIRST_CURRENCIES = ("CNY", "HKD", "USD", "EUR")
SMALL = {"data-width": "sm"}
# The fields of a form whose names are those of OrderTerms.
NAMES = (
    "legal_basis", "second_officer", "urgency", "emergency", "instrument_type", "instrument_number", "instrument_issued_on",
    "instrument", "mode", "currency", "with_sub_accounts", "with_interest", "starts_at", "asked_expires_at", "major_case",
    "period_from", "period_to", "reason", "join_waiting_list",
)  # fmt: skip


def currency_choices() -> list[tuple[str, str]]:
    """ISO codes, the usual ones first."""
    return [(code, code) for code in (*FIRST_CURRENCIES, *sorted(set(EXPONENTS) - set(FIRST_CURRENCIES)))]


class InstrumentChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A legal instrument that the case has already."""

    def label_from_instance(self, obj: Any) -> str:
        """Told apart by size, time and person: the title itself is sealed."""
        paper: Attachment = obj
        at = timezone.localtime(paper.uploaded_at).strftime("%Y-%m-%d %H:%M")
        return f"{paper.media_kind.upper()} · {filesizeformat(paper.size)} · {at} · {paper.uploaded_by}"


class TermsForm(forms.Form):
    """Shared by a new draft, the change of one and the correction of a failed order; fields that the kind does not have
    are left out."""

    legal_basis = forms.ChoiceField(label=_("Legal basis"))
    instrument_type = forms.CharField(
        label=_("Legal instrument"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"list": "instrument-types"}),
    )
    instrument_number = forms.CharField(label=_("Number of the instrument"), max_length=80, required=False)
    instrument_issued_on = forms.DateField(
        label=_("Date on the instrument"), required=False, widget=DateInput(attrs=dict(SMALL))
    )
    instrument = InstrumentChoice(
        label=_("File of the case"), required=False, queryset=Attachment.objects.none(), empty_label=_("None")
    )
    instrument_file = forms.FileField(
        label=_("Upload the instrument"),
        required=False,
        help_text=_("PDF, at most 20 MB. It is kept with the case."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
    )
    second_officer = forms.ModelChoiceField(label=_("Second officer"), queryset=User.objects.none())
    urgency = forms.ChoiceField(
        label=_("Urgency"), choices=Order.Urgency.choices, widget=forms.RadioSelect(attrs={"data-inline": "1"})
    )
    emergency = forms.BooleanField(
        label=_("Emergency stop"),
        required=False,
        help_text=_("The second officer confirms it and it goes out at once; an approver decides within the hour."),
    )
    mode = forms.ChoiceField(label=_("Extent"), widget=forms.RadioSelect(attrs={"data-inline": "1"}))
    currency = forms.ChoiceField(label=_("Currency"), widget=forms.Select(attrs={"data-width": "xs"}))
    with_sub_accounts = forms.BooleanField(label=_("Sub-accounts included"), required=False)
    with_interest = forms.BooleanField(label=_("Interest included"), required=False)
    starts_at = forms.DateTimeField(
        label=_("Start"),
        required=False,
        widget=LocalDateTimeInput(attrs=dict(SMALL)),
        help_text=_("Empty: at once."),
    )
    asked_expires_at = forms.DateTimeField(
        label=_("End asked for"),
        required=False,
        widget=LocalDateTimeInput(attrs=dict(SMALL)),
        help_text=_("Empty: the longest term that the law allows."),
    )
    major_case = forms.BooleanField(
        label=_("Major or complex case"), required=False, help_text=_("With approval at city level it may last longer.")
    )
    period_from = forms.DateField(label=_("Transactions from"), required=False, widget=DateInput(attrs=dict(SMALL)))
    period_to = forms.DateField(label=_("Transactions to"), required=False, widget=DateInput(attrs=dict(SMALL)))
    join_waiting_list = forms.BooleanField(
        label=_("Join the waiting list"),
        required=False,
        help_text=_("Where another body has frozen the money first, this freeze takes its turn after it."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "data-width": "full"}),
        help_text=_("The institution reads it. No passwords, security codes or one-time codes."),
    )

    def __init__(
        self, *args: Any, user: User, case: Case, row: OrderKind, powers: Iterable[IssuePower], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        self.powers = [power for power in powers if power.order_kind == row.name]
        self._choices("legal_basis", [(p.legal_basis, _basis_label(p)) for p in self.powers])
        self._choices("mode", [(word, translate(label)) for word, label in MODE_LABELS.items()])
        self._choices("currency", currency_choices())
        officer: Any = self.fields["second_officer"]
        officer.queryset = second_officers(user=user)
        paper: Any = self.fields["instrument"]
        paper.queryset = case_files(user=user, case=case, purpose="instrument")
        if row.name == "watch":
            self.fields["asked_expires_at"] = _watch_length(user)
        for name in unused_fields(row):
            del self.fields[name]

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    def given(self) -> dict[str, Any]:
        """Cleaned values under the names of OrderTerms; the uploaded file is not among them."""
        return {name: self.cleaned_data[name] for name in NAMES if name in self.fields}

    def terms(self, **more: Any) -> OrderTerms:
        """The terms of new orders."""
        return OrderTerms(**(self.given() | more))

    @property
    def upload(self) -> UploadedFile[Any] | None:
        """The file that came with the form, where it is one."""
        return self.cleaned_data.get("instrument_file") if hasattr(self, "cleaned_data") else None


def _watch_length(user: User) -> forms.TypedChoiceField:
    """One, two or three months from now; the cleaned value is the moment of the end."""
    zone = user.institution.time_zone
    return forms.TypedChoiceField(
        label=_("Length of the watch"),
        choices=[(str(n), ngettext("{count} month", "{count} months", n).format(count=n)) for n in MONTHS],
        coerce=lambda months: watch_until(db.app_now(), int(months), zone),
        widget=forms.RadioSelect(attrs={"data-inline": "1"}),
        initial="1",
        help_text=_("The bank tells each credit as it comes, for 100 days at most."),
    )


def unused_fields(row: OrderKind) -> set[str]:
    """The fields that orders of this kind do not have."""
    unused = set()
    if not row.needs_mode:
        unused |= {"mode", "currency", "with_sub_accounts", "with_interest"}
    if row.name != "stop":
        unused.add("emergency")
    if row.name != "freeze":
        unused |= {"join_waiting_list", "starts_at"}
    if row.family != "freeze" or row.verb == "release":
        unused.add("major_case")
    if not row.asks_end:
        unused.add("asked_expires_at")
    if row.name != "query_transactions":
        unused |= {"period_from", "period_to"}
    return unused


def first_values(row: OrderKind, *, emergency: bool = False) -> dict[str, Any]:
    """What a new draft of this kind begins with."""
    return {
        "urgency": Order.Urgency.URGENT if row.family == "stop" else Order.Urgency.NORMAL,
        "emergency": emergency,
        "mode": "limited",
        "currency": "CNY",
        "with_sub_accounts": True,
    }


def values_of(order: Order) -> dict[str, Any]:
    """What an existing order fills the form with."""
    terms = OrderTerms.of(order)
    values: dict[str, Any] = {name: getattr(terms, name) for name in NAMES}
    return values | {"second_officer": order.second_officer_id, "instrument": order.instrument_id}


def _basis_label(power: IssuePower) -> str:
    papers = translate("instrument required") if power.instrument_required else translate("no instrument needed")
    return f"{translate(power.legal_basis)} · {papers}"
