"""Risk features of a case's ledger accounts."""

from __future__ import annotations

from django.urls import path

from accounts.views import features

urlpatterns = [
    path("cases/<uuid:case_id>/features/", features.case_features_view, name="case_features"),
    path("cases/<uuid:case_id>/features/compute/", features.features_compute_view, name="features_compute"),
    path("cases/<uuid:case_id>/features/export/", features.features_export_view, name="features_export"),
    path("ledger/<uuid:party_id>/features/", features.ledger_features_view, name="ledger_features"),
]
