"""Orders as the police work on them, and their approvals."""

from __future__ import annotations

from django.urls import path

from accounts.views import approvals, order_draft, order_edit, order_print, order_steps, orders, record

urlpatterns = [
    path("cases/<uuid:case_id>/orders/new/", order_draft.order_draft_view, name="order_draft"),
    path("orders/", orders.order_list, name="orders"),
    path("orders/<uuid:order_id>/", orders.order_detail_view, name="order"),
    path("orders/<uuid:order_id>/edit/", order_edit.order_edit_view, name="order_edit"),
    path("orders/<uuid:order_id>/correct/", order_edit.order_correct_view, name="order_correct"),
    path("orders/<uuid:order_id>/step/<slug:verb>/", order_steps.order_step_view, name="order_step"),
    path("orders/<uuid:order_id>/print/", order_print.order_print_view, name="order_print"),
    path("orders/<uuid:order_id>/record/", record.answer_record_view, name="answer_record"),
    path("orders/<uuid:order_id>/<slug:field>/reveal/", orders.order_reveal_view, name="order_reveal"),
    path(
        "answers/<uuid:answer_id>/<slug:part>/<uuid:part_id>/<slug:field>/reveal/",
        orders.answer_reveal_view,
        name="answer_reveal",
    ),
    path("answers/<uuid:answer_id>/confirm/", record.answer_confirm_view, name="answer_confirm"),
    path("answers/<uuid:answer_id>/discard/", record.answer_discard_view, name="answer_discard"),
    path("approvals/", approvals.approval_list, name="approvals"),
    path("approvals/review/", approvals.approval_review, name="approval_review"),
    path("approvals/decide/", approvals.approval_bulk, name="approval_bulk"),
    path("approvals/<uuid:order_id>/<slug:verb>/", approvals.approval_decide, name="approval_decide"),
]
