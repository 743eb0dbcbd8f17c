"""The pages of the floor `accounts`; one module for each group of pages."""

from __future__ import annotations

from accounts.urls import cases, filing

app_name = "accounts"
urlpatterns = [*filing.urlpatterns, *cases.urlpatterns]
