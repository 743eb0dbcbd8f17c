"""Series of cases and their stop list."""

from __future__ import annotations

from django.urls import path

from accounts.views import series, series_stops

urlpatterns = [
    path("cases/<uuid:case_id>/series/", series.case_series_view, name="case_series"),
    path("cases/<uuid:case_id>/series/join/", series.series_join_view, name="series_join"),
    path("series/", series.series_list_view, name="series_list"),
    path("series/stops/", series_stops.stop_list_view, name="series_stops"),
    path("series/stops/add/", series_stops.stop_add_account_view, name="stop_add_account"),
    path("series/stops/<uuid:stop_id>/end/", series_stops.stop_end_view, name="stop_end"),
    path("series/decisions/<uuid:decision_id>/undo/", series.series_undo_view, name="series_undo"),
    path("series/<uuid:series_id>/", series.series_detail_view, name="series"),
    path("series/<uuid:series_id>/split/", series.series_split_view, name="series_split"),
    path("series/<uuid:series_id>/stops/add/", series_stops.stop_add_view, name="stop_add"),
]
