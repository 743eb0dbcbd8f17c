"""What a column of a statement can be, in words: the choices of the mapping page and the names in remarks about rows."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# In the order in which an officer looks for them; the names are the fields of accounts.rules.statements.
FIELD_LABELS: dict[str, str | Promise] = {
    "at": _("Date and time"),
    "date": _("Date"),
    "time": _("Time of day"),
    "direction": _("In or out"),
    "amount": _("Amount"),
    "in_amount": _("Amount in"),
    "out_amount": _("Amount out"),
    "currency": _("Currency"),
    "balance": _("Balance"),
    "account": _("Account of the statement"),
    "card": _("Card of the statement"),
    "account_name": _("Account name"),
    "account_id": _("Identity number of the holder"),
    "counter": _("Counterparty account"),
    "counter_name": _("Counterparty name"),
    "counter_id": _("Identity number of the counterparty"),
    "counter_bank": _("Bank of the counterparty"),
    "counter_balance": _("Balance of the counterparty"),
    "cash": _("Cash or transfer"),
    "success": _("Successful or not"),
    "serial": _("Serial number of the entry"),
    "reference": _("Reference"),
    "summary": _("Summary"),
    "remark": _("Remark"),
    "kind": _("Kind of entry"),
    "feedback": _("Reason of the answer"),
    "branch": _("Branch"),
    "branch_code": _("Code of the branch"),
    "place": _("Place"),
    "terminal": _("Terminal"),
    "ip": _("IP address"),
    "mac": _("MAC address"),
    "voucher": _("Slip number"),
    "voucher_kind": _("Kind of voucher"),
    "voucher_number": _("Number of the voucher"),
    "journal": _("Journal number"),
    "teller": _("Teller"),
    "merchant": _("Merchant"),
    "merchant_number": _("Merchant number"),
}


def field_label(name: str) -> str:
    """The field's name in the reader's language; an unknown name as it is, "" for the row as a whole."""
    return str(FIELD_LABELS.get(name, name))


def field_choices() -> list[tuple[str, str]]:
    """All fields behind an empty line: a column that means nothing to us."""
    return [("", str(_("Not used"))), *((name, str(label)) for name, label in FIELD_LABELS.items())]
