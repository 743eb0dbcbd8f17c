"""A decision on a submitted order: the hash of what was read, and the reason of a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _


def read_ids(texts: Iterable[str]) -> list[UUID]:
    """The ids among the given texts, each once, in their order; what is none is left out."""
    found: dict[UUID, None] = {}
    for text in texts:
        try:
            found[UUID(text)] = None
        except ValueError:
            continue
    return list(found)


class DecisionForm(forms.Form):
    """`sha256-<order>` is the hash of the content that the page showed; many of them stand on one page."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "data-width": "full"}),
    )

    def __init__(self, data: Any = None, *, order_id: UUID) -> None:
        super().__init__(data, auto_id=f"%s-{order_id}")
        self.order_id = order_id

    def clean(self) -> dict[str, Any]:
        """The hash as bytes; what is none of 64 hexadecimal digits can match nothing."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            data["payload_sha256"] = bytes.fromhex(str(self.data.get(f"sha256-{self.order_id}", "")))
        except ValueError:
            data["payload_sha256"] = b""
        return data
