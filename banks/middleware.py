"""Every page in the reader's language and time zone; a disabled person or institution is logged out at once (R37)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from banks.models import User


class UserRequest(HttpRequest):
    """A request behind `login_required`: the user is a person of this house, for the type checker."""

    user: User


class UserSettingsMiddleware:
    """Activates the user's time zone, and the user's language where no choice was made in this browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set the zone for this request only."""
        user: Any = request.user
        if user.is_authenticated and not (user.is_active and user.institution.is_active):
            logout(request)
            user = request.user
        zone = user.zone_name if user.is_authenticated else settings.DEFAULT_TIME_ZONE
        if user.is_authenticated and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(ZoneInfo(zone)):
            return self.get_response(request)
