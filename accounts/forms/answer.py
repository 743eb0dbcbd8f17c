"""The answer form: the fields that the order's kind has, all of them usable without a script; lists are in `answer_lines`.

Field names are those of AnswerInput, so that a refusal of the service finds its field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.forms import answer_lines as lines
from accounts.models import Order
from accounts.rules.order_kinds import MATCH_FIELD_LABELS, MODE_LABELS, OUTCOME_LABELS, order_kind
from accounts.rules.reasons import REASON_LABELS, Reason, reasons_for
from accounts.selectors.pasted import PreviewLine
from accounts.services.answer_input import AnswerInput, HolderInput
from antifraud.errors import AppError
from banks.forms.errors import attach_errors
from banks.models import Institution, User
from cases.forms.cases import DateInput, LocalDateTimeInput, MoneyField

ACTED = ("executed", "partial")
AMOUNTS = ("executed_minor", "balance_minor", "previously_frozen_minor", "free_minor")
HOLDER = ("name", "id_kind", "id_number", "phone", "address", "opened_on", "opening_branch")
LISTS = ("next_hops", "prior_freezes", "results")


class ReasonSelect(forms.Select):
    """Each reason carries the outcomes that it may accompany, for the script that shortens the list."""

    outcomes: Mapping[str, str] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Django's option with `data-outcomes`."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        if str(value) in self.outcomes:
            option["attrs"]["data-outcomes"] = self.outcomes[str(value)]
        return option


class AnswerForm(forms.Form):
    """One answer to one order. What the kind does not have is not there; what goes with what is judged by the rules."""

    outcome = forms.ChoiceField(label=_("Outcome"), widget=forms.RadioSelect(attrs={"data-inline": "1"}))
    mismatch_field = forms.ChoiceField(
        label=_("Which of the four things differs"),
        required=False,
        widget=forms.RadioSelect(attrs={"data-inline": "1"}),
    )
    reason = forms.ChoiceField(label=_("Reason"), required=False, widget=ReasonSelect)
    reason_text = forms.CharField(
        label=_("Explanation"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "data-width": "full"}),
    )
    suggested_institution = forms.ChoiceField(label=_("Institution that holds the account"), required=False)
    effective_from = forms.DateTimeField(
        label=_("Effective from"), required=False, show_hidden_initial=True, widget=LocalDateTimeInput(attrs={"data-width": "sm"}),
        help_text=_("The moment in your own system."),
    )  # fmt: skip
    expires_at = forms.DateTimeField(
        label=_("Ends in your system"), required=False, widget=LocalDateTimeInput(attrs={"data-width": "sm"}),
        help_text=_("Only where it ends before the legal end."),
    )  # fmt: skip
    mode = forms.ChoiceField(label=_("What is really held"), required=False)
    waiting_rank = forms.IntegerField(
        label=_("Rank in the waiting list"), required=False, max_value=99, widget=forms.NumberInput(attrs={"data-width": "xs", "min": 1}),
        help_text=_("Only where other freezes rank first: nothing is held yet."),
    )  # fmt: skip
    executed_minor = MoneyField(label=_("Executed"), required=False)
    balance_minor = MoneyField(label=_("Balance"), required=False)
    previously_frozen_minor = MoneyField(label=_("Previously frozen"), required=False)
    free_minor = MoneyField(label=_("Free"), required=False)
    statement = forms.FileField(
        label=_("File with the transactions"), required=False,
        help_text=_("XLSX, CSV, MT940, MT942, camt.052, camt.053, camt.054, OFX or QFX, at most 256 MB."),
        widget=forms.FileInput(attrs={"hx-preserve": "true"}),
    )  # fmt: skip
    holder_name = forms.CharField(label=_("Holder's name"), required=False, max_length=160)
    holder_id_kind = forms.CharField(label=_("Identity document"), required=False, max_length=40)
    holder_id_number = forms.CharField(
        label=_("Identity number"), required=False, max_length=40, widget=forms.TextInput(attrs={"class": "ui-mono"})
    )
    holder_phone = forms.CharField(label=_("Phone"), required=False, max_length=40)
    holder_address = forms.CharField(label=_("Address"), required=False, max_length=300)
    holder_opened_on = forms.DateField(label=_("Opened on"), required=False, widget=DateInput())
    holder_opening_branch = forms.CharField(label=_("Opening branch"), required=False, max_length=120)
    hop_lines = forms.CharField(
        label=_("Paste lines"), required=False, max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3, "data-width": "full", "class": "ui-mono", "spellcheck": "false"}),
        help_text=_("One account a line: number, bank, name, amount and time in any order."),
    )  # fmt: skip
    handled_by = forms.CharField(label=_("Handling person"), max_length=80)
    handled_phone = forms.CharField(label=_("Phone of the handling person"), required=False, max_length=40)
    second_person = forms.CharField(label=_("Second person"), required=False, max_length=80)
    branch = forms.CharField(label=_("Executing branch"), required=False, max_length=120)
    remarks = forms.CharField(
        label=_("Remarks"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "data-width": "full"}),
    )

    def __init__(
        self, *args: Any, order: Order, institutions: list[Institution], outcomes: Iterable[str] = (), paper: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.order, self.row = order, order_kind(order.kind)
        self.outcomes = tuple(outcomes) or self.row.outcomes
        self.institutions = {str(each.pk): each for each in institutions}
        for name in self._absent(paper):
            del self.fields[name]
        self._choices()
        for name in AMOUNTS:
            if name in self.fields:
                amount: Any = self.fields[name]
                amount.currency = order.currency
                amount.widget.attrs["data-unit"] = order.currency

    def _absent(self, paper: bool) -> list[str]:
        """Fields that this kind of order has no use for."""
        has = self.row.answer_fields
        absent = {
            name for name in (*AMOUNTS, "effective_from", "expires_at", "mode", "waiting_rank") if name not in has
        }
        absent |= {"hop_lines"} if "next_hops" not in has else set()
        absent |= {"statement"} if "has_file" not in has else set()
        absent |= {f"holder_{name}" for name in HOLDER} if "has_holder" not in has else set()
        if paper:
            absent |= {"expires_at", "mode"}
        if self.row.verb == "extend":
            absent.add("mode")
        if "mismatch" not in self.outcomes:
            absent.add("mismatch_field")
        if not {"partial", "refused", "mismatch"} & set(self.outcomes):
            absent |= {"reason", "reason_text", "suggested_institution"}
        return sorted(absent)

    def _choices(self) -> None:
        self._set("outcome", [(name, translate(OUTCOME_LABELS[name])) for name in self.outcomes])
        self._set("mismatch_field", [(name, translate(MATCH_FIELD_LABELS[name])) for name in self.row.four_things])
        blank = [("", "—")]
        self._set("mode", blank + [(name, translate(label)) for name, label in MODE_LABELS.items()])
        self._set("suggested_institution", blank + [(key, each.title) for key, each in self.institutions.items()])
        fitting: dict[str, tuple[Reason, list[str]]] = {}
        for outcome in self.outcomes:
            for reason in reasons_for(self.order.kind, outcome):
                fitting.setdefault(reason.name, (reason, []))[1].append(outcome)
        self._set("reason", blank + [(name, _reason_label(reason)) for name, (reason, _where) in fitting.items()])
        if "reason" in self.fields:
            widget: Any = self.fields["reason"].widget
            widget.outcomes = {name: " ".join(where) for name, (_reason, where) in fitting.items()}

    def _set(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field: Any = self.fields.get(name)
        if field is not None:
            field.choices = choices

    def input(self, **lists: Any) -> AnswerInput:
        """The answer as the service takes it. The effective time that the page filled in counts only where the
        institution acted; one that a person typed is judged by the rules."""
        data = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        prefilled = "effective_from" not in self.changed_data
        if prefilled and (data["outcome"] not in ACTED or "waiting_rank" in data):
            data.pop("effective_from", None)
        if "suggested_institution" in data:
            data["suggested_institution"] = self.institutions[data["suggested_institution"]]
        holder = {name: data.pop(f"holder_{name}") for name in HOLDER if f"holder_{name}" in data}
        data.pop("hop_lines", None)
        record = HolderInput(**({"name": ""} | holder)) if holder else None
        return AnswerInput(currency=self.order.currency, holder=record, **data, **lists)

    def clean(self) -> dict[str, Any]:
        """A holder record has a name at least."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if any(data.get(f"holder_{name}") for name in HOLDER) and not data.get("holder_name"):
            self.add_error("holder_name", translate("A holder record needs the holder's name. Enter it."))
        return data


