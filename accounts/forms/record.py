"""The scan of a paper answer; the answer itself is the bank's form, filled in by an officer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ScanForm(forms.Form):
    """The receipt slip that came back."""

    scan = forms.FileField(
        label=_("Scan of the receipt slip"),
        help_text=_("PDF, PNG or JPEG, at most 20 MB. The second person compares it with what you enter."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/png,image/jpeg"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False  # the browser's bubble would hide the other problems
