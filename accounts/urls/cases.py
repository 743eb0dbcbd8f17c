"""The tabs of a case that this floor serves."""

from __future__ import annotations

from django.urls import path

from accounts.views import case_tabs, victims

urlpatterns = [
    path("cases/<uuid:case_id>/accounts/", case_tabs.case_accounts_view, name="case_accounts"),
    path(
        "cases/<uuid:case_id>/accounts/<uuid:involvement_id>/confirm/",
        case_tabs.involvement_decide,
        {"verb": "confirm"},
        name="involvement_confirm",
    ),
    path(
        "cases/<uuid:case_id>/accounts/<uuid:involvement_id>/dismiss/",
        case_tabs.involvement_decide,
        {"verb": "dismiss"},
        name="involvement_dismiss",
    ),
    path("cases/<uuid:case_id>/victims/new/", victims.victim_add_view, name="victim_add"),
    path("cases/<uuid:case_id>/orders/", case_tabs.case_orders_view, name="case_orders"),
]
