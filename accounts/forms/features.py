"""The query above the list of ranked ledger accounts."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.rules.features import FEATURE_LABELS


class FeatureFilterForm(forms.Form):
    """GET form: by what the accounts are ranked."""

    sort = forms.ChoiceField(label=_("Ranked by"), required=False, choices=[])
    covered = forms.BooleanField(label=_("Only accounts with a statement of their own"), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        named = [(code, _(label)) for code, label in FEATURE_LABELS.items()]
        self.fields["sort"].choices = [  # type: ignore[attr-defined]
            ("score", _("Score")), ("in_minor", _("Money in")), ("out_minor", _("Money out")), *named,
        ]  # fmt: skip
