"""What an officer asks of a trace, and what of its picture should be shown; running it is in the services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import TraceRun
from accounts.selectors.flow import MOST_OPENED, SECOND, FlowView
from antifraud import money
from cases.forms.cases import LocalDateTimeInput, MoneyField

HOUR = 3600
VIEWS = {"layers": _("Layers"), "time": _("Time axis"), "sankey": _("Totals"), "table": _("Table")}
METHOD_MEANINGS = {
    "fifo": _("Money that came first leaves first. Each payment out takes from the oldest money that is still there."),
    "pro_rata": _("Each payment out takes a share of every source, in proportion to what is in the account then."),
    "libr": _("Own money leaves first. Traced money is touched only when the balance falls below it."),
    "reach": _("Every account that can be reached in time, without saying how much of the money is there."),
}


class TraceForm(forms.Form):
    """The parameters of one trace (domain.md §5); `seeds` are ledger entries, the victims' payments chosen beforehand."""

    direction = forms.ChoiceField(
        label=_("Direction"), choices=TraceRun.Direction.choices, widget=forms.RadioSelect(attrs={"data-inline": "1"})
    )
    method = forms.ChoiceField(label=_("Method"), choices=TraceRun.Method.choices, widget=forms.RadioSelect)
    min_amount = MoneyField(label=_("Smallest payment"), help_text=_("Smaller payments are not followed."))
    window_hours = forms.IntegerField(
        label=_("Hours between two payments"), min_value=1, max_value=24 * 366, widget=forms.NumberInput(attrs={"data-width": "sm"}),
        help_text=_("What stays longer is not followed."),
    )  # fmt: skip
    max_hops = forms.IntegerField(
        label=_("Most payments in a row"),
        min_value=1,
        max_value=30,
        widget=forms.NumberInput(attrs={"data-width": "sm"}),
    )
    max_edges = forms.IntegerField(
        label=_("Most payments in all"),
        min_value=10,
        max_value=20_000,
        widget=forms.NumberInput(attrs={"data-width": "sm"}),
    )
    until = forms.DateTimeField(
        label=_("Only up to"), required=False, widget=LocalDateTimeInput(attrs={"data-width": "sm"}),
        help_text=_("Empty: everything that is known."),
    )  # fmt: skip
    seeds = forms.MultipleChoiceField(
        label=_("Begin with"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one payment to begin with.")},
    )  # fmt: skip

    FIRST: Mapping[str, Any] = {
        "direction": "forward", "method": "fifo", "min_amount": "200.00", "window_hours": 24, "max_hops": 10, "max_edges": 500,
    }  # fmt: skip

    def __init__(self, *args: Any, seeds: Iterable[tuple[str, Any]] = (), **kwargs: Any) -> None:
        offered = list(seeds)
        kwargs.setdefault("initial", {**self.FIRST, "seeds": [key for key, _label in offered]})
        super().__init__(*args, **kwargs)
        field: Any = self.fields["seeds"]
        field.choices = offered

    def clean_min_amount(self) -> int:
        """Money as the field takes it; zero follows every payment."""
        amount: int = self.cleaned_data["min_amount"]
        if not 0 <= amount <= money.MAX_MINOR:
            raise forms.ValidationError(_("The smallest payment is zero or more. Enter an amount without a sign."))
        return amount

    def params(self) -> dict[str, Any]:
        """The cleaned values under the names of the engine's parameters; amounts in minor units, times in seconds."""
        data = self.cleaned_data
        return {
            "direction": data["direction"], "method": data["method"], "min_amount_minor": data["min_amount"],
            "window_seconds": data["window_hours"] * HOUR, "max_hops": data["max_hops"], "max_edges": data["max_edges"],
            "until": data["until"],
        }  # fmt: skip


@dataclass(frozen=True)
class FlowQuery:
    """The state of the picture's page as it stands in its address: no personal data, ledger keys only."""

    view: str = "layers"
    min_text: str = ""
    until: int | None = None  # seconds since 1970
    opened: tuple[int, ...] = ()

    @classmethod
    def read(cls, data: Mapping[str, str]) -> FlowQuery:
        """What can be read of an address; the rest is as if it were not there."""
        until = data.get("until", "")
        words = data.get("open", "").split(".")
        opened = dict.fromkeys(int(word) for word in words if word.isdecimal() and len(word) < 19)
        return cls(
            data.get("view", "") if data.get("view", "") in VIEWS else "layers",
            data.get("min", "")[:40],
            int(until) if until.isdecimal() and len(until) < 12 else None,
            tuple(opened)[:MOST_OPENED],
        )

    def flow_view(self, currency: str) -> FlowView:
        """The same for the selector; an amount that cannot be read filters nothing."""
        try:
            least = money.to_minor(self.min_text, currency) if self.min_text.strip() else 0
        except money.MoneyError:
            least = 0
        until = (self.until + 1) * SECOND - 1 if self.until is not None else None
        return FlowView(least, until, self.opened)

    @property
    def min_is_wrong(self) -> bool:
        """Whether an amount was typed that cannot be read."""
        try:
            return bool(self.min_text.strip()) and money.to_minor(self.min_text, "CNY") < 0
        except money.MoneyError:
            return True
