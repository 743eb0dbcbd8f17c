"""Show a service's refusal on the form that asked for it, so that nothing typed is lost."""

from __future__ import annotations

from django.forms import BaseForm
from django.http import QueryDict

from antifraud.errors import AppError, Invalid

# What a page answers with when it shows the refusal on the form again; htmx swaps both.
STATUS = {True: 422, False: 409}


def attach_errors(form: BaseForm, error: AppError) -> int:
    """Put each message at its field (unknown fields and the sentence itself at the top); returns the HTTP status."""
    for name, messages in error.fields.items():
        for message in messages:
            form.add_error(name if name in form.fields else None, str(message))
    if not error.fields:
        form.add_error(None, str(error.message))
    return STATUS[isinstance(error, Invalid)]


def show_version(form: BaseForm, version: int) -> None:
    """After a refusal the page shows the object anew: what is sent from it next is about this version, not the old one."""
    if form.is_bound and "version" in form.fields and isinstance(form.data, QueryDict):
        data = form.data.copy()
        data[form.add_prefix("version")] = str(version)
        form.data = data
