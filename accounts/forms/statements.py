"""Forms of statement import: choose files, name columns, decide about what was read, undo a recognised transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.forms.statement_fields import field_choices, field_label
from accounts.rules.statements.fields import missing_fields
from accounts.rules.statements.tables import currency_assumed
from antifraud.money import EXPONENTS
from banks.forms.choices import time_zones, zone_input
from banks.models import Institution
from banks.selectors.institutions import executing_institutions

MOST_FILES = 20
USUAL = ("CNY", "HKD", "USD", "EUR")
ACCEPT = ".xlsx,.csv,.txt,.tsv,.xml,.camt,.052,.053,.054,.ofx,.qfx,.sta,.mt940,.mt942,.940,.942,.fin,.swi"


class FilesInput(forms.ClearableFileInput):
    """The browser's file input for several files; drop works on it."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """A list of uploaded files, each checked as one is."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The files in the order in which they were chosen."""
        found, wrong = [], []
        for one in data or [None]:
            try:
                found.append(super().clean(one, initial))
            except forms.ValidationError as error:
                wrong += [f"{one.name}: {text}" if one else text for text in error.messages]
        if wrong:
            raise forms.ValidationError(wrong)
        if len(found) > MOST_FILES:
            text = translate("Choose at most {count} files at once.")
            raise forms.ValidationError(text.format(count=MOST_FILES))
        return found


