"""Pages of executing institutions only: for everybody else they do not exist. What they show is in the pages' own modules."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http.response import HttpResponseBase

from antifraud.errors import NotFound
from banks.middleware import UserRequest

View = Callable[..., HttpResponseBase]


def institution_page(view: View) -> View:
    """Behind the log-in, for people of a bank, payment institution or operator; 404 for all others."""

    @wraps(view)
    def shown(request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.institution.is_executing:
            raise NotFound
        return view(request, *args, **kwargs)

    return login_required(shown)