def _reason_label(reason: Reason) -> str:
    label = translate(REASON_LABELS[reason.name])
    return f"{label} ({reason.code})" if reason.code else label


class AnswerForms:
    """The form with its lists, read and refused as one."""

    def __init__(
        self, *, order: Order, user: User, now: datetime, institutions: list[Institution], data: Any = None, files: Any = None,
        outcomes: Iterable[str] = (), paper: bool = False,
    ) -> None:  # fmt: skip
        self.order, self.user, self.now = order, user, now
        initial = {"handled_by": "" if paper else user.full_name, "effective_from": None if paper else now}
        if len(set(outcomes)) == 1:
            initial["outcome"] = next(iter(outcomes))
        self.form = AnswerForm(
            data, files, order=order, institutions=institutions, outcomes=outcomes, paper=paper, initial=initial
        )
        has = order_kind(order.kind).answer_fields
        terms: dict[str, Any] = {"form_kwargs": {"currency": order.currency}}
        self.hops = lines.NextHops(lines.sent(data, "hop"), prefix="hop", **terms) if "next_hops" in has else None
        self.priors = (
            lines.PriorFreezes(lines.sent(data, "prior"), prefix="prior", **terms) if "prior_freezes" in has else None
        )
        self.subs = lines.SubResults(lines.sent(data, "sub"), prefix="sub", **terms) if "results" in has else None
        self.pasted: list[PreviewLine] = []

    @property
    def all(self) -> list[Any]:
        """Form and lists, for the summary of errors."""
        return [part for part in (self.form, self.hops, self.priors, self.subs) if part is not None]

    def is_valid(self) -> bool:
        """Whether everything typed can be read; the rules are asked by the service."""
        judged = [part.is_valid() for part in self.all]  # every part, so that every problem is shown at once
        good = all(judged)
        if not good or self.hops is None:
            return good
        self.pasted = lines.pasted_hops(user=self.user, text=self.form.cleaned_data.get("hop_lines", ""), now=self.now)
        problems = lines.pasted_problems(self.pasted, self.order.currency)
        for text in problems:
            self.form.add_error("hop_lines", text)
        return not problems

    def input(self) -> AnswerInput:
        """The whole answer; only after `is_valid`."""
        lists: dict[str, Any] = {}
        if self.hops is not None:
            lists["next_hops"] = lines.next_hops(self.hops) + lines.hops_of(self.pasted)
        if self.priors is not None:
            lists["prior_freezes"] = lines.prior_freezes(self.priors)
        if self.subs is not None:
            lists["results"] = lines.sub_results(self.subs)
        return self.form.input(**lists)

    def attach(self, error: AppError) -> int:
        """Put the service's refusal where it belongs; returns the HTTP status."""
        places = {"next_hops": self.hops, "prior_freezes": self.priors, "results": self.subs}
        for name in LISTS:
            place = places[name]
            if place is not None:
                for text in error.fields.pop(name, []):
                    place.add_error(str(text))
        if "holder" in error.fields:
            error.fields["holder_name"] = error.fields.pop("holder")
        if error.fields or not self.has_errors:
            return attach_errors(self.form, error)
        return 422

    @property
    def has_errors(self) -> bool:
        """Whether a list holds a problem of its own."""
        return any(part.non_form_errors() for part in (self.hops, self.priors, self.subs) if part is not None)


def warnings_mark(warnings: Mapping[str, Iterable[str]]) -> str:
    """What a person has confirmed by sending the same answer again: these warnings and no others."""
    text = "\n".join(f"{name}: {word}" for name, words in sorted(warnings.items()) for word in words)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
