"""Filing a case, and the tab of its accounts."""

from __future__ import annotations

from django.urls import path

from accounts.views import filing

urlpatterns = [
    path("cases/new/", filing.case_file_view, name="case_file"),
    path("cases/new/preview/", filing.paste_preview, name="paste_preview"),
    path("cases/new/draft/", filing.draft_save_view, name="draft_save"),
]
