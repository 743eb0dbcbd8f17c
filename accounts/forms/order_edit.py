"""One order's own terms, amount and transfer: the change of a draft, and the corrected order after a failure."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.forms.case_accounts import InvolvementChoice
from accounts.forms.order_lines import transfer_label
from accounts.forms.order_terms import TermsForm, values_of
from accounts.models import Answer, Involvement, Order, Transfer
from accounts.rules.order_kinds import ORDER_KINDS
from accounts.selectors.accounts import case_accounts, case_transfers
from accounts.selectors.identity import root_id
from antifraud import money
from antifraud.errors import AppError
from banks.forms.errors import attach_errors
from banks.models import Institution, User
from banks.selectors.institutions import executing_institutions, issue_powers

LINE = "lines.0."


class TransferChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A transfer of the case by time, amount and receiver."""

    def label_from_instance(self, obj: Any) -> str:
        """Numbers are masked."""
        transfer: Transfer = obj
        return f"{transfer_label(transfer)} → {transfer.to_account.number.masked()}"


class OrderEditForm(TermsForm):
    """The change of a draft; `order` fills it."""

    amount = forms.CharField(
        label=_("Amount"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "data-width": "sm"}),
        help_text=_("Only where the extent is limited to an amount."),
    )
    transfer = TransferChoice(
        label=_("Transfer into the account"),
        required=False,
        queryset=Transfer.objects.none(),
        empty_label=_("The latest one"),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: User, order: Order, **kwargs: Any) -> None:
        row = ORDER_KINDS[order.kind]
        amount = money.from_minor(order.amount_minor, order.currency) if order.amount_minor is not None else ""
        filled = values_of(order) | {"amount": amount, "transfer": order.transfer_id, "version": order.version}
        kwargs["initial"] = filled | self.more_values(order)
        super().__init__(*args, user=user, case=order.case, row=row, powers=issue_powers(user.institution), **kwargs)
        self.order = order
        if not row.needs_mode:
            del self.fields["amount"]
        if row.references_original:
            del self.fields["transfer"]
        else:
            transfers: Any = self.fields["transfer"]
            transfers.queryset = self.transfers(user, order)

    def more_values(self, order: Order) -> dict[str, Any]:
        """What a form that has more fields fills them with."""
        return {}

    def transfers(self, user: User, order: Order) -> Any:
        """Those into the order's account."""
        return case_transfers(user=user, case=order.case).filter(to_account=root_id(order.account))

    def clean(self) -> dict[str, Any]:
        """The amount as minor units of the chosen currency, None where the measure names none."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        text, data["amount_minor"] = data.get("amount", ""), None
        if text and self.row.needs_amount(data.get("mode", "")):
            try:
                data["amount_minor"] = money.to_minor(text, data.get("currency", "CNY"))
            except money.MoneyError as error:
                self.add_error("amount", translate(money.MESSAGES[error.code]).format(**error.params))
        return data

    def changes(self) -> dict[str, Any]:
        """Under the names of `order_update`."""
        found = self.given()
        if "amount" in self.fields:
            found["amount_minor"] = self.cleaned_data["amount_minor"]
        if "transfer" in self.fields:
            chosen = self.cleaned_data["transfer"]
            found["transfer_id"] = chosen.id if chosen else None
        return found

    def attach(self, error: AppError) -> int:
        """Show a refusal; those of the one line stand at their fields. Returns the HTTP status."""
        error.fields = {name.removeprefix(LINE): texts for name, texts in error.fields.items()}
        return attach_errors(self, error)


class OrderCorrectForm(OrderEditForm):
    """What differed is corrected: the account of the case, its institution, its name, the amount, the transfer."""

    involvement = InvolvementChoice(label=_("Account"), queryset=Involvement.objects.none())
    institution = forms.ModelChoiceField(label=_("Bank or operator"), queryset=Institution.objects.none())
    holder_name = forms.CharField(
        label=_("Corrected account name"),
        required=False,
        max_length=160,
        help_text=_("Empty: the name stays as it is."),
    )

    def __init__(self, *args: Any, user: User, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, user=user, order=order, **kwargs)
        if order.original_id is not None:
            for name in ("involvement", "institution", "holder_name"):
                del self.fields[name]
            return
        accounts: Any = self.fields["involvement"]
        accounts.queryset = case_accounts(user=user, case=order.case)
        banks: Any = self.fields["institution"]
        banks.queryset = executing_institutions()

    def more_values(self, order: Order) -> dict[str, Any]:
        """The institution that a `not_ours` answer named stands in the form already."""
        answer: Answer | None = order.answers.order_by("-seq").first()
        named = answer.suggested_institution_id if answer is not None and answer.reason_code == "not_ours" else None
        account = order.account.merged_into or order.account
        mine = order.case.involvements.filter(account=account).values_list("pk", flat=True).first()
        self.own_involvement = mine
        return {"institution": named or account.institution_id, "involvement": mine, "emergency": False}

    def transfers(self, user: User, order: Order) -> Any:
        """All of the case: the account may be another one now."""
        return case_transfers(user=user, case=order.case)

    def changes(self) -> dict[str, Any]:
        """Under the names of `order_correct`. Another account takes its own latest transfer unless one was chosen."""
        found = super().changes()
        found.pop("emergency", None)
        if "involvement" not in self.fields:
            return found
        involvement = self.cleaned_data["involvement"]
        if involvement.id != self.own_involvement:
            if found["transfer_id"] == self.order.transfer_id:
                found["transfer_id"] = None
            return found | {"involvement_id": involvement.id}
        return found | {
            "institution": self.cleaned_data["institution"],
            "holder_name": self.cleaned_data["holder_name"],
        }
