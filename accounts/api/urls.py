"""The API's paths of the floor `accounts`."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
