"""The pages of the floor `banks`."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "banks"
urlpatterns: list[URLPattern] = []
