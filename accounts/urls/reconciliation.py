"""Comparisons with institutions' books."""

from __future__ import annotations

from django.urls import path

from accounts.views import reconciliation

urlpatterns = [
    path("reconciliation/", reconciliation.reconciliation, name="reconciliation"),
    path("reconciliation/resume/", reconciliation.resume_view, name="reconciliation_resume"),
    path("reconciliation/<uuid:institution_id>/", reconciliation.institution_view, name="reconciliation_institution"),
    path("reconciliation/<uuid:institution_id>/repair/", reconciliation.repair_view, name="reconciliation_repair"),
]
