"""What a form with large files says while it is sent, and before it is sent in vain."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.rules.statements import MAX_BYTES
from antifraud.uploads import MEGABYTE, limit_of

register = template.Library()


@register.inclusion_tag("accounts/upload_progress.html")
def upload_progress(url: str) -> dict[str, Any]:
    """Progress and the limits, in MB, of a form that is sent to `url`; `upload.js` shows and checks them."""
    return {"each": MAX_BYTES // MEGABYTE, "together": limit_of(url) // MEGABYTE}
