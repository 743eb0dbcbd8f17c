"""The API's paths of the floor `banks`."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
