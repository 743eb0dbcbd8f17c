"""The pages of the floor `banks`."""

from __future__ import annotations

from django.urls import path

from banks.views import clients, institutions, lanes, notifications, preferences, users

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
    path("powers/", institutions.powers, name="powers"),
    path("lanes/", lanes.lanes, name="lanes"),
    path("lanes/rows/", lanes.lanes_rows, name="lanes_rows"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("notifications/", notifications.notification_list, name="notifications"),
    path("notifications/bell/", notifications.notification_bell, name="notification_bell"),
    path("notifications/read/", notifications.notifications_read_view, name="notifications_read"),
    path("notifications/<uuid:notification_id>/", notifications.notification_open_view, name="notification_open"),
]
