"""One act of a form: carried out in one unit of work and then left, or the status with which its page is shown again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpResponseRedirect

from antifraud.db import unit_of_work
from antifraud.errors import Conflict, Invalid
from banks.forms.errors import attach_errors
from banks.middleware import UserRequest

T = TypeVar("T")


def step(
    request: UserRequest,
    form: forms.Form,
    act: Callable[[dict[str, Any]], T],
    *,
    done: str | Callable[[T], str],
    to: str | Callable[[T], str],
) -> HttpResponseRedirect | int:
    """Leads to `to` with the message `done` after `act(cleaned_data)`; else 200 (nothing was sent), 422 or 409.

    What was wrong stands on the form then, with everything that was typed. What is out of reach is raised on.
    """
    if request.method != "POST":
        return 200
    if not form.is_valid():
        return 422
    try:
        with unit_of_work(request.user):
            found = act(form.cleaned_data)
    except (Invalid, Conflict) as error:
        return attach_errors(form, error)
    messages.success(request, done(found) if callable(done) else done)
    return HttpResponseRedirect(to(found) if callable(to) else to, status=303)
