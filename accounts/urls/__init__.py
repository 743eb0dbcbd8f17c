"""The pages of the floor `accounts`; one module for each group of pages."""

from __future__ import annotations

from accounts.urls import (
    accounts,
    alerts,
    cases,
    features,
    filing,
    flow,
    orders,
    queue,
    reconciliation,
    refunds,
    series,
    statements,
)

app_name = "accounts"
urlpatterns = [
    *filing.urlpatterns,
    *cases.urlpatterns,
    *orders.urlpatterns,
    *accounts.urlpatterns,
    *queue.urlpatterns,
    *alerts.urlpatterns,
    *reconciliation.urlpatterns,
    *refunds.urlpatterns,
    *series.urlpatterns,
    *statements.urlpatterns,
    *flow.urlpatterns,
    *features.urlpatterns,
]
