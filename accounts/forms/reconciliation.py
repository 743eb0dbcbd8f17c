"""The one form of the page "Reconciliation": why it is safe to hand over again."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ResumeForm(forms.Form):
    """The reason is kept in the audit log; the epoch is the one that the page showed."""

    reason = forms.CharField(
        label=_("Why it is safe to hand over again"),
        help_text=_("At least ten characters. Say which institutions were compared."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "data-width": "full"}),
    )
    epoch = forms.IntegerField(widget=forms.HiddenInput)
