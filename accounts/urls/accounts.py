"""Involved accounts, the palette that finds them, and the import of cases."""

from __future__ import annotations

from django.urls import path

from accounts.views import account_steps, accounts, import_cases, search

urlpatterns = [
    path("accounts/", accounts.account_list, name="accounts"),
    path("accounts/<uuid:account_id>/", accounts.account_detail_view, name="account"),
    path("accounts/<uuid:account_id>/<slug:field>/reveal/", accounts.account_reveal_view, name="account_reveal"),
    path("accounts/<uuid:account_id>/institution/", account_steps.account_correct_view, name="account_correct"),
    path("accounts/<uuid:account_id>/numbers/", account_steps.alias_add_view, name="alias_add"),
    path("accounts/<uuid:account_id>/merge/", account_steps.account_merge_view, name="account_merge"),
    path(
        "accounts/<uuid:account_id>/merges/<uuid:change_id>/undo/",
        account_steps.account_unmerge_view,
        name="account_unmerge",
    ),
    path("search/", search.search_view, name="search"),
    path("cases/import/", import_cases.case_import_view, name="case_import"),
    path("cases/import/template/", import_cases.case_import_template, name="case_import_template"),
]
