"""The pages of the floor `oversight`."""

from __future__ import annotations

from django.urls import path

from oversight.views.assessment import assessment_view
from oversight.views.rows import assessment_rows_view

app_name = "oversight"
urlpatterns = [
    path("assessment/", assessment_view, name="assessment"),
    path("assessment/rows/", assessment_rows_view, name="assessment_rows"),
]
