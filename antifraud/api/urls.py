"""What the API offers to all: the token endpoint and its own description; the floors add their addresses beside it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import path

from antifraud.api.description import DocsView, SchemaView
from antifraud.api.keys import KeysView
from antifraud.api.token import TokenView

urlpatterns = [
    path("token", TokenView.as_view(), name="api-token"),
    path("keys/", KeysView.as_view(), name="api-keys"),
    path("schema.yaml", SchemaView.as_view(), name="api-schema"),
    path("docs/", login_required(DocsView.as_view(url_name="api-schema")), name="api-docs"),
]
