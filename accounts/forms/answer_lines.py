"""The lists of an answer: prior freezes, next hops and sub-accounts, one line each; blank lines are nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.rules.answers import SubResult
from accounts.selectors.pasted import PreviewLine, pasted_lines
from accounts.services.answer_input import NextHopInput, PriorFreezeInput
from banks.models import User
from banks.selectors.prefixes import institutions_by_text
from cases.forms.cases import LocalDateTimeInput, MoneyField

MOST_LINES = 100


class _Line(forms.Form):
    """A line whose fields may all be empty; amounts are read in the order's currency."""

    def __init__(self, *args: Any, currency: str = "CNY", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False
            if isinstance(field, MoneyField):
                field.currency = currency
                field.widget.attrs["data-unit"] = currency


class PriorFreezeForm(_Line):
    """A freeze of another body that ranks before this one; the rank is the line's place."""

    body = forms.CharField(label=_("Body that froze"), max_length=160)
    amount = MoneyField(label=_("Amount"))
    expires_at = forms.DateTimeField(label=_("Ends"), widget=LocalDateTimeInput(attrs={"data-width": "sm"}))


class NextHopForm(_Line):
    """Where money went on to."""

    number = forms.CharField(
        label=_("Account number"), max_length=60, widget=forms.TextInput(attrs={"class": "ui-mono"})
    )
    institution = forms.CharField(
        label=_("Bank or operator"), max_length=160, widget=forms.TextInput(attrs={"list": "institutions"})
    )
    name = forms.CharField(label=_("Account name"), max_length=160)
    amount = MoneyField(label=_("Amount"))
    at = forms.DateTimeField(label=_("Time"), widget=LocalDateTimeInput(attrs={"data-width": "sm"}))


class SubResultForm(_Line):
    """What was held on one sub-account."""

    number = forms.CharField(label=_("Sub-account"), max_length=60, widget=forms.TextInput(attrs={"class": "ui-mono"}))
    amount = MoneyField(label=_("Amount held"))


class Lines(BaseFormSet):  # type: ignore[type-arg]
    """Lines of one kind; what is wrong with the list as a whole is kept with the list."""

    def add_error(self, text: str) -> None:
        """A problem that the service found in the list."""
        self.non_form_errors().append(text)

    def filled(self) -> list[dict[str, Any]]:
        """Cleaned values of the lines that hold anything."""
        values = [getattr(form, "cleaned_data", {}) for form in self.forms]
        return [line for line in values if any(value not in (None, "") for value in line.values())]


def _lines(form: type[_Line], extra: int) -> type[Lines]:
    made: Any = formset_factory(form, formset=Lines, extra=extra, max_num=MOST_LINES, validate_max=True)
    return made  # type: ignore[no-any-return]


PriorFreezes = _lines(PriorFreezeForm, 1)
NextHops = _lines(NextHopForm, 1)
SubResults = _lines(SubResultForm, 1)


def sent(data: Any, prefix: str) -> Any:
    """What was posted for a list; a list that was not sent at all (its group was hidden) is an empty one."""
    if data is None or f"{prefix}-TOTAL_FORMS" in data:
        return data
    return {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}


def prior_freezes(lines: Lines) -> tuple[PriorFreezeInput, ...]:
    """The lines as the service takes them; the rank counts the filled ones."""
    return tuple(
        PriorFreezeInput(rank, line["body"], line["amount"], line["expires_at"])
        for rank, line in enumerate(lines.filled(), start=1)
    )


def sub_results(lines: Lines) -> tuple[SubResult, ...]:
    """The lines as the rules take them."""
    return tuple(SubResult(line["number"], line["amount"]) for line in lines.filled())


def next_hops(lines: Lines) -> tuple[NextHopInput, ...]:
    """The lines as the service takes them; a bank's name that is known becomes the institution."""
    filled = lines.filled()
    named = institutions_by_text({line["institution"] for line in filled if line["institution"]}) if filled else {}
    return tuple(
        NextHopInput(
            number=line["number"], institution=named.get(line["institution"]), institution_text=line["institution"],
            name=line["name"], amount_minor=line["amount"], at=line["at"],
        )
        for line in filled
    )  # fmt: skip


def pasted_hops(*, user: User, text: str, now: datetime) -> list[PreviewLine]:
    """The pasted lines as they were understood, headings left out."""
    found = pasted_lines(user=user, text=text, now=now) if text.strip() else []
    return [line for line in found if not line.line.is_heading]


def pasted_problems(lines: list[PreviewLine], currency: str) -> list[str]:
    """Why lines cannot be taken as next hops, each with its number."""
    found = []
    for line in lines:
        texts = list(line.problems)
        if line.line.amount_minor is not None and line.line.currency not in ("", currency):
            texts.append(
                translate("The amount is in another currency than the order. Enter it in {currency}.").format(
                    currency=currency
                )
            )
        if texts:
            found.append(
                translate("Line {number}: {problem}").format(number=line.line.line_no, problem=" ".join(texts))
            )
    return found


def hops_of(lines: list[PreviewLine]) -> tuple[NextHopInput, ...]:
    """Understood lines as the service takes them; a bank that is only guessed from a doubtful prefix is not named."""
    hops = []
    for preview in lines:
        sure = preview.institution if preview.confidence in {"high", "medium"} else None
        names = [candidate[2] for candidate in preview.candidates[:1]] if not sure else []
        text = preview.line.bank_text or (sure.code if sure else next(iter(names), ""))
        hops.append(
            NextHopInput(
                number=preview.line.number, institution=sure, institution_text=text, name=preview.line.name,
                amount_minor=preview.line.amount_minor, at=preview.line.at,
            )
        )  # fmt: skip
    return tuple(hops)
