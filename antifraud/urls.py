"""path → view: the one front door."""

from __future__ import annotations

from django.urls import include, path

from antifraud import health
from antifraud.navigation import home
from antifraud.preferences import theme_set

handler400 = "antifraud.api.problems.bad_request"
handler403 = "antifraud.api.problems.permission_denied"
handler404 = "antifraud.api.problems.not_found"
handler500 = "antifraud.api.problems.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("theme/", theme_set, name="theme_set"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("me/", include("allauth.urls")),
    path("api/v1/", include("antifraud.api.urls")),
    path("api/v1/", include("banks.api.urls")),
    path("api/v1/", include("cases.api.urls")),
    path("api/v1/", include("accounts.api.urls")),
    path("", include("banks.urls")),
    path("", include("cases.urls")),
    path("", include("accounts.urls")),
    path("", include("oversight.urls")),
]
