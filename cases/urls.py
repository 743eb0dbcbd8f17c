"""The pages of the floor `cases`."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "cases"
urlpatterns: list[URLPattern] = []
