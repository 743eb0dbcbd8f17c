"""What a return is drafted from on the page: one line for each victim, the grounds; the queries above both sides' lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.forms.refund_traces import came_back, trace_label
from accounts.models import Hold, Objection, Refund, RefundRound, RefundShare, TraceRun
from accounts.selectors.refund_traces import TraceStart
from accounts.selectors.refunds import RefundFilters
from accounts.services.refunds.inputs import ClaimInput, RefundInput
from accounts.services.refunds.objections import ObjectionInput
from antifraud.errors import AppError
from antifraud.money import format_minor
from banks.forms.errors import STATUS
from banks.models import Institution, User
from banks.rules.issue_powers import LEGAL_BASIS_LABELS
from banks.selectors.institutions import executing_institutions
from banks.selectors.users import second_officers
from cases.forms.cases import LocalDateTimeInput, MoneyField
from cases.models import Case, Victim


class ClaimForm(forms.Form):
    """One victim: ticked, with loss, report, trace and the account that is paid."""

    picked = forms.BooleanField(label=_("Gets a part"), required=False, initial=True)
    loss = MoneyField(label=_("Loss"), required=False)
    elsewhere = MoneyField(label=_("Came back elsewhere"), required=False)
    reported_at = forms.DateTimeField(
        label=_("Reported at"), required=False, widget=LocalDateTimeInput(attrs={"data-width": "sm"})
    )
    run = forms.ModelChoiceField(
        label=_("Trace from this victim's payments"),
        required=False,
        queryset=TraceRun.objects.none(),
        empty_label=_("None"),
        widget=forms.Select(attrs={"data-width": "full"}),
    )
    payee_name = forms.CharField(label=_("Account holder"), required=False, max_length=160)
    payee_account = forms.CharField(
        label=_("Account to be paid"), required=False, max_length=64, widget=forms.TextInput(attrs={"class": "ui-mono"})
    )
    payee_bank = forms.CharField(label=_("Bank"), required=False, max_length=160)

    def __init__(
        self, data: Any = None, *, victim: Victim, runs: Any, currency: str, before: RefundShare | None = None,
        traces: Mapping[UUID, TraceStart] | None = None, initial: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(data, prefix=f"claim-{victim.pk}", initial=dict(initial or {}))
        self.victim, self.before = victim, before
        self.spoken_as = ""
        run: Any = self.fields["run"]
        run.queryset = runs
        run.label_from_instance = lambda each: trace_label(each, (traces or {}).get(each.pk))
        self.fields["elsewhere"].help_text = came_back((traces or {}).values())
        for name in ("loss", "elsewhere"):
            field: Any = self.fields[name]
            field.currency = currency
            field.widget.attrs["data-unit"] = currency

    @property
    def place(self) -> str:
        """How a refusal names the line."""
        return str(self.prefix)

    def claim(self) -> ClaimInput | None:
        """What the service takes; None where the victim is not ticked. Only after `is_valid`."""
        data = self.cleaned_data
        if not data["picked"]:
            return None
        return ClaimInput(
            victim_id=self.victim.pk, loss_minor=data["loss"] or 0, elsewhere_minor=data["elsewhere"] or 0,
            reported_at=data["reported_at"] or self.victim.created_at, payee_name=data["payee_name"],
            payee_account=data["payee_account"], payee_bank=data["payee_bank"],
            run_id=data["run"].pk if data["run"] else None, place=self.place,
        )  # fmt: skip


class RefundForm(forms.Form):
    """The grounds of a first computation. `hold` is chosen from what can be returned."""

    hold = forms.ModelChoiceField(
        label=_("Hold"),
        queryset=Hold.objects.none(),
        empty_label=None,
        widget=forms.Select(attrs={"data-width": "full"}),
    )
    legal_basis = forms.ChoiceField(label=_("Legal basis"))
    is_stated_single = forms.BooleanField(
        label=_("I answer for it that one payment alone fed this account"),
        required=False,
        help_text=_("Only where the account's own statement is not in the ledger. It is kept with your name."),
    )

    def __init__(self, data: Any = None, *, holds: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        basis: Any = self.fields["legal_basis"]
        basis.choices = [(text, translate(text)) for text in LEGAL_BASIS_LABELS.values()]
        if holds is None:
            del self.fields["hold"]
        else:
            hold: Any = self.fields["hold"]
            hold.queryset = holds
            hold.label_from_instance = _hold_label


class RenewForm(RefundForm):
    """The grounds of a further round, and why there is one."""

    cause = forms.ChoiceField(
        label=_("Why it is computed anew"),
        choices=[choice for choice in RefundRound.Cause.choices if choice[0] != RefundRound.Cause.DRAFTED],
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2, "data-width": "full"})
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class RefundForms:
    """The page's form with its lines: read, judged and shown together."""

    def __init__(self, main: RefundForm, claims: Iterable[ClaimForm]) -> None:
        self.main, self.claims = main, list(claims)
        for at, claim in enumerate(self.claims, start=1):
            name = claim.victim.name.masked()
            claim.spoken_as = translate("Victim {n} ({name})").format(n=at, name=name)

    def is_valid(self) -> bool:
        """Every form is asked, so that all problems are shown at once."""
        return all([self.main.is_valid(), *(claim.is_valid() for claim in self.claims)])

    def refund_input(self) -> RefundInput:
        """What the service takes; only after `is_valid`."""
        claims = tuple(claim for form in self.claims if (claim := form.claim()) is not None)
        data = self.main.cleaned_data
        return RefundInput(data["legal_basis"], claims, is_stated_single=data["is_stated_single"])

    def attach(self, error: AppError) -> int:
        """Put each message of a refusal at its field or line; returns the HTTP status."""
        by_place = {claim.place: claim for claim in self.claims}
        for name, texts in error.fields.items():
            place, _dot, field = name.partition(".")
            form: forms.Form = by_place.get(place, self.main)
            for text in texts:
                form.add_error(field if field in form.fields else name if name in form.fields else None, str(text))
        if not error.fields:
            self.main.add_error(None, str(error.message))
        return STATUS[error.status == 422]


