"""Alerts as police write and follow them, and the notices that institutions get."""

from __future__ import annotations

from django.urls import path

from accounts.views import alert_decision, alert_draft, alerts, notices

urlpatterns = [
    path("alerts/", alerts.alert_list, name="alerts"),
    path("alerts/new/", alert_draft.alert_new_view, name="alert_new"),
    path("alerts/new/preview/", alert_draft.alert_preview, name="alert_preview"),
    path("alerts/new/import/", alert_draft.alert_import, name="alert_import"),
    path("alerts/new/import/template/", alert_draft.alert_import_template, name="alert_import_template"),
    path("alerts/<uuid:alert_id>/", alerts.alert_detail_view, name="alert"),
    path("alerts/<uuid:alert_id>/edit/", alert_draft.alert_edit_view, name="alert_edit"),
    path("alerts/<uuid:alert_id>/decide/", alert_decision.alert_decide_view, name="alert_decide"),
    path("alerts/<uuid:alert_id>/step/<slug:verb>/", alerts.alert_step_view, name="alert_step"),
    path("alerts/<uuid:alert_id>/reveal/", alerts.alert_reveal_view, name="alert_reveal"),
    path("alerts/<uuid:alert_id>/export/", alerts.alert_export_view, name="alert_export"),
    path(
        "alerts/<uuid:alert_id>/lines/<uuid:line_id>/<slug:field>/reveal/",
        alerts.alert_line_reveal_view,
        name="alert_line_reveal",
    ),
    path("alerts/notices/", notices.notice_list, name="notices"),
    path("alerts/notices/<uuid:notice_id>/", notices.notice_view, name="notice"),
    path("alerts/notices/<uuid:notice_id>/acknowledge/", notices.notice_acknowledge_view, name="notice_acknowledge"),
    path("alerts/notices/<uuid:notice_id>/report/", notices.notice_report_back_view, name="notice_report_back"),
    path(
        "alerts/notices/<uuid:notice_id>/report/reveal/", alerts.notice_report_reveal_view, name="notice_report_reveal"
    ),
    path("alerts/notices/<uuid:notice_id>/lines/", notices.notice_lines_view, name="notice_lines"),
    path(
        "alerts/notices/<uuid:notice_id>/lines/<int:line_no>/<slug:field>/reveal/",
        notices.notice_line_reveal_view,
        name="notice_line_reveal",
    ),
]
