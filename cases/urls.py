"""The pages of the floor `cases`."""

from __future__ import annotations

from django.urls import path

from cases.views import cases, parts

app_name = "cases"
urlpatterns = [
    path("cases/", cases.case_list, name="list"),
    path("cases/<uuid:case_id>/", cases.case_report, name="report"),
    path("cases/<uuid:case_id>/edit/", cases.case_edit, name="edit"),
    path("cases/<uuid:case_id>/step/<slug:verb>/", cases.case_step_view, name="step"),
    path("cases/<uuid:case_id>/timeline/", cases.case_timeline, name="timeline"),
    path("cases/<uuid:case_id>/notes/", parts.note_add_view, name="note_add"),
    path("cases/<uuid:case_id>/files/", parts.attachment_add_view, name="attachment_add"),
    path("cases/<uuid:case_id>/files/<uuid:attachment_id>/", parts.attachment_open_view, name="attachment_open"),
    path("victims/<uuid:victim_id>/edit/", cases.victim_edit, name="victim_edit"),
    path("victims/<uuid:victim_id>/<slug:field>/reveal/", parts.victim_reveal_view, name="victim_reveal"),
    path("leads/<uuid:lead_id>/reveal/", parts.lead_reveal_view, name="lead_reveal"),
]
