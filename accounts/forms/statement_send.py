"""One more file with transactions for an order that was answered; the answer itself is in `answer`."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.statements import ACCEPT


class StatementSendForm(forms.Form):
    """A statement file of the institution's own system."""

    content = forms.FileField(
        label=_("File with the transactions"), widget=forms.ClearableFileInput(attrs={"accept": ACCEPT}),
        help_text=_("XLSX, CSV, MT940, camt or OFX, at most 256 MB."),
    )  # fmt: skip
