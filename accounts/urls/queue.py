"""The institutions' queue with its answers, and the holds of both sides."""

from __future__ import annotations

from django.urls import path

from accounts.views import answer, answer_statement, bulk, clock, holds, queue

urlpatterns = [
    path("queue/", queue.queue, name="queue"),
    path("queue/rows/", queue.queue_rows, name="queue_rows"),
    path("queue/answered/", queue.queue_answered, name="queue_answered"),
    path("queue/acknowledge/", queue.queue_acknowledge, name="queue_acknowledge"),
    path("queue/bulk/", bulk.bulk_answers, name="bulk_answers"),
    path("queue/bulk/sheet/", bulk.bulk_sheet, name="bulk_sheet"),
    path("queue/<uuid:order_id>/", answer.order_answer_view, name="order_answer"),
    path("queue/<uuid:order_id>/match/", answer.order_match, name="order_match"),
    path("queue/<uuid:order_id>/instrument/", answer.order_instrument, name="order_instrument"),
    path("queue/<uuid:order_id>/statement/", answer_statement.order_statement_view, name="order_statement"),
    path("queue/<uuid:order_id>/hops/", answer.answer_hops, name="answer_hops"),
    path("queue/<uuid:order_id>/acknowledge/", answer.order_acknowledge_view, name="order_acknowledge"),
    path("queue/<uuid:order_id>/route/", answer.order_route_view, name="order_route"),
    path("queue/<uuid:order_id>/noted/", answer.order_note_cancellation_view, name="order_note_cancellation"),
    path("queue/reminders/", clock.reminders_view, name="reminders"),
    path("queue/<uuid:order_id>/clock/<slug:verb>/", clock.queue_clock_view, name="queue_clock"),
    path("orders/<uuid:order_id>/clock/<slug:verb>/", clock.order_clock_view, name="order_clock"),
    path("holds/", holds.hold_list, name="holds"),
    path("holds/<uuid:hold_id>/", holds.hold_page, name="hold"),
    path("holds/<uuid:hold_id>/lift/", holds.hold_lift_view, name="hold_lift"),
    path("holds/<uuid:hold_id>/activate/", holds.hold_activate_view, name="hold_activate"),
]
