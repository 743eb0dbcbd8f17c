"""Choose a statement of another case to be brought into this one, and say what allows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.selectors.statements_elsewhere import Elsewhere
from accounts.services.statement_adopting import LONGEST_BASIS, SHORTEST_BASIS


class AdoptForm(forms.Form):
    """One file of those that the reader may bring."""

    file = forms.ChoiceField(label=_("Statement"), widget=forms.RadioSelect)
    legal_basis = forms.CharField(
        label=_("What allows its use in this case"), min_length=SHORTEST_BASIS, max_length=LONGEST_BASIS,
        help_text=_("It is kept in the audit logs of both cases. The institution answered for the other case."),
    )  # fmt: skip

    def __init__(self, *args: Any, found: Sequence[Elsewhere], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["file"]
        chosen.choices = [(str(each.file.pk), _label(each)) for each in found]


def _label(each: Elsewhere) -> str:
    file = each.file
    bank = file.institution.title if file.institution else gettext("Not known")
    rows = ngettext("{n} row", "{n} rows", file.rows_good).format(n=file.rows_good)
    why = gettext("an account of this case") if each.is_account else gettext("same series")
    day = timezone.localtime(file.received_at).date().isoformat()
    return f"{bank} · {file.case.number} · {rows} · {day} · {why}"
