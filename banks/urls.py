"""The pages of the floor `banks`."""

from __future__ import annotations

from django.urls import path

from banks.views import clients, endpoint, institutions, keys, lane, lanes, notifications, preferences, users

app_name = "banks"
urlpatterns = [
    path("institutions/", institutions.institution_list, name="institutions"),
    path("institutions/new/", institutions.institution_create_view, name="institution_create"),
    path("institutions/<uuid:institution_id>/", institutions.institution_page, name="institution"),
    path("users/", users.user_list, name="users"),
    path("users/new/", users.user_create_view, name="user_create"),
    path("users/<uuid:user_id>/", users.user_page, name="user"),
    path("users/<uuid:user_id>/switch/", users.user_switch, name="user_switch"),
    path("users/<uuid:user_id>/unlock/", users.user_unlock_view, name="user_unlock"),
    path("users/<uuid:user_id>/password/", users.user_password, name="user_password"),
    path("clients/", clients.client_list, name="clients"),
    path("clients/new/", clients.client_create_view, name="client_create"),
    path("keys/", keys.key_list, name="keys"),
    path("keys/new/", keys.key_propose_view, name="key_propose"),
    path("keys/<uuid:key_id>/", keys.key_page, name="key"),
    path("keys/<uuid:key_id>/approve/", keys.key_approve_view, name="key_approve"),
    path("keys/<uuid:key_id>/revoke/", keys.key_revoke_view, name="key_revoke"),
    path("powers/", institutions.powers, name="powers"),
    path("lanes/", lanes.lanes, name="lanes"),
    path("lanes/rows/", lanes.lanes_rows, name="lanes_rows"),
    path("lanes/<uuid:institution_id>/", lane.lane_page, name="lane"),
    path("lanes/<uuid:institution_id>/pause/", lane.lane_pause_view, name="lane_pause"),
    path("lanes/<uuid:institution_id>/resume/", lane.lane_resume_view, name="lane_resume"),
    path("lanes/<uuid:institution_id>/limits/", lane.lane_limit_view, name="lane_limit"),
    path("lanes/<uuid:institution_id>/push-resume/", lane.lane_push_resume_view, name="lane_push_resume"),
    path("lanes/<uuid:institution_id>/door/", endpoint.door_view, name="lane_door"),
    path("lanes/<uuid:institution_id>/endpoint/", endpoint.endpoint_page, name="endpoint"),
    path("endpoints/<uuid:endpoint_id>/decide/", endpoint.endpoint_decide_view, name="endpoint_decide"),
    path("endpoints/<uuid:endpoint_id>/withdraw/", endpoint.endpoint_withdraw_view, name="endpoint_withdraw"),
    path("dead-letters/<uuid:delivery_id>/redrive/", lane.redrive_view, name="dead_letter_redrive"),
    path("dead-letters/<uuid:delivery_id>/decide/", lane.redrive_decide_view, name="dead_letter_decide"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("notifications/", notifications.notification_list, name="notifications"),
    path("notifications/bell/", notifications.notification_bell, name="notification_bell"),
    path("notifications/read/", notifications.notifications_read_view, name="notifications_read"),
    path("notifications/<uuid:notification_id>/", notifications.notification_open_view, name="notification_open"),
]
