"""One's own language and time zone."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from antifraud.db import unit_of_work
from antifraud.errors import AppError
from banks.forms.choices import time_zones
from banks.forms.errors import attach_errors
from banks.forms.users import PreferencesForm
from banks.middleware import UserRequest
from banks.services.users import user_preferences


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: UserRequest) -> HttpResponse:
    """Shown and saved; the choice of language counts in this browser at once."""
    user = request.user
    if request.method == "GET":
        now = {"language": user.language, "time_zone": user.time_zone}
        return _page(request, PreferencesForm(institution=user.institution, initial=now))
    form = PreferencesForm(request.POST, institution=user.institution)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        with unit_of_work(user):
            user_preferences(by=user, **form.cleaned_data)
    except AppError as error:
        return _page(request, form, status=attach_errors(form, error))
    with translation.override(user.language):
        messages.success(request, _("Your preferences were saved."))
    response = redirect("banks:preferences")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        user.language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
    return response


def _page(request: UserRequest, form: PreferencesForm, *, status: int = 200) -> HttpResponse:
    return render(request, "banks/preferences.html", {"form": form, "zones": time_zones()}, status=status)