class NoticeForm(forms.Form):
    """The public notice."""

    text = forms.CharField(
        label=_("Text of the notice"), max_length=4000, widget=forms.Textarea(attrs={"rows": 7, "data-width": "full"}),
        help_text=_("Everybody reads it: no names, no account or telephone numbers."),
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class SubmitForm(forms.Form):
    """Two officers are named; the third person is asked."""

    second_officer = forms.ModelChoiceField(label=_("Second officer"), queryset=User.objects.none())
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        second: Any = self.fields["second_officer"]
        second.queryset = second_officers(user=user)


class ObjectionForm(forms.Form):
    """Who objects and what they say."""

    party = forms.ChoiceField(
        label=_("Who objects"), choices=Objection.Party.choices, widget=forms.RadioSelect(attrs={"data-inline": "1"})
    )
    lodged_by = forms.CharField(label=_("Name"), max_length=160)
    lodged_at = forms.DateTimeField(label=_("Came in"), widget=LocalDateTimeInput(attrs={"data-width": "sm"}))
    text = forms.CharField(
        label=_("Objection"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5, "data-width": "full"})
    )

    def objection_input(self) -> ObjectionInput:
        """What the service takes; only after `is_valid`."""
        return ObjectionInput(**self.cleaned_data)


class ObjectionDecisionForm(forms.Form):
    """Upheld or rejected, with reasons."""

    decision = forms.ChoiceField(
        label=_("Decision"), choices=[c for c in Objection.Decision.choices if c[0]], widget=forms.RadioSelect(attrs={"data-inline": "1"})
    )  # fmt: skip
    reasons = forms.CharField(
        label=_("Reasons"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4, "data-width": "full"})
    )


STATES = {
    "submitted": _("Awaiting approval"),
    "overdue": _("Payout overdue"),
    "notice_over": _("Notice is over"),
}


class RefundFilterForm(forms.Form):
    """GET form above the police list; a wrong value narrows nothing."""

    q = forms.CharField(
        label=_("Number or case"), required=False, max_length=60, widget=forms.TextInput(attrs={"data-search": "1"})
    )
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *STATES.items(), *Refund.Status.choices]
    )
    institution = forms.ModelChoiceField(
        label=_("Bank or operator"), required=False, queryset=Institution.objects.none(), empty_label=_("All")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bank: Any = self.fields["institution"]
        bank.queryset = executing_institutions()

    def filters(self) -> RefundFilters:
        """What the selector is asked for."""
        if not self.is_valid():
            return RefundFilters()
        data = self.cleaned_data
        return RefundFilters(data["state"], data["institution"].pk if data["institution"] else None, data["q"])


def claim_initial(victim: Victim, case: Case, *, is_only: bool, before: RefundShare | None) -> dict[str, Any]:
    """What stands in a line at first: the round before, else the case's loss where there is one victim."""
    if before is not None:
        return {
            "loss": before.loss_minor, "elsewhere": before.elsewhere_minor or None, "reported_at": before.reported_at,
            "run": before.run_id, "payee_bank": before.payee_bank,
        }  # fmt: skip
    return {
        "loss": case.loss_minor if is_only else None,
        "reported_at": case.reported_at if is_only else victim.created_at,
    }


def _hold_label(hold: Hold) -> str:
    held = format_minor(hold.left_minor or 0, hold.currency, get_language() or "en")
    return f"{hold.order.number} · {hold.institution.title} · {hold.account.number.masked()} · {held}"