class StatementUploadForm(forms.Form):
    """Files of one bank. Bank and account are needed only where the files do not say them."""

    chosen = FilesField(
        label=_("Files"), widget=FilesInput(attrs={"multiple": True, "accept": ACCEPT}),
        help_text=_("XLSX, CSV, MT940, MT942, camt.052, camt.053, camt.054, OFX or QFX, at most 256 MB each. Drop several at once."),
    )  # fmt: skip
    institution = forms.ModelChoiceField(
        label=_("Bank or operator"), required=False, queryset=Institution.objects.none(), empty_label=_("As the file says"),
        help_text=_("Whose file it is. Headings that you name are remembered for this bank."),
    )  # fmt: skip
    owner_number = forms.CharField(
        label=_("Account of the statement"), required=False, max_length=60,
        widget=forms.TextInput(attrs={"class": "ui-mono", "autocomplete": "off"}),
        help_text=_("Only where the file itself does not name the account."),
    )  # fmt: skip
    owner_name = forms.CharField(label=_("Account name"), required=False, max_length=160)
    zone = forms.CharField(
        label=_("Time zone of the file"), max_length=40, widget=zone_input(), initial=settings.DEFAULT_TIME_ZONE,
        help_text=_("For times that carry no offset of their own."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bank: Any = self.fields["institution"]
        bank.queryset = executing_institutions()

    @property
    def zones(self) -> tuple[str, ...]:
        """What the data list offers."""
        return time_zones()

    def clean_zone(self) -> str:
        """A place of the time zone database."""
        zone: str = self.cleaned_data["zone"].strip()
        if zone not in time_zones():
            raise forms.ValidationError(translate("Choose a time zone of the list, such as Asia/Shanghai."))
        return zone

    def clean(self) -> dict[str, Any]:
        """A name without its number says nothing."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("owner_name") and not data.get("owner_number"):
            self.add_error("owner_number", translate("Enter the number of the account, or leave the name out."))
        return data

    def owner(self) -> tuple[str, str] | None:
        """(number, name) of the account that the files do not name themselves."""
        data = self.cleaned_data
        return (data["owner_number"].strip(), data["owner_name"].strip()) if data["owner_number"].strip() else None


class MappingForm(forms.Form):
    """What each column is. One field a column, named by its place; the same field twice is refused."""

    currency = forms.ChoiceField(
        label=_("Currency"), required=False, help_text=_("Only where no column names it."), widget=forms.Select(attrs={"data-width": "sm"})
    )  # fmt: skip
    remember = forms.BooleanField(label=_("Remember for this bank"), required=False, initial=True)

    def __init__(
        self, *args: Any, headings: Sequence[str], guessed: Mapping[str, str], has_owner: bool, bank: str = "", **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.headings, self.has_owner = list(headings), has_owner
        choices = field_choices()
        for place, heading in self._named():
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=heading, required=False, choices=choices, initial=guessed.get(heading, ""),
                widget=forms.Select(attrs={"data-width": "full", "aria-label": heading}),
            )  # fmt: skip
        codes = sorted(EXPONENTS, key=lambda code: (code not in USUAL, code))
        constant: Any = self.fields["currency"]
        constant.choices = [("", "—"), *((code, code) for code in codes)]
        self.initial.setdefault("currency", "" if "currency" in guessed.values() else currency_assumed(headings))
        if not bank:
            del self.fields["remember"]

    def _named(self) -> list[tuple[int, str]]:
        """Columns without a heading cannot be named, so they are not used."""
        return [(place, heading) for place, heading in enumerate(self.headings) if heading.strip()]

    @property
    def columns(self) -> list[tuple[int, str, forms.BoundField]]:
        """(place, heading, choice) from left to right."""
        return [(place, heading, self[f"column-{place}"]) for place, heading in self._named()]

    def mapping(self) -> dict[str, str]:
        """{heading: field}; "" for a column that is not used (`mapping_kept` stores no such), "=CNY" for a currency that no
        column names."""
        data = self.cleaned_data
        chosen = {heading: data.get(f"column-{place}", "") for place, heading in self._named()}
        if data.get("currency") and "currency" not in chosen.values():
            chosen[f"={data['currency']}"] = "currency"
        return chosen

    def clean(self) -> dict[str, Any]:
        """Account, time, amount and currency are needed; nothing may be named twice."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        seen: dict[str, str] = {}
        for place, heading in self._named():
            name = data.get(f"column-{place}", "")
            if name and name in seen:
                text = translate("{field} is named already for the column {heading}. Choose it once only.")
                told = text.format(field=field_label(name), heading=seen[name])
                self.add_error(f"column-{place}", told)
            elif name:
                seen[name] = heading
        named = set(seen) | ({"currency"} if data.get("currency") else set())
        for name in missing_fields(named, has_owner=self.has_owner):
            self.add_error("currency" if name == "currency" else None, str(MISSING[name]))
        return data


MISSING = {
    "account": _(
        "No column names the account. Choose the one that does, or upload the file with the account's number."
    ),
    "at": _("No column holds the date. Choose the one that does."),
    "amount": _("No column holds the amount. Choose the one that does."),
    "currency": _("No column holds the currency. Choose the one that does, or choose the currency of the file."),
}


class CommitForm(forms.Form):
    """What is taken into the ledger. The version is that of the preview that the officer has read."""

    GOOD, ALL = "good", "all"
    take = forms.ChoiceField(
        label=_("Rows"), widget=forms.RadioSelect, initial=GOOD,
        choices=[(GOOD, _("Take the good rows, leave the bad ones out")), (ALL, _("All or nothing: take none while one row is bad"))],
    )  # fmt: skip
    repeats = forms.ChoiceField(
        label=_("Suspected repeats"), widget=forms.RadioSelect,
        error_messages={"required": _("Decide about the suspected repeats: look at their rows, then choose one of the two.")},
        choices=[("keep", _("They are other payments: take them")), ("leave", _("They are the same entries told again: leave them out"))],
    )  # fmt: skip
    checked = forms.BooleanField(
        label=_("I compared the control totals with what the institution stated, or it stated none")
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, bad: int, repeats: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not bad:
            del self.fields["take"]
        if not repeats:
            del self.fields["repeats"]

    @property
    def leave_out_repeats(self) -> bool | None:
        """Whether the officer holds the suspected repeats for one and the same entry; None where there are none."""
        chosen = self.cleaned_data.get("repeats")
        return chosen == "leave" if chosen else None


class UndoForm(forms.Form):
    """Why two rows are not one transfer."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, min_length=4, widget=forms.Textarea(attrs={"rows": 3, "data-width": "full"}),
        help_text=_("It is kept with the match."),
    )  # fmt: skip
