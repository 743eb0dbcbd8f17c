"""The query above the queue, routing to a branch, and what is said about a hold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Hold
from accounts.rules.order_kinds import ORDER_KINDS
from banks.models import Institution
from banks.rules.legal_profile import ORDER_KIND_LABELS
from cases.forms.cases import LocalDateTimeInput, MoneyField

GROUPS = {
    "": _("All open orders"),
    "overdue": _("Overdue"),
    "near": _("Less than 15 minutes"),
    "soon": _("Less than 30 minutes"),
    "rest": _("More time"),
    "unseen": _("Not seen yet"),
}
HOLD_STATES = {
    "": _("All states"),
    "in_force": _("In force"),
    "ending": _("Ending within 24 hours"),
    "waiting": pgettext_lazy("hold", "Waiting"),
    "lift": _("Lift unconfirmed"),
    "ended": _("Ended"),
}


def kinds_for(institution: Institution) -> list[tuple[str, Any]]:
    """The order kinds that can be addressed to such an institution: numbers to operators, accounts to the others."""
    target = "phone" if institution.kind == Institution.Kind.TELECOM else "account"
    return [(name, translate(ORDER_KIND_LABELS[name])) for name, row in ORDER_KINDS.items() if row.target == target]


def _given(form: forms.Form) -> dict[str, str]:
    """The values of a query that can be read; nothing without a query."""
    if not form.is_bound:
        return {}
    form.is_valid()
    return {name: form.cleaned_data[name] for name in form.fields if form.cleaned_data.get(name)}


class QueueFilterForm(forms.Form):
    """GET form; a wrong value narrows nothing."""

    q = forms.CharField(
        label=_("Order or case number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"data-search": "1"}),
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    group = forms.ChoiceField(label=_("Time left"), required=False, choices=list(GROUPS.items()))

    def __init__(self, *args: Any, institution: Institution, grouped: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [("", _("All kinds")), *kinds_for(institution)]
        if not grouped:
            del self.fields["group"]

    def filters(self) -> dict[str, str]:
        """What the selector is asked for."""
        return _given(self)


class HoldFilterForm(forms.Form):
    """GET form above the list of holds."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=list(HOLD_STATES.items()))
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *Hold.Kind.choices])

    def filters(self) -> dict[str, str]:
        """What the selector is asked for."""
        return _given(self)


class RouteForm(forms.Form):
    """The branch that is to act; one of the institution's own."""

    branch = forms.ChoiceField(label=_("Branch"))

    def __init__(self, *args: Any, branches: list[Institution], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.branches = {str(each.pk): each for each in branches}
        branch: Any = self.fields["branch"]
        branch.choices = [(key, each.title) for key, each in self.branches.items()]

    def chosen(self) -> Institution:
        """The branch; only after `is_valid`."""
        return self.branches[self.cleaned_data["branch"]]


class LiftForm(forms.Form):
    """When the hold came off the books."""

    lifted_at = forms.DateTimeField(
        label=_("Taken off the books at"),
        widget=LocalDateTimeInput(attrs={"data-width": "sm"}),
        help_text=_("The moment in your own system."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ActivateForm(forms.Form):
    """When a waiting hold became the first in line, and on how much."""

    effective_from = forms.DateTimeField(
        label=_("Effective from"),
        widget=LocalDateTimeInput(attrs={"data-width": "sm"}),
        help_text=_("The moment in your own system."),
    )
    amount_minor = MoneyField(label=_("Amount held"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, currency: str = "CNY", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount: Any = self.fields["amount_minor"]
        amount.currency = currency
        amount.widget.attrs["data-unit"] = currency
